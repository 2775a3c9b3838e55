#pragma once

#include <cstdint>
#include <vector>

#include "tiny_model.h"

namespace seedbed::engine {

// Logits [vocabulary] of every row of one slice on an empty context, in double precision and by the plainest
// loops: what the engine's graph is compared with. block_size is that of `block_causal`.
std::vector<std::vector<double>> naive_logits(const TinyModel& model, const std::vector<int32_t>& token_ids,
                                              int32_t clean_rows, int32_t block_size);

}  // namespace seedbed::engine
