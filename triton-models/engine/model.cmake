target_sources(seedbed_engine PRIVATE
  src/contract.cc
  src/contract_fields.cc
  src/digest.cc
  src/forward_graph.cc
  src/gguf_file.cc
  src/hyperparameters.cc
  src/kv_arena.cc
  src/kv_tensors.cc
  src/model.cc
  src/round_inputs.cc
  src/weights.cc)

target_sources(engine_tests PRIVATE
  tests/contract_test.cc
  tests/determinism_test.cc
  tests/kv_arena_test.cc
  tests/model_load_test.cc
  tests/model_test.cc
  tests/naive_transformer.cc
  tests/tiny_model.cc)
