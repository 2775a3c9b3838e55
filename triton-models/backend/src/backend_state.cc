#include "backend_state.h"

#include <memory>
#include <string>

#include "triton_error.h"

namespace seedbed::backend {

namespace {

void require_api_version() {
  uint32_t major = 0;
  uint32_t minor = 0;
  check(TRITONBACKEND_ApiVersion(&major, &minor));
  if (major == TRITONBACKEND_API_VERSION_MAJOR && minor >= TRITONBACKEND_API_VERSION_MINOR) return;
  throw TritonError(TRITONSERVER_ERROR_UNSUPPORTED,
                    "Triton backend API too old or of another major version: " + std::to_string(major) + "." +
                        std::to_string(minor) +
                        " (expected: " + std::to_string(TRITONBACKEND_API_VERSION_MAJOR) + "." +
                        std::to_string(TRITONBACKEND_API_VERSION_MINOR) + " or a later minor version)");
}

BackendSettings read_settings(TRITONBACKEND_Backend* backend) {
  TRITONSERVER_Message* config = nullptr;  // Triton's
  check(TRITONBACKEND_BackendConfig(backend, &config));
  const char* json = nullptr;
  size_t bytes = 0;
  check(TRITONSERVER_MessageSerializeToJson(config, &json, &bytes));
  return BackendSettings::parse({json, bytes});
}

}  // namespace

BackendState::BackendState(const BackendSettings& settings)
    : scheduler_({.max_inflight = settings.max_inflight, .max_round_rows = settings.max_round_rows}),
      drain_(settings.drain_ms) {}

void BackendState::attach(TRITONBACKEND_Backend* backend) {
  require_api_version();
  auto state = std::make_unique<BackendState>(read_settings(backend));
  check(TRITONBACKEND_BackendSetState(backend, state.get()));
  state.release();
}

void BackendState::detach(TRITONBACKEND_Backend* backend) {
  void* state = nullptr;
  check(TRITONBACKEND_BackendState(backend, &state));
  delete static_cast<BackendState*>(state);
}

BackendState& BackendState::of(TRITONBACKEND_Model* model) {
  TRITONBACKEND_Backend* backend = nullptr;
  check(TRITONBACKEND_ModelBackend(model, &backend));
  void* state = nullptr;
  check(TRITONBACKEND_BackendState(backend, &state));
  return *static_cast<BackendState*>(state);
}

}  // namespace seedbed::backend
