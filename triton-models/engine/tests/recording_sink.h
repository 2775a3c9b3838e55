#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "seedbed/engine/scheduler.h"

namespace seedbed::engine {

// What one request was told, in the order of its calls. Written by the scheduler's thread; read it after
// wait().
struct Told {
  std::vector<int32_t> token_ids;
  std::vector<float> confidence;
  std::vector<Draft> drafts;
  int progress_messages = 0;
  FinishReason finish = FinishReason::kNone;
  std::string finish_detail;
  Work work;
  std::string violation;  // of the order or content of calls; empty when there was none

  std::atomic<int64_t> positions_evaluated = 0;  // so far; may be read at any time
  std::atomic<bool> cancel = false;              // set it to cancel
  std::function<void()> on_committed;
  std::function<void()> on_finished;

  void wait() { done.get_future().wait(); }
  std::promise<void> done;
};

// A sink for tests, with what it will have been told.
std::unique_ptr<RequestSink> recording_sink(const std::shared_ptr<Told>& told);

}  // namespace seedbed::engine
