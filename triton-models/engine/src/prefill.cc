#include "prefill.h"

#include <algorithm>

#include "seedbed/engine/decoder.h"

namespace seedbed::engine {

PromptChunk next_chunk(int32_t remaining, int32_t companions, int32_t grain, int32_t max_rows) {
  const int32_t limit = std::min(max_rows, kMaxPrefillRows);
  if (remaining + companions <= limit || remaining <= grain) return {.rows = remaining, .last = true};
  return {.rows = std::clamp(limit / grain * grain, grain, remaining - grain), .last = false};
}

}  // namespace seedbed::engine
