target_sources(seedbed_engine PRIVATE
  src/admission.cc
  src/autoregressive_decoder.cc
  src/cost_curve.cc
  src/decoder.cc
  src/diffusion_decoder.cc
  src/drawing.cc
  src/exact_decoder.cc
  src/generation.cc
  src/philox.cc
  src/policy.cc
  src/prefill.cc
  src/scheduler.cc
  src/scheduler_worker.cc
  src/sequence.cc
  src/tenant_ring.cc)

target_sources(engine_tests PRIVATE
  tests/exact_decoder_test.cc
  tests/hash_model.cc
  tests/philox_test.cc)
