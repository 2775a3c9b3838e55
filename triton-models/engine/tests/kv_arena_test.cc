#include "seedbed/engine/kv_arena.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

TEST(KvArena, HandsOutTheFirstGapThatFits) {
  KvArena arena(100);
  auto a = arena.acquire(10);
  auto b = arena.acquire(20);
  auto c = arena.acquire(30);
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(a->offset(), 0);
  EXPECT_EQ(b->offset(), 10);
  EXPECT_EQ(c->offset(), 30);
  b.reset();
  auto too_large_for_the_hole = arena.acquire(25);
  auto fits_the_hole = arena.acquire(15);
  ASSERT_TRUE(too_large_for_the_hole && fits_the_hole);
  EXPECT_EQ(too_large_for_the_hole->offset(), 60);
  EXPECT_EQ(fits_the_hole->offset(), 10);
}

TEST(KvArena, IsEmptyHandedWhenNoGapIsLargeEnough) {
  KvArena arena(10);
  auto a = arena.acquire(4);
  auto b = arena.acquire(4);
  a.reset();
  EXPECT_EQ(arena.used(), 4);
  EXPECT_EQ(arena.largest_gap(), 4);
  EXPECT_FALSE(arena.acquire(5).has_value());
  EXPECT_TRUE(arena.acquire(4).has_value());
}

TEST(KvArena, MergesAdjacentGapsWhateverTheOrderOfRelease) {
  for (const std::vector<size_t>& order :
       std::vector<std::vector<size_t>>{{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}}) {
    KvArena arena(30);
    std::vector<std::optional<KvArena::Span>> spans;
    for (int i = 0; i < 3; ++i) spans.push_back(arena.acquire(10));
    EXPECT_EQ(arena.largest_gap(), 0);
    for (const size_t i : order) spans[i].reset();
    EXPECT_EQ(arena.largest_gap(), 30);
    EXPECT_EQ(arena.used(), 0);
  }
}

TEST(KvArena, NeverHandsOutAPositionTwice) {
  std::mt19937 random(1);
  KvArena arena(500);
  std::vector<KvArena::Span> spans;
  for (int step = 0; step < 5000; ++step) {
    if (!spans.empty() && random() % 2 == 0) {
      std::swap(spans[random() % spans.size()], spans.back());
      spans.pop_back();
    } else if (auto span = arena.acquire(1 + static_cast<int32_t>(random() % 60))) {
      spans.push_back(std::move(*span));
    }
    std::map<int32_t, int32_t> ends;
    int32_t used = 0;
    for (const auto& span : spans) {
      ends[span.offset()] = span.offset() + span.capacity();
      used += span.capacity();
    }
    int32_t previous_end = 0;
    for (const auto& [begin, end] : ends) {
      ASSERT_GE(begin, previous_end);
      previous_end = end;
    }
    ASSERT_LE(previous_end, arena.capacity());
    ASSERT_EQ(ends.size(), spans.size());
    ASSERT_EQ(arena.used(), used);
  }
  spans.clear();
  EXPECT_EQ(arena.largest_gap(), 500);
}

TEST(KvArena, AMovedSpanReturnsItsPositionsOnce) {
  KvArena arena(20);
  auto first = arena.acquire(8);
  KvArena::Span second = std::move(*first);
  first.reset();
  EXPECT_EQ(arena.used(), 8);
  auto third = arena.acquire(4);
  second = std::move(*third);
  EXPECT_EQ(arena.used(), 4);
}

TEST(KvArena, ASpanKeepsNoMoreRowsThanItHas) {
  KvArena arena(8);
  auto span = arena.acquire(8);
  span->keep(5);
  EXPECT_EQ(span->length(), 5);
  EXPECT_THROW(span->keep(4), EngineError);
  EXPECT_THROW(span->keep(-1), EngineError);
  EXPECT_EQ(span->length(), 5);
}

TEST(KvArena, RefusesSizesBelowOne) {
  EXPECT_THROW(KvArena(0), EngineError);
  KvArena arena(8);
  EXPECT_THROW(arena.acquire(0), EngineError);
}

}  // namespace
}  // namespace seedbed::engine
