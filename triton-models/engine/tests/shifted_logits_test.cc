#include <gtest/gtest.h>

#include <algorithm>

#include "hash_model.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

Contract shifted_contract() {
  Contract contract = test_contract(Attention::kBlockCausal);
  contract.shift_logits = true;
  contract.forbidden_output.push_back(contract.end_token_ids.front());  // every request runs to max_tokens
  return contract;
}

DecodeParameters greedy(const Contract& contract) {
  DecodeParameters p = contract.default_policy;
  p.mode = Mode::kDiffusion;
  p.threshold = 1.0;  // one token a round
  p.max_tokens = 20;
  return p;
}

int32_t largest(std::span<const float> row) {
  return static_cast<int32_t>(std::ranges::max_element(row.first(37)) - row.begin());  // not the forbidden
}

TEST(ShiftedLogits, AsksTheRowBeforeEachUndecidedPosition) {
  HashModel model(shifted_contract());
  std::vector<int32_t> first_rows;
  model.before_round = [&](std::span<const Slice> round) {
    const Slice& slice = round.front();
    const auto denoise = slice.token_ids.begin() + slice.clean_rows;
    const auto undecided = static_cast<int32_t>(std::find(denoise, slice.token_ids.end(), 39) - denoise);
    EXPECT_EQ(slice.first_logits_row, std::max(0, slice.clean_rows + undecided - 1));
    EXPECT_EQ(slice.unread_rows, 1) << "the block's last row speaks of the next block";
    first_rows.push_back(slice.first_logits_row);
  };
  generate(model, test_prompt(16, 3), greedy(model.contract()));
  EXPECT_EQ(first_rows[0], 15) << "the prompt's last row speaks of the block's first position";
  EXPECT_EQ(first_rows[8], 7) << "and so does the last row of a block that is committed";
}

TEST(ShiftedLogits, AsksTheLastTokenOfThePromptWhenItSharesTheBlock) {
  HashModel model(shifted_contract());
  model.before_round = [&](std::span<const Slice> round) {
    if (round.front().kv->length() == 0) {
      EXPECT_EQ(round.front().first_logits_row, 16 + 2);
    }
  };
  EXPECT_EQ(generate(model, test_prompt(19, 3), greedy(model.contract())).token_ids.size(), 20U);
}

// The row is in the slice of the block's first round only; what it said must hold in the later ones.
TEST(ShiftedLogits, KeepsWhatTheCommittedRowSaysOfABlocksFirstToken) {
  HashModel model(shifted_contract());
  std::vector<int32_t> said;
  model.after_round = [&](std::span<const Slice> round, std::span<float> logits) {
    if (round.front().clean_rows == 0) return;
    // Unlikely enough that the policy leaves it for the last round.
    std::ranges::fill(logits.first(37), 0.0F);
    logits[3 + said.size()] = 0.01F;
    said.push_back(largest(logits.first(40)));
  };
  DecodeParameters p = greedy(model.contract());
  p.max_tokens = 24;
  const Generation generation = generate(model, test_prompt(16, 3), p);
  ASSERT_EQ(said.size(), 3U);
  for (size_t block = 0; block < 3; ++block) {
    EXPECT_EQ(generation.token_ids[8 * block], said[block]) << "block " << block;
    EXPECT_LT(generation.confidence[8 * block], 0.1F);
  }
}

TEST(ShiftedLogits, DecideABlockOfOnePosition) {
  Contract contract = shifted_contract();
  contract.block_size = 1;
  HashModel model(contract);
  DecodeParameters p = greedy(contract);
  p.block_size = 1;
  const Generation generation = generate(model, test_prompt(5, 3), p);
  EXPECT_EQ(generation.token_ids.size(), 20U);
  EXPECT_EQ(generation.work.forward_passes, 20);
}

}  // namespace
}  // namespace seedbed::engine
