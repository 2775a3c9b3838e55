#include <gtest/gtest.h>

#include <algorithm>

#include "hash_model.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/generation.h"
#include "tiny_model.h"

namespace seedbed::engine {
namespace {

DecodeParameters parameters(const Contract& contract, int32_t max_tokens) {
  DecodeParameters p = contract.default_policy;
  p.mode = Mode::kDiffusion;
  p.threshold = 0.5;
  p.max_tokens = max_tokens;
  return p;
}

Contract endless(bool shift_logits) {
  Contract contract = test_contract(Attention::kFull);
  contract.shift_logits = shift_logits;
  contract.forbidden_output.push_back(contract.end_token_ids.front());
  return contract;
}

std::vector<int32_t> joined(std::vector<int32_t> prompt, const std::vector<int32_t>& output) {
  prompt.insert(prompt.end(), output.begin(), output.end());
  return prompt;
}

TEST(FullAttention, EvaluatesTheWholeCanvasInEveryRoundAndKeepsNothing) {
  for (const bool shift : {false, true}) {
    HashModel model(endless(shift));
    std::vector<Slice> slices;
    model.before_round = [&](std::span<const Slice> round) {
      EXPECT_EQ(round.front().kv->length(), 0);
      slices.push_back(round.front());
    };
    const std::vector<int32_t> prompt = test_prompt(11, 3);
    const Generation generation = generate(model, prompt, parameters(model.contract(), 20));
    const std::vector<int32_t> text = joined(prompt, generation.token_ids);
    ASSERT_EQ(text.size(), 31U);
    for (const Slice& slice : slices) {
      EXPECT_EQ(slice.clean_rows, 0);
      ASSERT_EQ(slice.rows(), 11 + 24) << "the prompt and three blocks";
      EXPECT_LE(slice.logits_rows(), 8) << "logits are wanted of the active block only";
      for (size_t i = 0; i < text.size(); ++i)
        EXPECT_TRUE(slice.token_ids[i] == text[i] || slice.token_ids[i] == 39) << i;
    }
    EXPECT_EQ(generation.work.positions_evaluated, 35 * generation.work.forward_passes);
  }
}

TEST(FullAttention, DecidesBlocksFromLeftToRight) {
  HashModel model(endless(false));
  int32_t active = 0;
  model.before_round = [&](std::span<const Slice> round) {
    const std::vector<int32_t>& ids = round.front().token_ids;
    const auto first_mask = static_cast<int32_t>(std::ranges::find(ids, 39) - ids.begin());
    const int32_t block = (first_mask - 11) / 8;
    EXPECT_GE(block, active);
    active = block;
    EXPECT_TRUE(std::all_of(ids.begin() + 11 + 8 * (block + 1), ids.end(), [](int32_t id) {
      return id == 39;
    })) << "nothing is revealed behind the active block";
    EXPECT_GE(round.front().first_logits_row, 11 + 8 * block);
    EXPECT_EQ(round.front().rows() - round.front().unread_rows, 11 + 8 * (block + 1));
  };
  generate(model, test_prompt(11, 3), parameters(model.contract(), 24));
  EXPECT_EQ(active, 2);
}

TEST(FullAttention, StopsAtAnEndTokenAndLeavesItsSpanToOthers) {
  HashModel model(test_contract(Attention::kFull));
  int stops = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Generation generation = generate(model, test_prompt(10, seed), parameters(model.contract(), 33));
    stops += generation.finish == FinishReason::kStop;
    const auto end = std::ranges::find(generation.token_ids, 37);
    EXPECT_EQ(end != generation.token_ids.end(), generation.finish == FinishReason::kStop);
  }
  EXPECT_GT(stops, 5);
  EXPECT_EQ(model.arena().used(), 0);
}

TEST(FullAttention, HasNoCleanRows) {
  const TinyModel tiny(TinySizes{.attention = "full"});
  const auto model = Model::load(tiny.path(), {});
  auto kv = model->arena().acquire(8);
  Slice slice{.kv = &*kv, .token_ids = {7, 9}, .clean_rows = 1};
  EXPECT_THROW(model->forward({&slice, 1}), EngineError);
}

TEST(FullAttention, GivesTheLogitsOfTheRowsInTheMiddle) {
  const TinyModel tiny(TinySizes{.attention = "full"});
  const auto model = Model::load(tiny.path(), {});
  auto kv = model->arena().acquire(8);
  Slice slice{.kv = &*kv, .token_ids = {7, 9, 11, 1, 1, 1}};
  const auto all = model->forward({&slice, 1});
  const std::vector<float> middle(all.begin() + 2 * 80, all.begin() + 4 * 80);
  slice.first_logits_row = 2;
  slice.unread_rows = 2;
  const auto wanted = model->forward({&slice, 1});
  EXPECT_EQ(std::vector<float>(wanted.begin(), wanted.end()), middle);
  slice.unread_rows = 5;
  EXPECT_THROW(model->forward({&slice, 1}), EngineError);
}

}  // namespace
}  // namespace seedbed::engine
