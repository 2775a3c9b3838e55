#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "seedbed/engine/scheduler.h"

namespace seedbed::engine {

// A model that the scheduler serves. `pass` belongs to the worker thread from the first request on and to
// remove() after the last one.
class LoadedModel {
 public:
  LoadedModel(std::unique_ptr<ForwardPass> forward_pass, std::vector<CostPoint> curve, int32_t round_rows,
              int32_t fastest_draft)
      : pass(std::move(forward_pass)),
        cost_curve(std::move(curve)),
        max_round_rows(round_rows),
        draft_length(fastest_draft) {
    stats.max_round_rows = round_rows;
    stats.draft_length = fastest_draft;
    stats.kv_positions = pass->arena().capacity();
  }

  std::unique_ptr<ForwardPass> pass;
  const std::vector<CostPoint> cost_curve;  // empty when the arena has no positions
  const int32_t max_round_rows;
  const int32_t draft_length;  // of requests that name none

  // Guarded by the scheduler's mutex.
  bool removing = false;
  int64_t running = 0;   // requests with a KV span
  SchedulerStats stats;  // `waiting` is computed when read
};

// An accepted request. Belongs to the worker thread once it left the inbox.
struct RunningRequest {
  LoadedModel* model = nullptr;
  std::unique_ptr<Decoder> decoder;
  std::optional<KvArena::Span> kv;  // empty while it waits
  std::unique_ptr<RequestSink> sink;
  std::string tenant;
  int32_t weight = 1;
  int32_t priority = 0;
  bool drafts = false;
  std::chrono::milliseconds report_interval{};
  std::chrono::steady_clock::time_point last_report;
  Work published;                 // the part of decoder->work() that the model's counters hold
  int32_t times_passed_over = 0;  // admissions of others while no gap was large enough for this one
  bool in_round = false;
};

}  // namespace seedbed::engine
