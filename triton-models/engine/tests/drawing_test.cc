#include "drawing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "philox.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// docs/sampling.md word for word, with a full sort.
int32_t draw_by_the_book(const std::vector<float>& logits, double temperature, double top_p, double u) {
  const double maximum = *std::max_element(logits.begin(), logits.end());
  std::vector<double> q;
  for (const float logit : logits) q.push_back(std::exp((logit - maximum) / temperature));
  const double sum = std::accumulate(q.begin(), q.end(), 0.0);
  for (double& probability : q) probability /= sum;
  std::vector<int32_t> order(q.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return q[static_cast<size_t>(a)] > q[static_cast<size_t>(b)];
  });
  size_t kept = order.size();
  double mass = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    mass += q[static_cast<size_t>(order[rank])];
    if (top_p < 1 && mass >= top_p) {
      kept = rank + 1;
      break;
    }
  }
  double cumulated = 0;
  for (size_t rank = 0; rank < kept; ++rank) {
    cumulated += q[static_cast<size_t>(order[rank])];
    if (cumulated > u * mass) return order[rank];
  }
  return order[kept - 1];
}

TEST(Drawing, AtTemperatureZeroTakesTheLargestLogitAndTheLowestIdOfEquals) {
  Drawing drawing;
  drawing.read(std::vector<float>{1, 3, 2, 3}, {});
  EXPECT_EQ(drawing.draw(0, 1, 0.99), 1);
  EXPECT_EQ(drawing.margin(), 0);
  drawing.read(std::vector<float>{1, 3, 2.5F, -1}, {});
  EXPECT_EQ(drawing.draw(0, 0.5, 0.99), 1);
  EXPECT_EQ(drawing.margin(), 0.5);
}

TEST(Drawing, NeverDrawsAForbiddenId) {
  const std::vector<int32_t> forbidden = {1, 3};
  Drawing drawing;
  drawing.read(std::vector<float>{1, 9, 2, 9}, forbidden);
  EXPECT_EQ(drawing.draw(0, 1, 0), 2);
  for (const double u : {0.0, 0.3, 0.6, 0.9, 0.999999}) {
    const int32_t token_id = drawing.draw(2, 1, u);
    EXPECT_TRUE(token_id == 0 || token_id == 2) << token_id;
  }
  EXPECT_EQ(drawing.confidence(1), 0);
  EXPECT_DOUBLE_EQ(drawing.confidence(0) + drawing.confidence(2), 1);
}

TEST(Drawing, GivesTheConfidenceAtTemperatureOneBeforeTopP) {
  Drawing drawing;
  const std::vector<float> logits = {std::log(1.0F), std::log(2.0F), std::log(5.0F)};
  drawing.read(logits, {});
  for (const double temperature : {0.0, 0.3, 1.7}) {
    const int32_t token_id = drawing.draw(temperature, 0.1, 0.5);
    EXPECT_EQ(token_id, 2);
    EXPECT_NEAR(drawing.confidence(token_id), 5.0 / 8, 1e-7);
  }
}

TEST(Drawing, CutsTheNucleusAtTopP) {
  Drawing drawing;
  const std::vector<float> logits = {std::log(1.0F), std::log(5.0F), std::log(4.0F)};  // 0.1, 0.5, 0.4
  drawing.read(logits, {});
  EXPECT_EQ(drawing.draw(1, 0.8, 0.999999), 2);
  EXPECT_EQ(drawing.draw(1, 0.8, 0.54), 1);  // below 0.5 / 0.9
  EXPECT_EQ(drawing.draw(1, 0.8, 0.56), 2);
  EXPECT_NEAR(drawing.margin(), 0.56 - 5.0 / 9, 1e-7);
  EXPECT_EQ(drawing.draw(1, 0.4, 0.999999), 1);
  EXPECT_EQ(drawing.draw(1, 1, 0.999999), 0);
}

TEST(Drawing, AgreesWithTheRulesReadWordForWord) {
  std::mt19937 random(7);
  Drawing drawing;
  int distinct = 0;
  for (int round = 0; round < 3000; ++round) {
    const size_t vocabulary = 1 + random() % 700;
    // A coarse grid of logits makes many equal probabilities.
    const float grain = round % 3 == 0 ? 0.5F : 0.001F;
    std::vector<float> logits(vocabulary);
    for (float& logit : logits)
      logit = grain * static_cast<float>(random() % static_cast<uint32_t>(8 / grain));
    if (round % 5 == 0) logits[random() % vocabulary] = -kInfinity;
    if (*std::max_element(logits.begin(), logits.end()) == -kInfinity) continue;
    const double temperature = std::vector<double>{0.05, 0.8, 1.0, 2.0}[random() % 4];
    const double top_p = std::vector<double>{1.0, 0.95, 0.3, std::nextafter(1.0, 0.0)}[random() % 4];
    const double u = round % 11 == 0   ? 0
                     : round % 13 == 0 ? std::nextafter(1.0, 0.0)
                                       : uniform(9, round, 0, Purpose::kToken);
    drawing.read(logits, {});
    const int32_t expected = draw_by_the_book(logits, temperature, top_p, u);
    ASSERT_EQ(drawing.draw(temperature, top_p, u), expected) << "round " << round;
    distinct += expected != drawing.draw(0, 1, 0);
  }
  EXPECT_GT(distinct, 1000);
}

TEST(Drawing, DecidesExactlyAtAnEdgeOfTheDistribution) {
  Drawing drawing;
  const std::vector<float> four_equals(4, 0.0F);
  drawing.read(four_equals, {});
  for (const double top_p : {1.0, 0.9999}) {
    EXPECT_EQ(drawing.draw(1, top_p, 0.25), 1);  // the token whose cumulated probability exceeds u
    EXPECT_EQ(drawing.draw(1, top_p, std::nextafter(0.25, 0.0)), 0);
    EXPECT_EQ(drawing.draw(1, top_p, std::nextafter(1.0, 0.0)), 3);
  }
}

TEST(Drawing, RefusesARowThatCannotBeDrawnFrom) {
  Drawing drawing;
  const std::vector<int32_t> both = {0, 1};
  EXPECT_THROW(drawing.read(std::vector<float>{0, NAN}, {}), EngineError);
  EXPECT_THROW(drawing.read(std::vector<float>{0, 0}, both), EngineError);
  EXPECT_THROW(drawing.read(std::vector<float>{-kInfinity, -kInfinity}, {}), EngineError);
  EXPECT_THROW(drawing.read(std::vector<float>{0, kInfinity}, {}), EngineError);
}

}  // namespace
}  // namespace seedbed::engine
