#include "prefill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "hash_model.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

TEST(Prefill, SharesTheRoundOfAShortPromptWithTheRowsBehindIt) {
  const PromptChunk chunk = next_chunk(20, 16, 1, 63);
  EXPECT_EQ(chunk.rows, 20);
  EXPECT_TRUE(chunk.last);
}

TEST(Prefill, LeavesARowToStandBeforeTheMasks) {
  const PromptChunk chunk = next_chunk(20, 50, 1, 63);
  EXPECT_EQ(chunk.rows, 19);
  EXPECT_FALSE(chunk.last);
  const PromptChunk rest = next_chunk(1, 80, 1, 4);
  EXPECT_EQ(rest.rows, 1);
  EXPECT_TRUE(rest.last);
}

TEST(Prefill, EndsChunksOnMultiplesOfTheGrain) {
  EXPECT_EQ(next_chunk(64, 16, 16, 40).rows, 32);
  EXPECT_EQ(next_chunk(64, 16, 16, 3).rows, 16) << "a block is the least that makes progress";
  EXPECT_EQ(next_chunk(16, 16, 16, 3).rows, 16);
}

TEST(Prefill, KeepsEveryChunkWithinTheRoundOrMakesTheLeastProgress) {
  for (const int32_t grain : {1, 8}) {
    for (int32_t remaining = grain; remaining <= 200; remaining += grain) {
      for (int32_t max_rows = 1; max_rows <= 80; ++max_rows) {
        const PromptChunk chunk = next_chunk(remaining, 12, grain, max_rows);
        ASSERT_GE(chunk.rows, 1);
        ASSERT_EQ(chunk.rows % grain, 0);
        ASSERT_EQ(chunk.last, chunk.rows == remaining);
        ASSERT_LE(chunk.rows + (chunk.last ? 12 : 0),
                  std::max({grain, chunk.last ? grain + 12 : 0, std::min(max_rows, kMaxPrefillRows)}));
      }
    }
  }
}

// The cuts are drawn anew for every round.
Generation generate_with_random_cuts(HashModel& model, const std::vector<int32_t>& prompt,
                                     const DecodeParameters& parameters, std::mt19937& random) {
  const auto decoder = Decoder::create(model.contract(), prompt, parameters);
  auto kv = *model.arena().acquire(decoder->span_positions());
  Generation generation;
  while (generation.finish == FinishReason::kNone) {
    Slice slice = decoder->plan(kv, 1 + static_cast<int32_t>(random() % 70));
    const Step step = decoder->absorb(slice, model.forward({&slice, 1}));
    generation.token_ids.insert(generation.token_ids.end(), step.committed.token_ids.begin(),
                                step.committed.token_ids.end());
    generation.confidence.insert(generation.confidence.end(), step.committed.confidence.begin(),
                                 step.committed.confidence.end());
    generation.finish = step.finish;
  }
  generation.work = decoder->work();
  return generation;
}

TEST(Prefill, NeverChangesAResultByItsCuts) {
  std::mt19937 random(3);
  int64_t additional_rounds = 0;
  for (const Attention attention : {Attention::kCausalContext, Attention::kBlockCausal}) {
    HashModel model(test_contract(attention));
    for (const Mode mode : model.contract().modes) {
      for (uint64_t seed = 0; seed < 40; ++seed) {
        DecodeParameters p = model.contract().default_policy;
        p.mode = mode;
        p.temperature = seed % 2 == 0 ? 0 : 0.8;
        p.seed = static_cast<int64_t>(seed);
        p.max_tokens = 30;
        const std::vector<int32_t> prompt = test_prompt(1 + static_cast<int32_t>(seed * 13 % 150), seed);
        const Generation whole = generate(model, prompt, p);
        const Generation cut = generate_with_random_cuts(model, prompt, p, random);
        ASSERT_EQ(cut.token_ids, whole.token_ids) << to_string(mode) << " seed " << seed;
        ASSERT_EQ(cut.confidence, whole.confidence);
        ASSERT_EQ(cut.finish, whole.finish);
        ASSERT_EQ(cut.work.positions_evaluated, whole.work.positions_evaluated);
        additional_rounds += cut.work.forward_passes - whole.work.forward_passes;
      }
    }
  }
  EXPECT_GT(additional_rounds, 100) << "prompts were hardly ever cut";
}

}  // namespace
}  // namespace seedbed::engine
