#include <gtest/gtest.h>

#include <algorithm>

#include "hash_model.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

DecodeParameters parameters(const Contract& contract, int64_t seed) {
  DecodeParameters p = contract.default_policy;
  p.mode = Mode::kDiffusion;
  p.threshold = 0.5;
  p.temperature = seed % 2 == 0 ? 0 : 0.8;
  p.seed = seed;
  p.max_tokens = 35;
  return p;
}

struct Recorded {
  Generation generation;
  std::vector<Slice> slices;
  std::vector<int32_t> kept;  // positions before each slice
};

Recorded record(HashModel& model, const std::vector<int32_t>& prompt, const DecodeParameters& p) {
  Recorded recorded;
  model.before_round = [&](std::span<const Slice> round) {
    recorded.slices.push_back(round.front());
    recorded.kept.push_back(round.front().kv->length());
  };
  recorded.generation = generate(model, prompt, p);
  model.before_round = nullptr;
  return recorded;
}

std::vector<int32_t> part(const std::vector<int32_t>& ids, size_t from, size_t to) {
  return {ids.begin() + static_cast<std::ptrdiff_t>(from), ids.begin() + static_cast<std::ptrdiff_t>(to)};
}

// A seed whose request outlives its first block.
int64_t seed_of_several_blocks(HashModel& model, const std::vector<int32_t>& prompt, DecodeParameters p) {
  for (int64_t seed = 1; seed < 100; seed += 2) {
    p = parameters(model.contract(), seed);
    if (generate(model, prompt, p).token_ids.size() >= 20) return seed;
  }
  ADD_FAILURE() << "every seed ends early";
  return 1;
}

TEST(DiffusionDecoder, FoldsTheCommitOfABlockIntoTheNextOnesFirstRound) {
  HashModel model(test_contract(Attention::kCausalContext));
  const std::vector<int32_t> prompt = test_prompt(11, 3);
  const int64_t seed = seed_of_several_blocks(model, prompt, {});
  const auto [generation, slices, kept] = record(model, prompt, parameters(model.contract(), seed));

  int folds = 0;
  EXPECT_EQ(slices.front().clean_rows, 11);
  for (size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].rows() - slices[i].clean_rows, 8) << "each round denoises a whole block";
    if (i == 0 || slices[i].clean_rows == 0) continue;
    folds += 1;
    const auto committed = static_cast<size_t>(kept[i] - 11);
    EXPECT_EQ(part(slices[i].token_ids, 0, 8), part(generation.token_ids, committed, committed + 8));
    EXPECT_EQ(part(slices[i].token_ids, 8, 16), std::vector<int32_t>(8, 39));
  }
  EXPECT_GE(folds, 2);
  EXPECT_EQ(generation.work.forward_passes, static_cast<int64_t>(slices.size()))
      << "a commit costs no round of its own";
}

TEST(DiffusionDecoder, OpensTheGridOfABlockCausalModelWithThePromptsTail) {
  HashModel model(test_contract(Attention::kBlockCausal));
  const std::vector<int32_t> prompt = test_prompt(19, 3);  // two blocks and a tail of 3
  const int64_t seed = seed_of_several_blocks(model, prompt, {});
  const auto [generation, slices, kept] = record(model, prompt, parameters(model.contract(), seed));

  EXPECT_EQ(slices[0].clean_rows, 16);
  EXPECT_EQ(part(slices[0].token_ids, 0, 19), prompt);
  EXPECT_EQ(part(slices[0].token_ids, 19, 24), std::vector<int32_t>(5, 39));
  size_t fold = 1;
  while (slices[fold].clean_rows == 0) {
    EXPECT_EQ(kept[fold], 16) << "the tail is not kept before its block is committed";
    EXPECT_EQ(part(slices[fold].token_ids, 0, 3), part(prompt, 16, 19)) << "the tail is frozen";
    fold += 1;
  }
  std::vector<int32_t> first_block = part(prompt, 16, 19);
  for (size_t i = 0; i < 5; ++i) first_block.push_back(generation.token_ids[i]);
  EXPECT_EQ(part(slices[fold].token_ids, 0, 8), first_block);
}

