#include "policy.h"

#include <gtest/gtest.h>

namespace seedbed::engine {
namespace {

using Indices = std::vector<int32_t>;

const std::vector<Candidate> kCandidates = {{2, 0.5}, {3, 0.9}, {5, 0.9}, {6, 0.2}, {7, 0.95}};

TEST(ThresholdPolicy, RevealsAllAboveTheThreshold) {
  EXPECT_EQ(reveal_by_threshold(kCandidates, 0.4), (Indices{2, 3, 5, 7}));
}

TEST(ThresholdPolicy, DoesNotRevealWhatOnlyEqualsTheThreshold) {
  EXPECT_EQ(reveal_by_threshold(kCandidates, 0.9), (Indices{7}));
}

TEST(ThresholdPolicy, RevealsTheMostConfidentWhenNoneIsAbove) {
  EXPECT_EQ(reveal_by_threshold(kCandidates, 1.0), (Indices{7}));
  EXPECT_EQ(reveal_by_threshold(std::vector<Candidate>{{4, 0.1}, {5, 0.3}, {9, 0.3}}, 0.5), (Indices{5}))
      << "ties: lowest position";
}

TEST(ConfidentPrefixPolicy, RevealsTheFirstAndWhatFollowsAboveTheThreshold) {
  EXPECT_EQ(reveal_confident_prefix(kCandidates, 0.4), (Indices{2, 3, 5}));
  EXPECT_EQ(reveal_confident_prefix(kCandidates, 0.1), (Indices{2, 3, 5, 6, 7}));
}

TEST(ConfidentPrefixPolicy, RevealsTheFirstHoweverUnsure) {
  EXPECT_EQ(reveal_confident_prefix(kCandidates, 0.9), (Indices{2}))
      << "what only equals the threshold does not follow";
}

TEST(FixedStepsPolicy, SharesTheRestOutOverTheRoundsLeft) {
  EXPECT_EQ(reveal_by_fixed_steps(kCandidates, 2, 0), (Indices{3, 5, 7})) << "5 over 2 rounds, rounded up";
  EXPECT_EQ(reveal_by_fixed_steps(kCandidates, 3, 0), (Indices{3, 7})) << "ties: lowest position";
  EXPECT_EQ(reveal_by_fixed_steps(kCandidates, 8, 1), (Indices{7}));
}

TEST(FixedStepsPolicy, RevealsEverythingInTheLastRoundAndAfterIt) {
  EXPECT_EQ(reveal_by_fixed_steps(kCandidates, 4, 3), (Indices{2, 3, 5, 6, 7}));
  EXPECT_EQ(reveal_by_fixed_steps(kCandidates, 1, 5), (Indices{2, 3, 5, 6, 7}));
}

}  // namespace
}  // namespace seedbed::engine
