#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "running_request.h"
#include "tenant_ring.h"

namespace seedbed::engine {

// What callers and the worker thread share. All fields are guarded by `mutex`, as are those that LoadedModel
// names.
struct SchedulerInbox {
  std::mutex mutex;
  std::condition_variable work_arrived;  // for the worker
  std::condition_variable request_left;  // for remove()
  std::vector<std::unique_ptr<RunningRequest>> submitted;
  int64_t inflight = 0;
  bool stopping = false;
};

// The worker thread's state and its loop: take what was submitted, end what was cancelled, admit, run one
// round, report. Except for the inbox everything belongs to the thread that calls run(). The mutex is never
// held while a sink or a model is called.
class SchedulerWorker {
 public:
  explicit SchedulerWorker(SchedulerInbox& inbox) : inbox_(inbox) {}

  // Returns when the inbox says `stopping`, after finishing every request with kCancelled.
  void run();

 private:
  using Requests = std::vector<std::unique_ptr<RunningRequest>>;
  struct Outcome {
    RunningRequest* request = nullptr;
    bool denoised = false;
    Step step;
  };

  bool take_submitted();  // waits for something to do; false when stopping
  void end_cancelled();
  void admit_waiting();
  void run_round();
  void report_progress();
  void finish_all(const std::string& detail);

  // Ends requests whose next slice exceeds their work limit and drops their parts.
  void end_at_work_limit(std::vector<RoundPart>& parts);
  static std::vector<Outcome> forward(LoadedModel& model, std::vector<RoundPart>& parts);
  void tell(Outcome& outcome);
  void finish(RunningRequest& request, FinishReason reason, const std::string& detail);
  // Brings the published counters of the request's model up to date; needs the mutex.
  void publish(RunningRequest& request);

  SchedulerInbox& inbox_;
  Requests waiting_;  // in order of arrival
  Requests running_;  // those with a KV span
  TenantRing ring_;   // of running_
};

}  // namespace seedbed::engine
