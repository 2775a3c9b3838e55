#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "finished_requests.h"
#include "seedbed/backend/triton_abi.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::backend {

struct MetricFamilyDelete {
  void operator()(TRITONSERVER_MetricFamily* family) const noexcept;
};
using MetricFamily = std::unique_ptr<TRITONSERVER_MetricFamily, MetricFamilyDelete>;

struct MetricDelete {
  void operator()(TRITONSERVER_Metric* metric) const noexcept;
};
using Metric = std::unique_ptr<TRITONSERVER_Metric, MetricDelete>;

// The values behind one version's metrics.
struct MetricSource {
  std::string model;
  uint64_t version = 0;
  std::function<engine::SchedulerStats()> stats;
  std::shared_ptr<const FinishedRequests> finished;
};

// A metric and the value it shows, so that it is only touched when that changes.
class ShownMetric {
 public:
  explicit ShownMetric(Metric metric) : metric_(std::move(metric)) {}
  void show(int64_t current) noexcept;

 private:
  Metric metric_;
  int64_t value_ = 0;
};

// One version's figures on Triton's metrics page, with the labels `model` and `version`, until destroyed.
// Make one only for a version that serves: Triton keeps the metrics of one whose initialisation fails later.
class VersionMetrics {
 public:
  // `families` as MetricFamilies has them. Throws TritonError.
  VersionMetrics(MetricSource source, const std::vector<MetricFamily>& families);

  // Copies the source's values to the page. One thread at a time; costs the rounds a lock at most.
  void update();

 private:
  MetricSource source_;
  std::vector<ShownMetric> figures_;   // in the order of metrics.cc
  std::vector<ShownMetric> finished_;  // as FinishedRequests::kReasons
};

// The process's metric families, which all versions share. Longer-lived than every VersionMetrics.
class MetricFamilies {
 public:
  MetricFamilies();

  // Null in a server without metrics. Throws TritonError.
  std::unique_ptr<VersionMetrics> add(MetricSource source) const;

 private:
  std::vector<MetricFamily> families_;  // in the order of metrics.cc; empty in a server without metrics
};

}  // namespace seedbed::backend
