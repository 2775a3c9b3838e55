#include "policy.h"

#include <algorithm>

namespace seedbed::engine {
namespace {

std::vector<int32_t> most_confident(std::span<const Candidate> candidates, size_t count) {
  std::vector<Candidate> order(candidates.begin(), candidates.end());
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [](const Candidate& a, const Candidate& b) {
                      return a.confidence != b.confidence ? a.confidence > b.confidence : a.index < b.index;
                    });
  std::vector<int32_t> indices;
  for (size_t i = 0; i < count; ++i) indices.push_back(order[i].index);
  std::sort(indices.begin(), indices.end());
  return indices;
}

}  // namespace

std::vector<int32_t> reveal_by_threshold(std::span<const Candidate> candidates, double threshold) {
  std::vector<int32_t> indices;
  for (const Candidate& candidate : candidates) {
    if (candidate.confidence > threshold) indices.push_back(candidate.index);
  }
  return indices.empty() ? most_confident(candidates, 1) : indices;
}

std::vector<int32_t> reveal_confident_prefix(std::span<const Candidate> candidates, double threshold) {
  std::vector<int32_t> indices;
  for (const Candidate& candidate : candidates) {
    if (!indices.empty() && candidate.confidence <= threshold) break;
    indices.push_back(candidate.index);
  }
  return indices;
}

std::vector<int32_t> reveal_by_fixed_steps(std::span<const Candidate> candidates, int32_t steps,
                                           int32_t round) {
  const auto rounds_left = static_cast<size_t>(std::max(1, steps - round));
  return most_confident(candidates, (candidates.size() + rounds_left - 1) / rounds_left);
}

}  // namespace seedbed::engine
