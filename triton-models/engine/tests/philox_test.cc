#include "philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace seedbed::engine {
namespace {

using Block = std::array<uint32_t, 4>;

TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Uniform, UsesTheHighBitsOfTheFirstTwoOutputs) {
  const double expected =
      (static_cast<double>(0x6627e8d5U >> 5) * 67108864.0 + static_cast<double>(0xe169c58dU >> 6)) /
      9007199254740992.0;
  EXPECT_EQ(uniform(0, 0, 0, Purpose::kToken), expected);
}

TEST(Uniform, DependsOnBothHalvesOfTheSeedAndOnPositionAndAttempt) {
  const std::set<double> numbers = {uniform(1, 0, 0, Purpose::kToken),
                                    uniform(1LL << 32, 0, 0, Purpose::kToken),
                                    uniform((1LL << 32) + 1, 0, 0, Purpose::kToken),
                                    uniform(1, 1, 0, Purpose::kToken), uniform(1, 0, 1, Purpose::kToken)};
  EXPECT_EQ(numbers.size(), 5U);
}

TEST(Uniform, StaysInTheHalfOpenUnitIntervalAndFillsIt) {
  double least = 1;
  double largest = 0;
  for (int32_t position = 0; position < 20000; ++position) {
    const double u = uniform(42, position, 0, Purpose::kToken);
    least = std::min(least, u);
    largest = std::max(largest, u);
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(least, 0.001);
  EXPECT_LT(largest, 1);
  EXPECT_GT(largest, 0.999);
}

}  // namespace
}  // namespace seedbed::engine
