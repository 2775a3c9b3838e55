#include "cost_curve.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace seedbed::engine {
namespace {

std::vector<CostPoint> curve_of(const std::function<double(int32_t)>& seconds) {
  std::vector<CostPoint> curve;
  for (const int32_t rows : {1, 4, 16, 32, 64, 96, 128, 256, 512})
    curve.push_back({.rows = rows, .seconds = seconds(rows)});
  return curve;
}

TEST(CostCurve, RoundsHaveTheRowsOfTheKneeWhereItIsHigh) {
  // Rows are free up to 128, as on a device.
  EXPECT_EQ(choose_round_rows(curve_of([](int32_t rows) { return rows <= 128 ? 0.01 : 0.01 * rows / 128; })),
            128);
}

TEST(CostCurve, RoundsHaveRoomForAShortPromptPastTheKnee) {
  EXPECT_EQ(choose_round_rows(curve_of([](int32_t rows) { return 0.001 * rows; })), 96);
}

TEST(CostCurve, RoundsStayShortOnASlowMachine) {
  EXPECT_EQ(choose_round_rows(curve_of([](int32_t rows) { return 0.01 * rows; })), 16);
  EXPECT_EQ(choose_round_rows(curve_of([](int32_t rows) { return 1.0 * rows; })), 1);
}

TEST(CostCurve, OfOnePointIsThatPoint) {
  const std::vector<CostPoint> curve{{.rows = 1, .seconds = 3}};
  EXPECT_EQ(choose_round_rows(curve), 1);
}

}  // namespace
}  // namespace seedbed::engine
