#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "commands.h"
#include "options.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/decoder.h"
#include "seedbed/engine/model.h"

namespace seedbed::engine::cli {
namespace {

struct StepCost {
  int32_t context;
  int32_t sequences;
  int32_t rows;
  double milliseconds;  // median
  double fastest_milliseconds;
  double relative;  // T(b) / T(1): fastest pass to the fastest of one row behind the same context
};

// Sequences with `context` kept positions each, over which one round after the other is timed.
class Bench {
 public:
  Bench(Model& model, int32_t context, int32_t sequences, int32_t most_rows) : model_(model) {
    for (int32_t i = 0; i < sequences; ++i) {
      auto span = model.arena().acquire(context + most_rows);
      REQUEST_CHECK(span.has_value(), "no room in the KV arena for ", sequences, " sequences of ",
                    context + most_rows, " positions (arena: ", model.arena().capacity(), ")");
      spans_.push_back(std::move(*span));
    }
    for (KvArena::Span& span : spans_) {
      while (span.length() < context) {
        const int32_t rows = std::min(kMaxPrefillRows, context - span.length());
        Slice slice = rows_of(span, rows);
        slice.clean_rows = slice.first_logits_row = rows;
        model.forward({&slice, 1});
        span.keep(rows);
      }
    }
  }

  // One pass of each number of rows after the other, again and again, each time from another one on: what else
  // runs on the machine meets all alike. The first rounds only warm up.
  std::vector<StepCost> measure(const std::vector<int32_t>& row_counts, int32_t repetitions) {
    std::vector<std::vector<Slice>> rounds{round_of(1)};
    for (const int32_t rows : row_counts) rounds.push_back(round_of(rows));
    std::vector<std::vector<double>> times(rounds.size());
    for (int32_t i = -2; i < repetitions; ++i) {
      for (size_t k = 0; k < rounds.size(); ++k) {
        const size_t j = (k + static_cast<size_t>(i + 2)) % rounds.size();
        const auto start = std::chrono::steady_clock::now();
        model_.forward(rounds[j]);
        const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
        if (i >= 0) times[j].push_back(elapsed.count());
      }
    }
    for (std::vector<double>& sorted : times) std::ranges::sort(sorted);
    const auto one = std::ranges::find(row_counts, 1);
    const auto alone = one == row_counts.end() ? 0 : static_cast<size_t>(one - row_counts.begin()) + 1;
    std::vector<StepCost> costs;
    for (size_t j = 1; j < rounds.size(); ++j) {
      costs.push_back({.context = spans_.front().length(),
                       .sequences = static_cast<int32_t>(rounds[j].size()),
                       .rows = row_counts[j - 1],
                       .milliseconds = times[j][times[j].size() / 2],
                       .fastest_milliseconds = times[j].front(),
                       .relative = times[j].front() / times[alone].front()});
    }
    return costs;
  }

 private:
  std::vector<Slice> round_of(int32_t rows) {
    const auto count = static_cast<int32_t>(spans_.size());
    std::vector<Slice> slices;
    for (int32_t i = 0; i < std::min(count, rows); ++i) {
      slices.push_back(rows_of(spans_[static_cast<size_t>(i)], rows / count + (i < rows % count ? 1 : 0)));
    }
    return slices;
  }

  Slice rows_of(KvArena::Span& span, int32_t rows) const {
    Slice slice{
        .kv = &span,
        .token_ids = std::vector<int32_t>(static_cast<size_t>(rows), model_.contract().mask_token_id)};
    slice.block_size = model_.contract().block_size;
    return slice;
  }

  Model& model_;
  std::vector<KvArena::Span> spans_;
};

// As /proc/cpuinfo has it; empty on systems without.
std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

void print(const std::vector<StepCost>& costs, int32_t threads, bool as_json) {
  if (as_json) {
    nlohmann::ordered_json list = nlohmann::json::array();
    for (const StepCost& cost : costs) {
      list.push_back({{"context", cost.context},
                      {"sequences", cost.sequences},
                      {"rows", cost.rows},
                      {"milliseconds", cost.milliseconds},
                      {"fastest_milliseconds", cost.fastest_milliseconds},
                      {"relative", cost.relative}});
    }
    const nlohmann::ordered_json machine = {
        {"cpu", cpu_name()}, {"cores", std::thread::hardware_concurrency()}, {"threads", threads}};
    std::cout << nlohmann::ordered_json{{"machine", machine}, {"step_cost", list}}.dump(2) << "\n";
    return;
  }
  std::cout << "context  sequences  rows  median ms  fastest ms  T(b)/T(1)  rows/s\n" << std::fixed;
  for (const StepCost& cost : costs) {
    std::cout << std::setw(7) << cost.context << std::setw(11) << cost.sequences << std::setw(6) << cost.rows
              << std::setprecision(3) << std::setw(11) << cost.milliseconds << std::setw(12)
              << cost.fastest_milliseconds << std::setprecision(2) << std::setw(11) << cost.relative
              << std::setprecision(0) << std::setw(8)
              << 1000.0 * cost.rows / cost.milliseconds << "\n";
  }
}

}  // namespace

void bench_command(int argc, char** argv) {
  const Options options = Options::parse(
      argc, argv, {"model", "threads", "rows", "contexts", "sequences", "repetitions"}, {"json"});
  const std::vector<int32_t> row_counts = options.integers("rows", {1, 2, 4, 8, 12, 16, 24, 32, 48, 63, 96, 128});
  const int64_t sequences = options.integer("sequences", 1);
  const int64_t repetitions = options.integer("repetitions", 20);
  REQUEST_CHECK(
      !row_counts.empty() && std::ranges::min(row_counts) >= 1 && std::ranges::max(row_counts) <= 4096,
      "--rows out of range (expected: each 1..4096)");
  REQUEST_CHECK(sequences >= 1 && sequences <= 1024, "--sequences out of range: ", sequences,
                " (expected: 1..1024)");
  REQUEST_CHECK(repetitions >= 1, "--repetitions out of range: ", repetitions, " (expected: 1..)");
  const auto threads = static_cast<int32_t>(options.integer("threads", 2));
  const auto model = Model::load(options.text("model"), {.threads = threads});
  std::vector<StepCost> costs;
  for (const int32_t context : options.integers("contexts", {0, 256, 512})) {
    REQUEST_CHECK(context >= 0 && context <= model->contract().context_length,
                  "--contexts out of range: ", context, " (expected: 0..", model->contract().context_length,
                  ")");
    Bench bench(*model, context, static_cast<int32_t>(sequences), std::ranges::max(row_counts));
    std::ranges::move(bench.measure(row_counts, static_cast<int32_t>(repetitions)), std::back_inserter(costs));
  }
  print(costs, threads, options.has("json"));
}

}  // namespace seedbed::engine::cli
