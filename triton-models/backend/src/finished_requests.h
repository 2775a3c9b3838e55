#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "seedbed/engine/decoder.h"

namespace seedbed::backend {

// Requests that ended, by finish reason. Counted by sinks on the scheduler's thread, read by the metrics
// thread.
class FinishedRequests {
 public:
  static constexpr std::array<engine::FinishReason, 4> kReasons{
      engine::FinishReason::kStop, engine::FinishReason::kLength, engine::FinishReason::kCancelled,
      engine::FinishReason::kError};
  void count(engine::FinishReason reason) noexcept { ++counts_[static_cast<size_t>(reason)]; }
  int64_t of(engine::FinishReason reason) const noexcept { return counts_[static_cast<size_t>(reason)]; }

 private:
  std::array<std::atomic<int64_t>, static_cast<size_t>(engine::FinishReason::kError) + 1> counts_{};
};

}  // namespace seedbed::backend
