#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "finished_requests.h"
#include "seedbed/backend/triton_abi.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::backend {

struct MetricFamilyDelete {
  void operator()(TRITONSERVER_MetricFamily* family) const noexcept;
};
using MetricFamily = std::unique_ptr<TRITONSERVER_MetricFamily, MetricFamilyDelete>;

// The values behind one version's metrics. Called by the metrics thread.
struct MetricSource {
  std::string model;
  uint64_t version = 0;
  std::function<engine::SchedulerStats()> stats;
  std::shared_ptr<const FinishedRequests> finished;
};

class VersionMetrics;

// Shows the engine's counters of every loaded version on Triton's metrics page, with the labels `model` and
// `version`. One thread copies them every kInterval, so that no round waits for the page. Does nothing in a
// server without metrics. Thread-safe.
class Metrics {
 public:
  static constexpr std::chrono::milliseconds kInterval{100};

  Metrics();
  ~Metrics();

  // Only for a version that serves: Triton keeps the metrics of one whose initialisation fails later. Throws
  // TritonError.
  void add(MetricSource source);
  // Takes the version's metrics off the page.
  void remove(const std::string& model, uint64_t version) noexcept;

 private:
  void run();

  std::vector<MetricFamily> families_;  // in the order of metrics.cc; empty in a server without metrics
  std::mutex mutex_;                    // guards stop_ and versions_
  std::condition_variable stop_changed_;
  bool stop_ = false;
  std::vector<std::unique_ptr<VersionMetrics>> versions_;
  std::thread thread_;
};

}  // namespace seedbed::backend
