#include "ticker.h"

#include <utility>

#include "triton_error.h"

namespace seedbed::backend {

Ticker::Ticker() : thread_([this] { run(); }) {}

Ticker::~Ticker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  thread_.join();
}

Ticker::Registration Ticker::add(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  return {this, callbacks_.insert(callbacks_.end(), std::move(callback))};
}

void Ticker::run() {
  std::unique_lock lock(mutex_);
  while (!stop_changed_.wait_for(lock, kInterval, [this] { return stop_; })) {
    for (const auto& callback : callbacks_) log_if_error(at_rim(callback), "run a periodic task");
  }
}

Ticker::Registration::Registration(Registration&& other) noexcept { *this = std::move(other); }

Ticker::Registration& Ticker::Registration::operator=(Registration&& other) noexcept {
  std::swap(ticker_, other.ticker_);
  std::swap(place_, other.place_);
  return *this;
}

Ticker::Registration::~Registration() {
  if (ticker_ == nullptr) return;
  const std::lock_guard lock(ticker_->mutex_);
  ticker_->callbacks_.erase(place_);
}

}  // namespace seedbed::backend
