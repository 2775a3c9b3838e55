#include "thread_governor.h"

#include <gtest/gtest.h>

namespace seedbed::engine {
namespace {

using std::chrono::milliseconds;

// Rounds on one thread until the governor tries all of them again.
int rounds_on_one_thread(ThreadGovernor& governor) {
  int rounds = 0;
  while (governor.threads() == 1) {
    governor.computed(milliseconds(10), milliseconds(0));
    ++rounds;
  }
  return rounds;
}

TEST(ThreadGovernor, GivesAllThreadsWhereCoresAreFree) {
  ThreadGovernor governor(4);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(governor.threads(), 4);
    governor.computed(milliseconds(10), milliseconds(1));
  }
}

TEST(ThreadGovernor, PausesLongerAfterEachRoundSpentInWaiting) {
  ThreadGovernor governor(2);
  int previous = 0;
  for (int i = 0; i < 5; ++i) {
    governor.computed(milliseconds(10), milliseconds(9));
    const int pause = rounds_on_one_thread(governor);
    EXPECT_GT(pause, previous);
    previous = pause;
  }
  for (int i = 0; i < 20; ++i) {
    governor.computed(milliseconds(10), milliseconds(9));
    rounds_on_one_thread(governor);
  }
  governor.computed(milliseconds(10), milliseconds(9));
  EXPECT_EQ(rounds_on_one_thread(governor), 2048) << "it never gives up";
}

TEST(ThreadGovernor, ForgivesOnceRoundsGoWell) {
  ThreadGovernor governor(2);
  governor.computed(milliseconds(10), milliseconds(9));
  const int first = rounds_on_one_thread(governor);
  governor.computed(milliseconds(10), milliseconds(9));
  rounds_on_one_thread(governor);
  for (int i = 0; i < 20; ++i) governor.computed(milliseconds(10), milliseconds(0));
  governor.computed(milliseconds(10), milliseconds(9));
  EXPECT_EQ(rounds_on_one_thread(governor), first);
}

TEST(ThreadGovernor, LeavesASingleThreadAlone) {
  ThreadGovernor governor(1);
  governor.computed(milliseconds(10), milliseconds(10));
  EXPECT_EQ(governor.threads(), 1);
}

}  // namespace
}  // namespace seedbed::engine
