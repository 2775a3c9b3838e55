#pragma once

#include <cstdint>
#include <span>

#include "seedbed/engine/model.h"

namespace seedbed::engine {

struct CostPoint {
  int32_t rows = 0;
  double seconds = 0;  // of one forward pass
};

// Rows that one forward pass should have at most: the knee of the curve, which is the smallest number of rows
// that already has most of the best rows per second, since a larger round would only make everybody in it
// wait longer. But so many, where a pass stays short enough, that a short prompt and the masks behind it are
// not cut: past the knee rows cost the same in one pass as in several, while cuts cost the request rounds.
// `curve` is in order of rows, not empty.
int32_t choose_round_rows(std::span<const CostPoint> curve);

// Times forward passes of growing numbers of rows and chooses from them.
int32_t measure_round_rows(ForwardPass& model);

}  // namespace seedbed::engine
