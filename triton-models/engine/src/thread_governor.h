#pragma once

#include <chrono>
#include <cstdint>

namespace seedbed::engine {

// How many threads the next round gets. Threads that share every operator are slower than one where other
// processes hold the cores: each operator then waits for whichever thread has none. So a round that was
// mostly spent in waiting is followed by rounds on one thread, twice as many after each bad try. The bits of
// the logits do not depend on it.
class ThreadGovernor {
 public:
  explicit ThreadGovernor(int32_t most) : most_(most) {}

  int32_t threads() const { return single_rounds_left_ > 0 ? 1 : most_; }

  // After a round on threads(): how long it took, and how long its threads slept in waiting for one another,
  // summed over them.
  void computed(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds slept);

 private:
  static constexpr int32_t kFirstPause = 16;
  static constexpr int32_t kLongestPause = 2048;

  int32_t most_;
  int32_t single_rounds_left_ = 0;
  int32_t next_pause_ = kFirstPause;  // rounds
};

}  // namespace seedbed::engine
