#include "cost_curve.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "seedbed/engine/check.h"
#include "seedbed/engine/decoder.h"

namespace seedbed::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int32_t kRowsPerSequence = 16;
constexpr int32_t kRepetitions = 3;
constexpr double kShareOfBest = 0.9;
constexpr double kLongestRound = 0.25;    // seconds; beyond it, cancellation and joining would feel slow
constexpr int32_t kShortPromptRows = 96;  // a prompt of 64 tokens and the largest usual block

// Seconds of the shortest of some passes over `rows` mask rows of sequences with empty contexts.
double time_rows(ForwardPass& model, int32_t rows) {
  std::vector<KvArena::Span> spans;
  std::vector<int32_t> lengths;
  for (int32_t left = rows; left > 0; left -= lengths.back()) {
    lengths.push_back(std::min(left, kRowsPerSequence));
    std::optional<KvArena::Span> span = model.arena().acquire(lengths.back());
    ENGINE_CHECK(span.has_value(), "no room in the KV arena to measure ", rows, " rows");
    spans.push_back(std::move(*span));
  }
  std::vector<Slice> slices;
  for (size_t i = 0; i < spans.size(); ++i) {
    slices.push_back(
        {.kv = &spans[i],
         .token_ids = std::vector<int32_t>(static_cast<size_t>(lengths[i]), model.contract().mask_token_id),
         .block_size = model.contract().block_size});
  }
  std::chrono::duration<double> shortest = Clock::duration::max();
  for (int32_t i = 0; i < kRepetitions; ++i) {
    const Clock::time_point start = Clock::now();
    model.forward(slices);
    shortest = std::min<std::chrono::duration<double>>(shortest, Clock::now() - start);
  }
  return std::max(shortest.count(), 1e-9);
}

}  // namespace

int32_t choose_round_rows(std::span<const CostPoint> curve) {
  const auto rows_per_second = [](const CostPoint& point) { return point.rows / point.seconds; };
  double best = 0;
  for (const CostPoint& point : curve) best = std::max(best, rows_per_second(point));
  const CostPoint& knee = *std::ranges::find_if(
      curve, [&](const CostPoint& point) { return rows_per_second(point) >= kShareOfBest * best; });
  int32_t rows = knee.rows;
  for (const CostPoint& point : curve) {
    if (point.rows <= kShortPromptRows && point.seconds <= kLongestRound) rows = std::max(rows, point.rows);
  }
  return rows;
}

int32_t measure_round_rows(ForwardPass& model) {
  std::vector<CostPoint> curve;
  const int32_t most_rows = model.arena().largest_gap();
  for (const int32_t rows : {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512}) {
    if (rows > most_rows) break;
    curve.push_back({.rows = rows, .seconds = time_rows(model, rows)});
    if (curve.back().seconds > kLongestRound) break;
  }
  return curve.empty() ? 1 : choose_round_rows(curve);  // empty: an arena of no positions
}

}  // namespace seedbed::engine