TEST(DiffusionDecoder, TakesNoEndTokenOfThePromptForItsOwn) {
  HashModel model(test_contract(Attention::kBlockCausal));
  int longer_than_a_block = 0;
  for (int64_t seed = 0; seed < 20; ++seed) {
    std::vector<int32_t> prompt = test_prompt(19, static_cast<uint64_t>(seed));
    prompt[17] = 37;
    longer_than_a_block += generate(model, prompt, parameters(model.contract(), seed)).token_ids.size() > 5;
  }
  EXPECT_GT(longer_than_a_block, 5);
}

TEST(DiffusionDecoder, TreatsAMaskIdInThePromptAsAToken) {
  HashModel model(test_contract(Attention::kBlockCausal));
  std::vector<int32_t> prompt = test_prompt(19, 3);
  prompt[18] = 39;
  const auto [generation, slices, kept] = record(model, prompt, parameters(model.contract(), 1));
  for (const Slice& slice : slices) {
    if (slice.clean_rows == 0 && slice.kv->length() == 16) {
      EXPECT_EQ(slice.token_ids[2], 39);
    }
  }
  EXPECT_EQ(std::count(generation.token_ids.begin(), generation.token_ids.end(), 39), 0);
}

TEST(DiffusionDecoder, StopsAtTheFirstEndTokenAndAtMaxTokens) {
  HashModel model(test_contract(Attention::kCausalContext));
  int stops = 0;
  int cuts = 0;
  for (int64_t seed = 0; seed < 80; ++seed) {
    DecodeParameters p = parameters(model.contract(), seed);
    p.max_tokens = 1 + static_cast<int32_t>(seed % 40);
    const Generation generation = generate(model, test_prompt(10, static_cast<uint64_t>(seed)), p);
    const auto& ids = generation.token_ids;
    const auto end = std::find(ids.begin(), ids.end(), 37);
    if (generation.finish == FinishReason::kStop) {
      stops += 1;
      EXPECT_EQ(generation.finish_detail, "end_token");
      EXPECT_EQ(end - ids.begin(), static_cast<std::ptrdiff_t>(ids.size()) - 1);
    } else {
      cuts += 1;
      EXPECT_EQ(generation.finish_detail, "max_tokens");
      EXPECT_EQ(end, ids.end());
      EXPECT_EQ(static_cast<int32_t>(ids.size()), p.max_tokens);
    }
    EXPECT_EQ(generation.work.committed_tokens, static_cast<int64_t>(ids.size()));
    EXPECT_EQ(generation.confidence.size(), ids.size());
  }
  EXPECT_GT(stops, 10);
  EXPECT_GT(cuts, 10);
}

TEST(DiffusionDecoder, DecidesABlockInTheRoundsThatFixedStepsAllow) {
  HashModel model(test_contract(Attention::kCausalContext));
  DecodeParameters p = parameters(model.contract(), 1);
  p.policy = Policy::kFixedSteps;
  p.max_tokens = 8;
  for (const int32_t steps : {1, 2, 3, 8}) {
    p.steps = steps;
    EXPECT_LE(generate(model, test_prompt(5, 4), p).work.forward_passes, steps);
  }
}

DecodeParameters with_edits(const Contract& contract, int64_t seed, int32_t edit_rounds) {
  DecodeParameters p = parameters(contract, seed);
  p.edit_threshold = 0.3;
  p.edit_rounds = edit_rounds;
  return p;
}

// Ids of the block that a slice denoises.
std::vector<int32_t> block_of(const Slice& slice) {
  return {slice.token_ids.begin() + slice.clean_rows, slice.token_ids.end()};
}

