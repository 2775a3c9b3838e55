#pragma once

#include <memory>
#include <vector>

#include "running_request.h"

namespace seedbed::engine {

// Gives KV spans to waiting requests of all models, tenants that hold the fewest positions for their weight
// first. A smaller request may pass one that finds no gap large enough, but not for ever: then that one is
// next, whatever else would fit. Moves the admitted requests from `waiting` (in order of arrival) to
// `running` and returns them.
std::vector<RunningRequest*> admit(std::vector<std::unique_ptr<RunningRequest>>& waiting,
                                   std::vector<std::unique_ptr<RunningRequest>>& running);

}  // namespace seedbed::engine
