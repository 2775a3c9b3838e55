#include "thread_governor.h"

#include <algorithm>

namespace seedbed::engine {

void ThreadGovernor::computed(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds slept) {
  if (most_ == 1) return;
  if (single_rounds_left_ > 0) {
    --single_rounds_left_;
    return;
  }
  // With n threads, one alone would have been faster once the sleep exceeds (n - 1) times the round. The
  // sleep that is seen is but a part: short waits are not in it, nor the time when a thread that others wait
  // for had no core.
  const bool crowded = slept * 2 > elapsed * (most_ - 1);
  if (crowded) {
    single_rounds_left_ = next_pause_;
    next_pause_ = std::min(2 * next_pause_, kLongestPause);
  } else {
    next_pause_ = std::max(next_pause_ / 2, kFirstPause);
  }
}

}  // namespace seedbed::engine
