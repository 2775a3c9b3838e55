#include "metrics.h"

#include <array>
#include <utility>

#include "triton_error.h"

namespace seedbed::backend {

namespace {

struct ParameterDelete {
  void operator()(TRITONSERVER_Parameter* parameter) const noexcept {
    TRITONSERVER_ParameterDelete(parameter);
  }
};
using Label = std::unique_ptr<TRITONSERVER_Parameter, ParameterDelete>;

struct Figure {
  TRITONSERVER_MetricKind kind;
  const char* name;
  const char* description;
  int64_t (*value)(const engine::SchedulerStats&);
};

using Stats = engine::SchedulerStats;

constexpr std::array kFigures{
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_input_tokens_total", "Prompt tokens",
           [](const Stats& stats) { return stats.work.input_tokens; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_cached_input_tokens_total",
           "Prompt tokens whose KV was reused",
           [](const Stats& stats) { return stats.work.cached_input_tokens; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_forward_passes_total",
           "Forward passes, counted once for each request in them",
           [](const Stats& stats) { return stats.work.forward_passes; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_positions_evaluated_total",
           "Rows evaluated, without padding",
           [](const Stats& stats) { return stats.work.positions_evaluated; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_committed_tokens_total", "Tokens output",
           [](const Stats& stats) { return stats.work.committed_tokens; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_edits_total", "Visible tokens replaced",
           [](const Stats& stats) { return stats.work.edits; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_rounds_total", "Forward passes of the model",
           [](const Stats& stats) { return stats.rounds; }},
    Figure{TRITONSERVER_METRIC_KIND_COUNTER, "block_diffusion_round_rows_total",
           "Rows of all forward passes of the model", [](const Stats& stats) { return stats.rows; }},
    Figure{TRITONSERVER_METRIC_KIND_GAUGE, "block_diffusion_inflight", "Requests accepted and not finished",
           [](const Stats& stats) { return stats.inflight; }},
    Figure{TRITONSERVER_METRIC_KIND_GAUGE, "block_diffusion_waiting",
           "Requests accepted that have no KV span yet", [](const Stats& stats) { return stats.waiting; }},
    Figure{TRITONSERVER_METRIC_KIND_GAUGE, "block_diffusion_kv_positions_used",
           "KV positions held by requests", [](const Stats& stats) { return stats.kv_positions_used; }},
    Figure{TRITONSERVER_METRIC_KIND_GAUGE, "block_diffusion_kv_positions", "KV positions of the arena",
           [](const Stats& stats) { return stats.kv_positions; }},
    Figure{TRITONSERVER_METRIC_KIND_GAUGE, "block_diffusion_max_round_rows",
           "Rows that one forward pass may have", [](const Stats& stats) { return stats.max_round_rows; }},
    Figure{TRITONSERVER_METRIC_KIND_GAUGE, "block_diffusion_draft_length",
           "Positions that mode exact drafts in a forward pass for a request that names no draft_length",
           [](const Stats& stats) { return stats.draft_length; }},
};
constexpr const char* kFinishedName = "block_diffusion_requests_total";
constexpr const char* kFinishedDescription =
    "Requests that ended, by finish reason; refused ones are not among them";

MetricFamily make_family(TRITONSERVER_MetricKind kind, const char* name, const char* description) {
  TRITONSERVER_MetricFamily* family = nullptr;
  check(TRITONSERVER_MetricFamilyNew(&family, kind, name, description));
  return MetricFamily(family);
}

Label make_label(const char* name, const std::string& value) {
  return Label(TRITONSERVER_ParameterNew(name, TRITONSERVER_PARAMETER_STRING, value.c_str()));
}

Metric make_metric(const MetricFamily& family, const std::vector<const TRITONSERVER_Parameter*>& labels) {
  TRITONSERVER_Metric* metric = nullptr;
  // The function does not change the array; its type only lacks a const.
  check(TRITONSERVER_MetricNew(&metric, family.get(),
                               const_cast<const TRITONSERVER_Parameter**>(labels.data()), labels.size()));
  return Metric(metric);
}

}  // namespace

void MetricFamilyDelete::operator()(TRITONSERVER_MetricFamily* family) const noexcept {
  log_if_error(TRITONSERVER_MetricFamilyDelete(family), "delete a metric family");
}

void MetricDelete::operator()(TRITONSERVER_Metric* metric) const noexcept {
  log_if_error(TRITONSERVER_MetricDelete(metric), "delete a metric");
}

void ShownMetric::show(int64_t current) noexcept {
  if (current == value_) return;
  // Counters and gauges alike move by the difference.
  log_if_error(TRITONSERVER_MetricIncrement(metric_.get(), static_cast<double>(current - value_)),
               "update a metric");
  value_ = current;
}

VersionMetrics::VersionMetrics(MetricSource source, const std::vector<MetricFamily>& families)
    : source_(std::move(source)) {
  const Label model = make_label("model", source_.model);
  const Label version = make_label("version", std::to_string(source_.version));
  for (size_t i = 0; i < kFigures.size(); ++i) {
    figures_.emplace_back(make_metric(families[i], {model.get(), version.get()}));
  }
  for (const engine::FinishReason reason : FinishedRequests::kReasons) {
    const Label label = make_label("finish_reason", engine::to_string(reason));
    finished_.emplace_back(make_metric(families.back(), {model.get(), version.get(), label.get()}));
  }
}

void VersionMetrics::update() {
  // Read first: who sees a request counted as finished also sees its KV free.
  std::array<int64_t, FinishedRequests::kReasons.size()> finished{};
  for (size_t i = 0; i < finished.size(); ++i)
    finished[i] = source_.finished->of(FinishedRequests::kReasons[i]);
  const Stats stats = source_.stats();
  for (size_t i = 0; i < kFigures.size(); ++i) figures_[i].show(kFigures[i].value(stats));
  for (size_t i = 0; i < finished.size(); ++i) finished_[i].show(finished[i]);
}

MetricFamilies::MetricFamilies() {
  try {
    for (const Figure& figure : kFigures)
      families_.push_back(make_family(figure.kind, figure.name, figure.description));
    families_.push_back(make_family(TRITONSERVER_METRIC_KIND_COUNTER, kFinishedName, kFinishedDescription));
  } catch (const TritonError& error) {
    families_.clear();
    log_info(std::string("no block_diffusion metrics: ") + error.what());
  }
}

std::unique_ptr<VersionMetrics> MetricFamilies::add(MetricSource source) const {
  if (families_.empty()) return nullptr;
  auto version = std::make_unique<VersionMetrics>(std::move(source), families_);
  version->update();
  return version;
}

}  // namespace seedbed::backend
