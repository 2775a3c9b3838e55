#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seedbed/engine/decoder.h"

namespace seedbed::engine {

struct Generation {
  std::vector<int32_t> token_ids;
  std::vector<float> confidence;
  FinishReason finish = FinishReason::kNone;
  std::string finish_detail;
  Work work;
};

// Runs one request alone, on the caller's thread, to its end: what the scheduler does for many, without one.
// Prefill chunks have at most `max_rows` rows. Throws RequestError, and EngineError when the arena has no
// room for the request.
Generation generate(ForwardPass& model, std::vector<int32_t> prompt, const DecodeParameters& parameters,
                    int32_t max_rows = kMaxPrefillRows);

}  // namespace seedbed::engine
