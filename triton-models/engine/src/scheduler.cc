#include "seedbed/engine/scheduler.h"

#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cost_curve.h"
#include "running_request.h"
#include "scheduler_worker.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

void validate(const GenerationRequest& request) {
  REQUEST_CHECK(request.weight >= 1 && request.weight <= 1000, "weight out of range: ", request.weight,
                " (expected: 1..1000)");
  REQUEST_CHECK(request.priority >= 0 && request.priority <= 9,
                "sched_priority out of range: ", request.priority, " (expected: 0..9)");
  const auto interval = request.report_interval.count();
  REQUEST_CHECK(interval >= 10 && interval <= 1000, "report_interval_ms out of range: ", interval,
                " (expected: 10..1000)");
  ENGINE_CHECK(request.sink != nullptr, "request without a sink");
}

// Checked with the contract's own draft length first: what a machine would choose decides about no refusal.
void choose_draft_length_of(GenerationRequest& request, const LoadedModel& model) {
  DecodeParameters& p = request.parameters;
  if (!request.any_draft_length || p.mode != Mode::kExact) return;
  const Contract& contract = model.pass->contract();
  contract.validate(request.prompt, p);
  p.draft_length =
      draft_length_that_fits(model.draft_length, contract, static_cast<int64_t>(request.prompt.size()),
                             p.max_tokens, model.pass->arena().capacity());
}

std::unique_ptr<RunningRequest> accept(LoadedModel& model, GenerationRequest request) {
  validate(request);
  choose_draft_length_of(request, model);
  auto accepted = std::make_unique<RunningRequest>();
  accepted->model = &model;
  accepted->decoder = Decoder::create(model.pass->contract(), std::move(request.prompt), request.parameters);
  const int32_t positions = accepted->decoder->span_positions();
  const int32_t capacity = model.pass->arena().capacity();
  REQUEST_CHECK(positions <= capacity, "KV positions of the request out of range: ", positions,
                " (expected: 1..", capacity, ")");
  accepted->sink = std::move(request.sink);
  accepted->tenant = std::move(request.tenant);
  accepted->weight = request.weight;
  accepted->priority = request.priority;
  accepted->drafts = request.drafts;
  accepted->report_interval = request.report_interval;
  accepted->last_report = std::chrono::steady_clock::now();
  return accepted;
}

}  // namespace

struct Scheduler::State {
  explicit State(const SchedulerOptions& scheduler_options) : options(scheduler_options) {}

  const SchedulerOptions options;
  mutable SchedulerInbox inbox;
  std::set<ModelHandle>
      models;  // guarded by inbox.mutex; keeps them while requests run, whatever callers drop
  SchedulerWorker worker{inbox};
  std::thread thread{[this] { worker.run(); }};
};

Scheduler::Scheduler(const SchedulerOptions& options) : state_(std::make_unique<State>(options)) {}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(state_->inbox.mutex);
    state_->inbox.stopping = true;
  }
  state_->inbox.work_arrived.notify_one();
  state_->thread.join();
}

Scheduler::ModelHandle Scheduler::add(std::unique_ptr<ForwardPass> model) {
  ENGINE_CHECK(model != nullptr, "no model to add");
  const Contract& contract = model->contract();
  std::vector<CostPoint> curve = state_->options.cost_curve;
  if (curve.empty()) curve = measure_cost_curve(*model);
  int32_t round_rows = state_->options.max_round_rows;
  if (round_rows == 0) round_rows = curve.empty() ? 1 : choose_round_rows(curve);
  const int32_t draft_length = curve.empty() || contract.draft_yield.empty()
                                   ? contract.default_policy.draft_length
                                   : choose_draft_length(contract.draft_yield, curve);
  auto handle = std::make_shared<LoadedModel>(std::move(model), std::move(curve), round_rows, draft_length);
  const std::lock_guard lock(state_->inbox.mutex);
  state_->models.insert(handle);
  return handle;
}

void Scheduler::remove(const ModelHandle& model) {
  std::unique_ptr<ForwardPass> last;  // destroyed without the lock
  std::unique_lock lock(state_->inbox.mutex);
  model->removing = true;
  state_->inbox.request_left.wait(lock, [&] { return model->stats.inflight == 0; });
  last = std::move(model->pass);
  state_->models.erase(model);
  lock.unlock();
}

void Scheduler::submit(const ModelHandle& model, GenerationRequest request) {
  SchedulerInbox& inbox = state_->inbox;
  {
    const std::lock_guard lock(inbox.mutex);
    if (model->removing) throw Overloaded("model is unloading");
    if (inbox.stopping) throw Overloaded("engine is shutting down");
    if (inbox.inflight >= state_->options.max_inflight) {
      throw Overloaded("requests in flight at their limit: " + std::to_string(inbox.inflight));
    }
    inbox.inflight += 1;  // keeps the model while the request is validated
    model->stats.inflight += 1;
  }
  std::unique_ptr<RunningRequest> accepted;
  try {
    accepted = accept(*model, std::move(request));
  } catch (...) {
    const std::lock_guard lock(inbox.mutex);
    inbox.inflight -= 1;
    model->stats.inflight -= 1;
    inbox.request_left.notify_all();
    throw;
  }
  const std::lock_guard lock(inbox.mutex);
  inbox.submitted.push_back(std::move(accepted));
  inbox.work_arrived.notify_one();
}

SchedulerStats Scheduler::stats(const ModelHandle& model) const {
  const std::lock_guard lock(state_->inbox.mutex);
  SchedulerStats stats = model->stats;
  stats.waiting = stats.inflight - model->running;
  return stats;
}

}  // namespace seedbed::engine
