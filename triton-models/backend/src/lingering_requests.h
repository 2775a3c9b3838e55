#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "owned_request.h"

namespace seedbed::backend {

// Requests that are answered and not yet given back. Triton's final flag follows the last response after
// kLinger: a client that cancels its stream when it has read that response, or has just cancelled it, would
// otherwise meet the flag half way, and server 2.51 then keeps the request for ever and with it the version,
// which can never be unloaded again (docs/decisions/2026-11-24-late-final-flag.md). Thread-safe.
class LingeringRequests {
 public:
  static constexpr std::chrono::milliseconds kLinger{500};

  LingeringRequests();
  ~LingeringRequests();  // gives back what is left at once

  // Gives the request back on this object's own thread.
  void keep(std::shared_ptr<OwnedRequest> answered) noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Clock::time_point due;
    std::shared_ptr<OwnedRequest> request;
  };

  void run();

  std::mutex mutex_;  // guards stop_ and entries_
  std::condition_variable changed_;
  bool stop_ = false;
  std::deque<Entry> entries_;  // in order of due
  std::thread thread_;
};

}  // namespace seedbed::backend
