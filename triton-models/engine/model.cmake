target_sources(seedbed_engine PRIVATE
  src/contract.cc
  src/contract_fields.cc
  src/contract_words.cc
  src/digest.cc
  src/forward_graph.cc
  src/gguf_file.cc
  src/hyperparameters.cc
  src/kv_arena.cc
  src/kv_tensors.cc
  src/model.cc
  src/round_inputs.cc
  src/thread_governor.cc
  src/weights.cc)

target_sources(engine_tests PRIVATE
  tests/contract_test.cc
  tests/determinism_test.cc
  tests/kv_arena_test.cc
  tests/model_load_test.cc
  tests/model_test.cc
  tests/naive_transformer.cc
  tests/thread_governor_test.cc
  tests/tiny_checkpoint_test.cc
  tests/tiny_model.cc)

set_source_files_properties(tests/tiny_checkpoint_test.cc PROPERTIES
  COMPILE_DEFINITIONS SEEDBED_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/../golden")

add_executable(seedbed-engine
  cli/bench_command.cc
  cli/generate_command.cc
  cli/logits_command.cc
  cli/main.cc
  cli/options.cc)
target_link_libraries(seedbed-engine PRIVATE seedbed_engine seedbed_json)
set_target_properties(seedbed-engine PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
seedbed_warnings(seedbed-engine)
