#include <gtest/gtest.h>

#include <algorithm>

#include "hash_model.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

DecodeParameters parameters(Mode mode, double temperature, int64_t seed) {
  DecodeParameters p;
  p.mode = mode;
  p.temperature = temperature;
  p.top_p = seed % 3 == 0 ? 1.0 : 0.9;
  p.seed = seed;
  p.max_tokens = 40 + static_cast<int32_t>(seed % 7);
  p.draft_length = 1 + static_cast<int32_t>(seed % 13);
  return p;
}

TEST(ExactDecoder, GivesTheTokensOfTheAutoregressiveDecoderAtEveryTemperature) {
  HashModel model(test_contract(Attention::kCausalContext));
  int64_t saved_rounds = 0;
  int stops = 0;
  for (const double temperature : {0.0, 0.8, 2.0}) {
    for (int64_t seed = 0; seed < 60; ++seed) {
      const std::vector<int32_t> prompt =
          test_prompt(1 + static_cast<int32_t>(seed * 7 % 90), static_cast<uint64_t>(seed));
      const Generation slow = generate(model, prompt, parameters(Mode::kAutoregressive, temperature, seed));
      const Generation fast = generate(model, prompt, parameters(Mode::kExact, temperature, seed));
      ASSERT_EQ(fast.token_ids, slow.token_ids) << "temperature " << temperature << " seed " << seed;
      ASSERT_EQ(fast.confidence, slow.confidence);
      ASSERT_EQ(fast.finish, slow.finish);
      ASSERT_EQ(fast.finish_detail, slow.finish_detail);
      ASSERT_LE(fast.work.forward_passes, slow.work.forward_passes + 1);
      saved_rounds += slow.work.forward_passes - fast.work.forward_passes;
      stops += slow.finish == FinishReason::kStop;
    }
  }
  EXPECT_GT(saved_rounds, 1000) << "drafts were hardly ever accepted, so little was compared";
  EXPECT_GT(stops, 10);
  EXPECT_LT(stops, 170);
  EXPECT_EQ(model.arena().used(), 0);
}

TEST(ExactDecoder, EvaluatesTheRowsThatTheRulesName) {
  HashModel model(test_contract(Attention::kCausalContext));
  std::vector<Slice> slices;
  model.before_round = [&](std::span<const Slice> round) { slices.push_back(round.front()); };
  const DecodeParameters p = parameters(Mode::kExact, 0, 6);
  const std::vector<int32_t> prompt = test_prompt(9, 1);
  const Generation generation = generate(model, prompt, p);

  ASSERT_GT(slices.size(), 2U);
  EXPECT_EQ(slices.front().clean_rows, 9);
  int64_t rows = 0;
  for (const Slice& slice : slices) {
    rows += slice.rows();
    ASSERT_EQ(slice.rows() - slice.clean_rows, p.draft_length);
    for (int32_t row = slice.clean_rows; row < slice.rows(); ++row) {
      ASSERT_EQ(slice.token_ids[static_cast<size_t>(row)], model.contract().mask_token_id);
    }
    ASSERT_LE(slice.clean_rows, std::max(9, p.draft_length));
  }
  EXPECT_EQ(generation.work.forward_passes, static_cast<int64_t>(slices.size()));
  EXPECT_EQ(generation.work.positions_evaluated, rows);
  EXPECT_EQ(generation.work.input_tokens, 9);
  EXPECT_EQ(generation.work.committed_tokens, static_cast<int64_t>(generation.token_ids.size()));
}

TEST(ExactDecoder, ReservesTheScratchOfItsLastRoundsAndNoMore) {
  HashModel model(test_contract(Attention::kCausalContext));
  int32_t last_position = 0;
  model.before_round = [&](std::span<const Slice> round) {
    last_position = std::max(last_position, round.front().kv->length() + round.front().rows() - 1);
  };
  int filled = 0;
  for (int64_t seed = 0; seed < 200; ++seed) {
    DecodeParameters p = parameters(Mode::kExact, 0, seed);
    p.max_tokens = 1 + static_cast<int32_t>(seed % 23);
    const std::vector<int32_t> prompt = test_prompt(12, static_cast<uint64_t>(seed));
    const int32_t span = Decoder::create(model.contract(), prompt, p)->span_positions();
    last_position = 0;
    generate(model, prompt, p);
    ASSERT_LT(last_position, span) << "seed " << seed;
    filled += last_position == span - 1;
  }
  EXPECT_GT(filled, 10) << "the span was hardly ever needed to its end";
}

TEST(ExactDecoder, StaysInsideItsSpanWhereTheContextIsFilled) {
  Contract contract = test_contract(Attention::kCausalContext);
  contract.context_length = 64;
  for (int64_t seed = 0; seed < 60; ++seed) {
    DecodeParameters p = parameters(Mode::kExact, 0, seed);
    p.max_tokens = 20;
    const std::vector<int32_t> prompt =
        test_prompt(contract.context_length - p.max_tokens - p.draft_length, static_cast<uint64_t>(seed));
    HashModel model(contract, Decoder::create(contract, prompt, p)->span_positions());
    const Generation fast = generate(model, prompt, p);
    p.mode = Mode::kAutoregressive;
    ASSERT_EQ(fast.token_ids, generate(model, prompt, p).token_ids) << "seed " << seed;
  }
}

TEST(ExactDecoder, ContinuesAnInterruptedRequestAsIfItHadNotBeenInterrupted) {
  HashModel model(test_contract(Attention::kCausalContext));
  int continued = 0;
  for (int64_t seed = 0; seed < 20; ++seed) {
    DecodeParameters p = parameters(Mode::kExact, 0.8, seed);
    const std::vector<int32_t> prompt = test_prompt(12, static_cast<uint64_t>(seed));
    const Generation whole = generate(model, prompt, p);
    DecodeParameters first = p;
    first.max_tokens = 5;
    std::vector<int32_t> tokens = generate(model, prompt, first).token_ids;
    if (tokens.size() == whole.token_ids.size()) continue;
    continued += 1;
    std::vector<int32_t> longer = prompt;
    longer.insert(longer.end(), tokens.begin(), tokens.end());
    p.max_tokens -= 5;
    const Generation rest = generate(model, longer, p);
    tokens.insert(tokens.end(), rest.token_ids.begin(), rest.token_ids.end());
    ASSERT_EQ(tokens, whole.token_ids) << "seed " << seed;
  }
  EXPECT_GT(continued, 10);
}

}  // namespace
}  // namespace seedbed::engine
