#include "cost_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "hash_model.h"

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

TEST(CostCurve, IsReadBetweenItsPointsAndPastThem) {
  const std::vector<CostPoint> curve{
      {.rows = 2, .seconds = 1}, {.rows = 4, .seconds = 2}, {.rows = 8, .seconds = 6}};
  EXPECT_DOUBLE_EQ(seconds_of(curve, 1), 1) << "fewer rows are not known to be cheaper";
  EXPECT_DOUBLE_EQ(seconds_of(curve, 4), 2);
  EXPECT_DOUBLE_EQ(seconds_of(curve, 5), 3);
  EXPECT_DOUBLE_EQ(seconds_of(curve, 16), 12);
}

TEST(CostCurve, TellsTheMostRowsThatASpanOfTimeHolds) {
  const std::vector<CostPoint> curve = curve_of([](int32_t rows) { return 8 + rows; });
  EXPECT_EQ(rows_within(40, curve, 96), 32);
  EXPECT_EQ(rows_within(40.9, curve, 96), 32);
  EXPECT_EQ(rows_within(8.5, curve, 96), 0);
  EXPECT_EQ(rows_within(-1, curve, 96), 0);
  EXPECT_EQ(rows_within(1000, curve, 96), 96);
}

// What seedling-v1 made of drafts.
const std::vector<DraftYield> kYields{{4, 3.9}, {8, 6.8}, {12, 8.9}, {16, 10.2}};

TEST(DraftLength, IsLongWhereRowsAreFree) {
  EXPECT_EQ(choose_draft_length(kYields, curve_of([](int32_t) { return 0.01; })), 16);
}

TEST(DraftLength, IsShortWhereEveryRowCosts) {
  EXPECT_EQ(choose_draft_length(kYields, curve_of([](int32_t rows) { return 0.001 * rows; })), 4);
}

TEST(DraftLength, WeighsTheCostOfAPassAgainstThatOfItsRows) {
  // Seconds of a pass: as much as ten rows, and the rows.
  EXPECT_EQ(choose_draft_length(kYields, curve_of([](int32_t rows) { return 0.001 * (10 + rows); })), 8);
}

TEST(DraftLength, IsTheShortestOfThoseThatAMeasurementCannotTellApart) {
  const std::vector<DraftYield> yields{{4, 2.0}, {8, 3.99}, {12, 4.0}};
  EXPECT_EQ(choose_draft_length(yields, curve_of([](int32_t) { return 0.01; })), 8);
}

TEST(DraftLength, NeverMakesARequestTooLongForContextOrArena) {
  Contract contract = test_contract(Attention::kCausalContext);
  contract.context_length = 64;
  contract.default_policy.draft_length = 6;
  const auto fitting = [&contract](int32_t fastest, int64_t prompt_length, int64_t arena_positions) {
    return draft_length_that_fits(fastest, contract, prompt_length, 10, arena_positions);
  };
  EXPECT_EQ(fitting(16, 20, 4096), 16);
  EXPECT_EQ(fitting(16, 44, 4096), 10) << "10 positions of the context are left";
  EXPECT_EQ(fitting(16, 20, 50), 11) << "50 positions hold 28 and two drafts of 11";
  EXPECT_EQ(fitting(16, 48, 4096), 6) << "that the contract's own fits was checked before";
  EXPECT_EQ(fitting(16, 50, 4096), 6) << "never below the contract's, whose refusal is the one to give";
  EXPECT_EQ(fitting(3, 48, 4096), 3);
}

TEST(CostCurve, IsMeasuredAsFarAsTheArenaReaches) {
  HashModel model(test_contract(Attention::kCausalContext), 20);
  const std::vector<CostPoint> curve = measure_cost_curve(model);
  ASSERT_FALSE(curve.empty());
  EXPECT_LE(curve.back().rows, 20);
  EXPECT_GT(curve.front().seconds, 0);
  EXPECT_TRUE(std::ranges::is_sorted(curve, {}, &CostPoint::seconds)) << "more rows never take less time";
  const KvArena::Span all = *model.arena().acquire(20);
  EXPECT_TRUE(measure_cost_curve(model).empty());
}

}  // namespace
}  // namespace seedbed::engine
