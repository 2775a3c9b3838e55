#include "lingering_requests.h"

#include <utility>

#include "triton_error.h"

namespace seedbed::backend {

LingeringRequests::LingeringRequests() : thread_([this] { run(); }) {}

LingeringRequests::~LingeringRequests() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LingeringRequests::keep(std::shared_ptr<OwnedRequest> answered) noexcept {
  // Where it cannot be kept, `answered` is the last owner and gives the request back here.
  log_if_error(at_rim([&] {
                 const std::lock_guard lock(mutex_);
                 entries_.push_back({Clock::now() + kLinger, std::move(answered)});
               }),
               "keep an answered request");
  changed_.notify_all();
}

void LingeringRequests::run() {
  std::unique_lock lock(mutex_);
  while (!stop_ || !entries_.empty()) {
    if (entries_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (!stop_ && changed_.wait_until(lock, entries_.front().due, [this] { return stop_; })) continue;
    std::shared_ptr<OwnedRequest> due = std::move(entries_.front().request);
    entries_.pop_front();
    lock.unlock();
    // Without the lock: this may be the version's last request, and Triton may finalize the version on this
    // thread.
    due->give_back();
    due.reset();
    lock.lock();
  }
}

}  // namespace seedbed::backend
