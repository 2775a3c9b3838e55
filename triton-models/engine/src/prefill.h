#pragma once

#include <cstdint>

namespace seedbed::engine {

struct PromptChunk {
  int32_t rows = 0;
  bool last = false;  // shares its round with the rows that follow the prompt
};

// The next clean rows of a prompt of which `remaining` > 0 rows are not kept yet. `companions` rows share the
// round of the last chunk; chunks end on multiples of `grain`, which divides `remaining`. The round has at
// most `max_rows` and kMaxPrefillRows rows, or the least that makes progress where that is more.
PromptChunk next_chunk(int32_t remaining, int32_t companions, int32_t grain, int32_t max_rows);

}  // namespace seedbed::engine
