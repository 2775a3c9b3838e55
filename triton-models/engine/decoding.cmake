target_sources(seedbed_engine PRIVATE
  src/admission.cc
  src/autoregressive_decoder.cc
  src/cost_curve.cc
  src/decoder.cc
  src/diffusion_decoder.cc
  src/drawing.cc
  src/exact_decoder.cc
  src/generation.cc
  src/golden.cc
  src/golden_case.cc
  src/load_verified.cc
  src/philox.cc
  src/policy.cc
  src/prefill.cc
  src/scheduler.cc
  src/scheduler_worker.cc
  src/sequence.cc
  src/tenant_ring.cc)

target_sources(engine_tests PRIVATE
  tests/converted_versions_test.cc
  tests/cost_curve_test.cc
  tests/diffusion_decoder_test.cc
  tests/drawing_test.cc
  tests/exact_decoder_test.cc
  tests/full_attention_test.cc
  tests/golden_test.cc
  tests/golden_versions_test.cc
  tests/hash_model.cc
  tests/philox_test.cc
  tests/policy_test.cc
  tests/prefill_test.cc
  tests/recorded_sampler_test.cc
  tests/recording_sink.cc
  tests/scheduler_ending_test.cc
  tests/scheduler_fairness_test.cc
  tests/scheduler_pace_test.cc
  tests/scheduler_random_test.cc
  tests/scheduler_rounds_test.cc
  tests/shifted_logits_test.cc
  tests/shipped_versions_test.cc
  tests/work_limit_test.cc)

set_source_files_properties(tests/converted_versions_test.cc tests/golden_versions_test.cc
  tests/recorded_sampler_test.cc PROPERTIES
  COMPILE_DEFINITIONS SEEDBED_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/../golden")
set_source_files_properties(tests/shipped_versions_test.cc PROPERTIES
  COMPILE_DEFINITIONS SEEDBED_REPOSITORY_DIR="${CMAKE_CURRENT_SOURCE_DIR}/../repository")
