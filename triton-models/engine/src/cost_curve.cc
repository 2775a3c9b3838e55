#include "cost_curve.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <ranges>

#include "seedbed/engine/check.h"
#include "seedbed/engine/decoder.h"

namespace seedbed::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int32_t kRowsPerSequence = 16;
constexpr int32_t kAgreeing = 3;     // times of a number of rows that must agree,
constexpr int32_t kMostTurns = 12;   // unless they never do,
constexpr double kAgreement = 1.05;  // to this factor
constexpr double kShareOfBest = 0.9;
constexpr double kShareOfBestPace = 0.98;
constexpr double kLongestRound = 0.25;    // seconds; beyond it, cancellation and joining would feel slow
constexpr int32_t kShortPromptRows = 96;  // a prompt of 64 tokens and the largest usual block

// Seconds of a pass over `rows` mask rows of sequences with empty contexts.
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
  const Clock::time_point start = Clock::now();
  model.forward(slices);
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  return std::max(elapsed.count(), 1e-9);
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

double seconds_of(std::span<const CostPoint> curve, int32_t rows) {
  const auto above =
      std::ranges::find_if(curve, [rows](const CostPoint& point) { return point.rows >= rows; });
  if (above == curve.end()) return curve.back().seconds * rows / curve.back().rows;
  if (above == curve.begin()) return above->seconds;
  const CostPoint& below = *std::prev(above);
  const double share = static_cast<double>(rows - below.rows) / (above->rows - below.rows);
  return below.seconds + share * (above->seconds - below.seconds);
}

int32_t rows_within(double seconds, std::span<const CostPoint> curve, int32_t most) {
  const auto rows = std::views::iota(1, most + 1);
  return static_cast<int32_t>(std::ranges::distance(
      rows.begin(), std::ranges::partition_point(
                        rows, [&](int32_t count) { return seconds_of(curve, count) <= seconds; })));
}

int32_t choose_draft_length(std::span<const DraftYield> yields, std::span<const CostPoint> curve) {
  const auto tokens_per_second = [curve](const DraftYield& yield) {
    return yield.tokens_per_forward / seconds_of(curve, rows_of_draft(yield.draft_length));
  };
  double best = 0;
  for (const DraftYield& yield : yields) best = std::max(best, tokens_per_second(yield));
  return std::ranges::find_if(yields, [&](const DraftYield& yield) {
           return tokens_per_second(yield) >= kShareOfBestPace * best;
         })->draft_length;
}

int32_t draft_length_that_fits(int32_t fastest, const Contract& contract, int64_t prompt_length,
                               int64_t max_tokens, int64_t arena_positions) {
  const int64_t output_end = prompt_length + max_tokens;
  // docs/sampling.md, "Limits and counters": what counts against the context, and what the KV span holds.
  const int64_t room = std::min(contract.context_length - output_end, (arena_positions - output_end + 2) / 2);
  const int64_t longest = std::max<int64_t>(contract.default_policy.draft_length, room);
  return static_cast<int32_t>(std::min<int64_t>(fastest, longest));
}

std::vector<CostPoint> measure_cost_curve(ForwardPass& model) {
  std::vector<CostPoint> curve;
  const int32_t most_rows = model.arena().largest_gap();
  for (const int32_t rows : {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512}) {
    if (rows > most_rows) break;
    curve.push_back({.rows = rows, .seconds = time_rows(model, rows)});
    if (curve.back().seconds > kLongestRound) break;
  }
  // The shortest of each, taken in turns: moments in which others had the cores do not bend the curve. A
  // single short one is no proof that there was none, so on a busy machine it takes more turns.
  std::vector<int32_t> agreeing(curve.size(), 1);
  for (int32_t turn = 1; turn < kMostTurns; ++turn) {
    for (size_t i = 0; i < curve.size(); ++i) {
      if (agreeing[i] >= kAgreeing) continue;
      double& shortest = curve[i].seconds;
      const double seconds = time_rows(model, curve[i].rows);
      if (seconds * kAgreement < shortest) agreeing[i] = 0;
      if (seconds < shortest * kAgreement) agreeing[i] += 1;
      shortest = std::min(shortest, seconds);
    }
  }
  for (size_t i = curve.size(); i-- > 1;)
    curve[i - 1].seconds = std::min(curve[i - 1].seconds, curve[i].seconds);
  return curve;
}

}  // namespace seedbed::engine
