#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "seedbed/engine/decoder.h"
#include "seedbed/engine/model.h"

namespace seedbed::engine {

// What the engine tells about a request. All calls come from the scheduler's thread, must not block and must
// not throw.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // Polled before each round, and every 50 ms while no round can run; true ends the request with kCancelled
  // (a round already begun completes).
  virtual bool cancelled() = 0;
  virtual void committed(int32_t start, const Committed& tokens, const Work& work) = 0;
  virtual void draft(const Draft& draft, const Work& work) = 0;
  virtual void progress(const Work& work) = 0;  // nothing else was sent for report_interval
  // Exactly once, last; the sink is destroyed after it. By then the request's KV span is free again.
  virtual void finished(FinishReason reason, const std::string& detail, const Work& work) = 0;
};

struct GenerationRequest {
  std::vector<int32_t> prompt;
  DecodeParameters parameters;
  // The request named no draft length: parameters hold the contract's, and the scheduler takes the one that
  // is fastest on this machine. It never changes the tokens.
  bool any_draft_length = false;
  bool drafts = false;
  std::string tenant;
  int32_t weight = 1;                              // 1..1000; a tenant has the weight of its latest request
  int32_t priority = 0;                            // 0..9, larger first among the requests of one tenant
  std::chrono::milliseconds report_interval{250};  // 10..1000
  std::unique_ptr<RequestSink> sink;
};

struct CostPoint {
  int32_t rows = 0;
  double seconds = 0;  // of one forward pass
};

struct SchedulerOptions {
  int32_t max_inflight = 256;              // requests accepted and not finished, over all models
  int32_t max_round_rows = 0;              // 0: chosen at add() by the cost curve
  std::vector<CostPoint> cost_curve = {};  // of every model, in order of rows; empty: measured at add()
};

// A copy of counters, for metrics.
struct SchedulerStats {
  int64_t inflight = 0;
  int64_t waiting = 0;  // accepted, no KV span yet
  int64_t rounds = 0;
  int64_t rows = 0;
  int64_t max_round_rows = 0;
  int64_t draft_length = 0;  // of requests that name none
  int64_t kv_positions_used = 0;
  int64_t kv_positions = 0;
  Work work;  // sum over finished and running requests
};

// One per process. Owns the worker thread that runs the rounds of all loaded models and arbitrates between
// them; shares between tenants by deficit round robin on positions evaluated, and sees to it that rounds slow
// no tenant beyond its share of their time. All methods are thread-safe.
//
// Locking rule: one mutex guards the inbox of submitted requests, the flags of removal and shutdown, and the
// published counters. Whatever a round touches (decoders, KV spans, queues, models) belongs to the worker
// thread alone. No lock is held while a sink or a forward pass is called, so a sink may call stats() and
// submit(), but not remove(), which would wait for itself.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions& options);
  ~Scheduler();  // finishes every request with kCancelled, joins the thread

  using ModelHandle = std::shared_ptr<class LoadedModel>;

  // The scheduler takes the model over. Measures its cost curve on the caller's thread unless it is given.
  ModelHandle add(std::unique_ptr<ForwardPass> model);
  // Waits until the model's last request has finished, then destroys the model; new requests are refused with
  // Overloaded at once.
  void remove(const ModelHandle& model);

  // Full, or the model is being removed. Maps to UNAVAILABLE.
  class Overloaded : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
  };
  // Validates on the caller's thread (RequestError, Overloaded), then returns at once. On an exception the
  // sink was never called and is destroyed with the request.
  void submit(const ModelHandle& model, GenerationRequest request);

  SchedulerStats stats(const ModelHandle& model) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seedbed::engine
