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
using Seconds = std::chrono::duration<double>;

constexpr int32_t kRowsPerSequence = 16;
constexpr int32_t kMostRows = 512;
constexpr int32_t kRepetitions = 3;
constexpr double kShareOfBest = 0.9;
constexpr Seconds kLongestRound{0.25};  // beyond it, cancellation and joining would feel slow

// The shortest of some passes over `rows` mask rows of sequences with empty contexts.
Seconds time_rows(ForwardPass& model, int32_t rows) {
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
  Seconds shortest = Seconds::max();
  for (int32_t i = 0; i < kRepetitions; ++i) {
    const Clock::time_point start = Clock::now();
    model.forward(slices);
    shortest = std::min<Seconds>(shortest, Clock::now() - start);
  }
  return shortest;
}

}  // namespace

int32_t measure_round_rows(ForwardPass& model) {
  struct Point {
    int32_t rows;
    double rows_per_second;
  };
  std::vector<Point> curve;
  double best = 0;
  const int32_t most_rows = std::min(kMostRows, model.arena().largest_gap());
  for (const int32_t rows : {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512}) {
    if (rows > most_rows) break;
    const Seconds seconds = time_rows(model, rows);
    curve.push_back({rows, rows / std::max(seconds.count(), 1e-9)});
    best = std::max(best, curve.back().rows_per_second);
    if (seconds > kLongestRound) break;
  }
  for (const Point& point : curve) {
    if (point.rows_per_second >= kShareOfBest * best) return point.rows;
  }
  return 1;  // an arena of no positions
}

}  // namespace seedbed::engine
