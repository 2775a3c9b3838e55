#include "scheduler_worker.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "admission.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCancellationPoll{50};

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "unknown exception";
  }
}

Step failed(const std::exception_ptr& error) {
  return {.committed = {}, .finish = FinishReason::kError, .finish_detail = message_of(error)};
}

void add_difference(Work& sum, const Work& now, const Work& before) {
  sum.input_tokens += now.input_tokens - before.input_tokens;
  sum.cached_input_tokens += now.cached_input_tokens - before.cached_input_tokens;
  sum.forward_passes += now.forward_passes - before.forward_passes;
  sum.positions_evaluated += now.positions_evaluated - before.positions_evaluated;
  sum.committed_tokens += now.committed_tokens - before.committed_tokens;
  sum.edits += now.edits - before.edits;
}

}  // namespace

void SchedulerWorker::run() {
  while (take_submitted()) {
    end_cancelled();
    admit_waiting();
    run_round();
    report_progress();
  }
  finish_all("shutting down");
}

bool SchedulerWorker::take_submitted() {
  std::unique_lock lock(inbox_.mutex);
  const auto something_to_do = [this] { return inbox_.stopping || !inbox_.submitted.empty(); };
  if (running_.empty()) {
    if (waiting_.empty()) {
      inbox_.work_arrived.wait(lock, something_to_do);
    } else {
      inbox_.work_arrived.wait_for(lock, kCancellationPoll, something_to_do);
    }
  }
  std::move(inbox_.submitted.begin(), inbox_.submitted.end(), std::back_inserter(waiting_));
  inbox_.submitted.clear();
  return !inbox_.stopping;
}

void SchedulerWorker::end_cancelled() {
  std::vector<RunningRequest*> cancelled;
  for (const Requests* requests : {&waiting_, &running_}) {
    for (const auto& request : *requests) {
      if (request->sink->cancelled()) cancelled.push_back(request.get());
    }
  }
  for (RunningRequest* request : cancelled) finish(*request, FinishReason::kCancelled, "cancelled");
}

void SchedulerWorker::admit_waiting() {
  for (RunningRequest* request : admit(waiting_, running_)) {
    ring_.add(*request);
    const std::lock_guard lock(inbox_.mutex);
    request->model->running += 1;
    publish(*request);
  }
}

void SchedulerWorker::run_round() {
  std::vector<RoundPart> parts = ring_.next_round();
  end_at_work_limit(parts);
  if (parts.empty()) return;
  LoadedModel& model = *parts.front().request->model;
  std::vector<Outcome> outcomes = forward(model, parts);

  for (const Outcome& outcome : outcomes) {
    if (outcome.step.finish != FinishReason::kNone) outcome.request->kv.reset();
  }
  {
    const std::lock_guard lock(inbox_.mutex);
    model.stats.rounds += 1;
    for (const RoundPart& part : parts) model.stats.rows += part.slice.rows();
    for (const Outcome& outcome : outcomes) publish(*outcome.request);
  }
  for (Outcome& outcome : outcomes) tell(outcome);
}

void SchedulerWorker::end_at_work_limit(std::vector<RoundPart>& parts) {
  std::vector<RunningRequest*> exhausted;
  std::erase_if(parts, [&](const RoundPart& part) {
    if (!part.request->decoder->exceeds_work_limit(part.slice)) return false;
    exhausted.push_back(part.request);
    return true;
  });
  for (RunningRequest* request : exhausted) finish(*request, FinishReason::kLength, kWorkLimit);
}

std::vector<SchedulerWorker::Outcome> SchedulerWorker::forward(LoadedModel& model,
                                                               std::vector<RoundPart>& parts) {
  std::vector<Slice> slices;
  size_t expected = 0;
  const auto vocabulary = static_cast<size_t>(model.pass->contract().vocab_size);
  for (const RoundPart& part : parts) {
    slices.push_back(part.slice);
    expected += static_cast<size_t>(part.slice.logits_rows()) * vocabulary;
  }
  std::vector<Outcome> outcomes;
  std::span<const float> logits;
  std::exception_ptr error;
  try {
    logits = model.pass->forward(slices);
    ENGINE_CHECK(logits.size() == expected, "logits of a forward pass: ", logits.size(),
                 " values (expected: ", expected, ")");
  } catch (...) {
    error = std::current_exception();
  }
  for (const RoundPart& part : parts) {
    Outcome outcome{
        .request = part.request, .denoised = part.slice.rows() > part.slice.clean_rows, .step = {}};
    if (error) {
      outcome.step = failed(error);
    } else {
      const auto values = static_cast<size_t>(part.slice.logits_rows()) * vocabulary;
      try {
        outcome.step = part.request->decoder->absorb(part.slice, logits.first(values));
      } catch (...) {
        outcome.step = failed(std::current_exception());
      }
      logits = logits.subspan(values);
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

void SchedulerWorker::tell(Outcome& outcome) {
  RunningRequest& request = *outcome.request;
  const Committed& committed = outcome.step.committed;
  const Work& work = request.decoder->work();
  if (!committed.token_ids.empty()) {
    const int64_t start = work.committed_tokens - static_cast<int64_t>(committed.token_ids.size());
    request.sink->committed(static_cast<int32_t>(start), committed, work);
    request.last_report = Clock::now();
  }
  if (outcome.step.finish != FinishReason::kNone) {
    finish(request, outcome.step.finish, outcome.step.finish_detail);
    return;
  }
  if (!request.drafts || !outcome.denoised) return;
  const Draft draft = request.decoder->draft();
  if (draft.token_ids.empty()) return;
  request.sink->draft(draft, work);
  request.last_report = Clock::now();
}

void SchedulerWorker::report_progress() {
  const Clock::time_point now = Clock::now();
  for (const Requests* requests : {&waiting_, &running_}) {
    for (const auto& request : *requests) {
      if (now - request->last_report < request->report_interval) continue;
      request->sink->progress(request->decoder->work());
      request->last_report = now;
    }
  }
}

void SchedulerWorker::finish(RunningRequest& request, FinishReason reason, const std::string& detail) {
  Requests& owners = std::any_of(waiting_.begin(), waiting_.end(),
                                 [&](const auto& owner) { return owner.get() == &request; })
                         ? waiting_
                         : running_;
  const bool ran = &owners == &running_;
  if (ran) ring_.remove(request);
  const auto place =
      std::find_if(owners.begin(), owners.end(), [&](const auto& owner) { return owner.get() == &request; });
  std::unique_ptr<RunningRequest> last = std::move(*place);
  owners.erase(place);

  last->kv.reset();
  LoadedModel& model = *last->model;
  {
    const std::lock_guard lock(inbox_.mutex);
    if (ran) model.running -= 1;
    publish(*last);
  }
  last->sink->finished(reason, detail, last->decoder->work());
  last.reset();

  // From here on remove() may destroy the model.
  const std::lock_guard lock(inbox_.mutex);
  model.stats.inflight -= 1;
  inbox_.inflight -= 1;
  inbox_.request_left.notify_all();
}

void SchedulerWorker::finish_all(const std::string& detail) {
  for (Requests* requests : {&waiting_, &running_}) {
    while (!requests->empty()) finish(*requests->front(), FinishReason::kCancelled, detail);
  }
}

void SchedulerWorker::publish(RunningRequest& request) {
  add_difference(request.model->stats.work, request.decoder->work(), request.published);
  request.published = request.decoder->work();
  request.model->stats.kv_positions_used = request.model->pass->arena().used();
}

}  // namespace seedbed::engine