TEST(DiffusionDecoder, NeverShowsTheModelAStateOfABlockTwice) {
  HashModel model(test_contract(Attention::kCausalContext));
  int64_t edits = 0;
  for (int64_t seed = 0; seed < 60; ++seed) {
    const auto prompt = test_prompt(9, static_cast<uint64_t>(seed));
    const auto [generation, slices, kept] = record(model, prompt, with_edits(model.contract(), seed, 16));
    edits += generation.work.edits;
    std::vector<std::vector<int32_t>> states;
    for (const Slice& slice : slices) {
      if (slice.clean_rows > 0) states.clear();
      // A last round without an edit evaluates the state it leaves.
      EXPECT_EQ(std::ranges::count(states, block_of(slice)), 0) << "seed " << seed;
      states.push_back(block_of(slice));
    }
  }
  EXPECT_GT(edits, 30);
}

TEST(DiffusionDecoder, TakesAtMostTheEditRoundsThatWereAskedFor) {
  HashModel model(test_contract(Attention::kBlockCausal));
  int64_t extra_rounds = 0;
  for (int64_t seed = 0; seed < 40; ++seed) {
    const auto prompt = test_prompt(19, static_cast<uint64_t>(seed));
    for (const int32_t edit_rounds : {0, 1, 3}) {
      int rounds_of_block = 0;
      const auto [generation, slices, kept] =
          record(model, prompt, with_edits(model.contract(), seed, edit_rounds));
      for (const Slice& slice : slices) {
        if (slice.clean_rows > 0) rounds_of_block = 0;
        const auto block = block_of(slice);
        const auto end = std::find(block.begin(), block.end(), 37);
        const bool decided = std::find(block.begin(), end, 39) == end;
        rounds_of_block += decided ? 1 : 0;
        extra_rounds += decided ? 1 : 0;
        EXPECT_LE(rounds_of_block, edit_rounds) << "seed " << seed;
        EXPECT_GE(slice.first_logits_row, slice.clean_rows);
      }
    }
  }
  EXPECT_GT(extra_rounds, 40);
}

TEST(DiffusionDecoder, NeverEditsTheTailOfThePrompt) {
  HashModel model(test_contract(Attention::kBlockCausal));
  const std::vector<int32_t> prompt = test_prompt(19, 3);
  for (int64_t seed = 0; seed < 20; ++seed) {
    const auto [generation, slices, kept] = record(model, prompt, with_edits(model.contract(), seed, 4));
    for (size_t i = 1; i < slices.size() && kept[i] == 16 && slices[i].clean_rows == 0; ++i) {
      EXPECT_EQ(part(slices[i].token_ids, 0, 3), part(prompt, 16, 19));
    }
  }
}

TEST(DiffusionDecoder, ShowsTheActiveBlockAsADraft) {
  HashModel model(test_contract(Attention::kBlockCausal));
  const std::vector<int32_t> prompt = test_prompt(19, 3);
  DecodeParameters p = parameters(model.contract(), 1);
  p.threshold = 1.0;  // one token a round
  const auto decoder = Decoder::create(model.contract(), prompt, p);
  auto kv = *model.arena().acquire(decoder->span_positions());
  EXPECT_TRUE(decoder->draft().token_ids.empty()) << "nothing was evaluated";
  for (int32_t round = 1; round <= 3; ++round) {
    Slice slice = decoder->plan(kv, 63);
    ASSERT_TRUE(decoder->absorb(slice, model.forward({&slice, 1})).committed.token_ids.empty());
    const Draft draft = decoder->draft();
    EXPECT_EQ(draft.start, 0);
    ASSERT_EQ(draft.token_ids.size(), 5U) << "the prompt's tail is no output";
    EXPECT_EQ(std::count(draft.token_ids.begin(), draft.token_ids.end(), 39), 5 - round);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(draft.confidence[i] == 0, draft.token_ids[i] == 39);
  }
}

}  // namespace
}  // namespace seedbed::engine
