#pragma once

#include <cstdint>
#include <string>

namespace seedbed::backend {

// `--backend-config=block_diffusion,<name>=<value>`: what all versions of the process share.
struct BackendSettings {
  int32_t max_inflight = 256;  // requests accepted and not finished
  int32_t max_round_rows = 0;  // rows of one forward pass; 0: measured when a version is loaded
  int32_t drain_ms = 2000;  // how long streams may run on once the server exits; less than its exit timeout

  // `json` as TRITONBACKEND_BackendConfig gives it. Throws TritonError naming the setting, its value and what
  // was expected.
  static BackendSettings parse(const std::string& json);
};

// `parameters` of a version's config.pbtxt.
struct ModelSettings {
  int32_t threads = 0;              // of one forward pass; 0: one for each CPU that the process may use
  int32_t arena_positions = 32768;  // KV capacity over all sequences, in positions
  int32_t max_inflight = 256;       // requests accepted and not finished

  // `json` as TRITONBACKEND_ModelConfig gives it. Throws TritonError; a configuration that the backend cannot
  // honour is refused too: batching, a transaction policy that is not decoupled.
  static ModelSettings parse(const std::string& json);
};

}  // namespace seedbed::backend
