#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace seedbed::backend {

// Calls what is registered every kInterval, on one thread. For what the rounds should neither wait for nor be
// asked about. Thread-safe; a callback must not register or leave.
class Ticker {
 public:
  static constexpr std::chrono::milliseconds kInterval{100};

  Ticker();
  ~Ticker();

  // Leaves on destruction, which waits for a call that is under way. Shorter-lived than the ticker.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&& other) noexcept;
    ~Registration();

   private:
    friend class Ticker;
    Registration(Ticker* ticker, std::list<std::function<void()>>::iterator place)
        : ticker_(ticker), place_(place) {}
    Ticker* ticker_ = nullptr;
    std::list<std::function<void()>>::iterator place_;
  };
  [[nodiscard]] Registration add(std::function<void()> callback);

 private:
  void run();

  std::mutex mutex_;  // guards stop_ and callbacks_
  std::condition_variable stop_changed_;
  bool stop_ = false;
  std::list<std::function<void()>> callbacks_;
  std::thread thread_;
};

}  // namespace seedbed::backend
