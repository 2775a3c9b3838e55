#include "drawing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Ids sorted at first; then four times as many at each further need.
constexpr size_t kFirstRanks = 32;

// The mass of all ids differs from 1 by the rounding of at most 2^20 additions. A draw that is clearer than
// this does not need the mass, hence not the order of ids behind the drawn one.
constexpr double kMassRounding = 1e-9;

}  // namespace

void Drawing::read(std::span<const float> logits, std::span<const int32_t> forbidden) {
  logits_.assign(logits.begin(), logits.end());
  for (const int32_t id : forbidden) logits_[static_cast<size_t>(id)] = kNever;
  float maximum = kNever;
  size_t largest = 0;
  bool has_nan = false;
  for (size_t id = 0; id < logits_.size(); ++id) {
    has_nan = has_nan || std::isnan(logits_[id]);
    if (logits_[id] > maximum) {
      maximum = logits_[id];
      largest = id;
    }
  }
  ENGINE_CHECK(!has_nan, "logits row has a NaN");
  ENGINE_CHECK(std::isfinite(maximum), "largest logit of a row not finite: ", maximum);
  maximum_ = maximum;
  largest_ = static_cast<int32_t>(largest);
  exponential_sum_ = 0;
}

int32_t Drawing::draw(double temperature, double top_p, double u) {
  greedy_ = temperature == 0;
  if (greedy_) return largest_;
  softmax(temperature);
  return draw_by_interval(top_p, u);
}

double Drawing::confidence(int32_t token_id) {
  if (exponential_sum_ == 0) {
    for (const float logit : logits_) exponential_sum_ += std::exp(logit - maximum_);
  }
  return std::exp(logits_[static_cast<size_t>(token_id)] - maximum_) / exponential_sum_;
}

double Drawing::margin() const {
  if (!greedy_) return distance_to_edge_;
  double second = kNever;
  for (size_t id = 0; id < logits_.size(); ++id) {
    if (static_cast<int32_t>(id) != largest_) second = std::max(second, static_cast<double>(logits_[id]));
  }
  return maximum_ - second;
}

void Drawing::softmax(double temperature) {
  q_.resize(logits_.size());
  double sum = 0;
  for (size_t id = 0; id < q_.size(); ++id) {
    q_[id] = std::exp((logits_[id] - maximum_) / temperature);
    sum += q_[id];
  }
  for (double& probability : q_) probability /= sum;
  ranking_.resize(q_.size());
  std::iota(ranking_.begin(), ranking_.end(), 0);
  ranked_ = 0;
}

int32_t Drawing::ranked(size_t rank) {
  if (rank >= ranked_) {
    const size_t wanted = std::min(ranking_.size(), std::max({kFirstRanks, 4 * ranked_, rank + 1}));
    std::partial_sort(ranking_.begin() + static_cast<std::ptrdiff_t>(ranked_),
                      ranking_.begin() + static_cast<std::ptrdiff_t>(wanted), ranking_.end(),
                      [this](int32_t a, int32_t b) {
                        const double qa = q_[static_cast<size_t>(a)];
                        const double qb = q_[static_cast<size_t>(b)];
                        return qa != qb ? qa > qb : a < b;
                      });
    ranked_ = wanted;
  }
  return ranking_[rank];
}

int32_t Drawing::draw_by_interval(double top_p, double u) {
  const size_t ids = q_.size();
  const auto probability = [this](size_t rank) { return q_[static_cast<size_t>(ranked(rank))]; };

  size_t kept = ids;
  double mass = 0;
  for (size_t rank = 0; rank < ids; ++rank) {
    const double lower = mass;
    mass += probability(rank);
    if (top_p < 1) {
      if (mass >= top_p) {
        kept = rank + 1;
        break;
      }
    } else if (lower <= u * (1 - kMassRounding) && mass > u * (1 + kMassRounding)) {
      distance_to_edge_ = std::min(u - lower, mass - u);
      return ranking_[rank];
    }
  }

  double upper = 0;
  for (size_t rank = 0; rank < kept; ++rank) {
    const double lower = upper;
    upper += probability(rank);
    if (upper > u * mass || rank + 1 == kept) {
      distance_to_edge_ = std::min(u - lower / mass, upper / mass - u);
      return ranking_[rank];
    }
  }
  fail<EngineError>("no id left to draw from: ", ids, " ids");
}

}  // namespace seedbed::engine
