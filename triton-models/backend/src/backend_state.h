#pragma once

#include <chrono>

#include "lingering_requests.h"
#include "metrics.h"
#include "seedbed/backend/triton_abi.h"
#include "seedbed/engine/scheduler.h"
#include "settings.h"
#include "ticker.h"

namespace seedbed::backend {

// What all loaded versions share: one scheduler, so that their rounds are arbitrated in one place, and the
// metrics page. Lives from TRITONBACKEND_Initialize to TRITONBACKEND_Finalize, longer than every ModelState.
class BackendState {
 public:
  static void attach(TRITONBACKEND_Backend* backend);
  static void detach(TRITONBACKEND_Backend* backend);
  static BackendState& of(TRITONBACKEND_Model* model);

  explicit BackendState(const BackendSettings& settings);

  LingeringRequests& lingering() { return lingering_; }
  engine::Scheduler& scheduler() { return scheduler_; }
  const MetricFamilies& metric_families() const { return metric_families_; }
  Ticker& ticker() { return ticker_; }
  std::chrono::milliseconds drain() const { return drain_; }

 private:
  LingeringRequests lingering_;  // before the scheduler, whose sinks use it
  engine::Scheduler scheduler_;
  MetricFamilies metric_families_;
  Ticker ticker_;
  std::chrono::milliseconds drain_;
};

}  // namespace seedbed::backend
