#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "seedbed/backend/triton_abi.h"

namespace seedbed::backend {

// Notices that the server exits, and says when streams in flight have to end. Triton itself tells a backend
// nothing until the last stream is over, which server 2.51 waits for however long its own exit timeout is.
class ServerExit {
 public:
  // `drain`: how long streams may run on after the server began to exit.
  ServerExit(TRITONSERVER_Server* server, std::chrono::milliseconds drain) : server_(server), drain_(drain) {}

  // Asks the server. One thread at a time.
  void watch() noexcept;

  bool is_due() const noexcept { return due_.load(std::memory_order_relaxed); }  // any thread

 private:
  using Clock = std::chrono::steady_clock;

  TRITONSERVER_Server* server_;
  std::chrono::milliseconds drain_;
  std::optional<Clock::time_point> noticed_;
  std::atomic<bool> due_{false};
};

}  // namespace seedbed::backend
