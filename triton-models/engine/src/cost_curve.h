#pragma once

#include <cstdint>

#include "seedbed/engine/model.h"

namespace seedbed::engine {

// Times forward passes of growing numbers of rows and returns the knee of the curve: the smallest number of
// rows that already has most of the best rows per second. A larger round would only make everybody in it wait
// longer.
int32_t measure_round_rows(ForwardPass& model);

}  // namespace seedbed::engine
