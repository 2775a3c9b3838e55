#pragma once

#include "seedbed/backend/triton_abi.h"
#include "seedbed/engine/contract.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::backend {

// The request that docs/triton-protocol.md describes, without its sink. Names, types and the ranges that only
// this protocol knows are checked here; what depends on the contract is checked by the engine when the
// request is submitted. Throws RequestError naming the value and what was expected.
engine::GenerationRequest parse_request(TRITONBACKEND_Request* request, const engine::Contract& contract);

}  // namespace seedbed::backend
