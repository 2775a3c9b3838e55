#include <gtest/gtest.h>

#include "hash_model.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

TEST(WorkLimit, EndsARequestBeforeTheRoundThatWouldExceedIt) {
  int limited = 0;
  int unlimited = 0;
  for (const Attention attention : {Attention::kCausalContext, Attention::kBlockCausal}) {
    HashModel model(test_contract(attention));
    for (const Mode mode : model.contract().modes) {
      DecodeParameters p = model.contract().default_policy;
      p.mode = mode;
      p.max_tokens = 25;
      const std::vector<int32_t> prompt = test_prompt(40, 5);
      const Generation whole = generate(model, prompt, p);
      for (int64_t limit = 1; limit <= whole.work.positions_evaluated; ++limit) {
        p.max_positions = limit;
        const Generation generation = generate(model, prompt, p);
        ASSERT_LE(generation.work.positions_evaluated, limit);
        ASSERT_TRUE(
            std::equal(generation.token_ids.begin(), generation.token_ids.end(), whole.token_ids.begin()));
        if (generation.finish_detail == "work_limit") {
          limited += 1;
          ASSERT_EQ(generation.finish, FinishReason::kLength);
          ASSERT_LT(limit, whole.work.positions_evaluated);
        } else {
          unlimited += 1;
          ASSERT_EQ(generation.token_ids, whole.token_ids);
          ASSERT_EQ(limit, whole.work.positions_evaluated);
        }
      }
    }
  }
  EXPECT_GT(limited, 100);
  EXPECT_EQ(unlimited, 4);
}

TEST(WorkLimit, IsNotReachedByARequestWithoutOne) {
  HashModel model(test_contract(Attention::kCausalContext));
  DecodeParameters p = model.contract().default_policy;
  p.max_tokens = 300;
  EXPECT_NE(generate(model, test_prompt(3, 8), p).finish_detail, "work_limit");
}

}  // namespace
}  // namespace seedbed::engine
