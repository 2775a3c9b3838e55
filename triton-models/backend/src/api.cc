#include "backend_state.h"
#include "model_state.h"
#include "seedbed/backend/triton_abi.h"
#include "triton_error.h"

// Triton's hooks. Nothing happens here but the crossing of the C interface; an instance has no state of its
// own, since every request of a model goes to the one scheduler of the process.

#define HOOK extern "C" __attribute__((visibility("default"))) TRITONSERVER_Error*

using seedbed::backend::at_rim;
using seedbed::backend::BackendState;
using seedbed::backend::ModelState;

HOOK TRITONBACKEND_Initialize(TRITONBACKEND_Backend* backend) {
  return at_rim([=] { BackendState::attach(backend); });
}

HOOK TRITONBACKEND_Finalize(TRITONBACKEND_Backend* backend) {
  return at_rim([=] { BackendState::detach(backend); });
}

HOOK TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model* model) {
  return at_rim([=] { ModelState::attach(model); });
}

HOOK TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model* model) {
  return at_rim([=] { ModelState::detach(model); });
}

HOOK TRITONBACKEND_ModelInstanceInitialize(TRITONBACKEND_ModelInstance*) { return nullptr; }

HOOK TRITONBACKEND_ModelInstanceFinalize(TRITONBACKEND_ModelInstance*) { return nullptr; }

HOOK TRITONBACKEND_ModelInstanceExecute(TRITONBACKEND_ModelInstance* instance,
                                        TRITONBACKEND_Request** requests, const uint32_t request_count) {
  return at_rim([=] { ModelState::of(instance).execute(instance, {requests, request_count}); });
}
