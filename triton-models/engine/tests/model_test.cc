#include "seedbed/engine/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "naive_transformer.h"
#include "seedbed/engine/check.h"
#include "tiny_model.h"

namespace seedbed::engine {
namespace {

std::vector<int32_t> random_tokens(std::mt19937& random, int32_t count, int32_t vocabulary) {
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < count; ++i)
    ids.push_back(static_cast<int32_t>(random() % static_cast<uint32_t>(vocabulary)));
  return ids;
}

struct LogitsCase {
  std::string name;
  TinySizes sizes;
};

std::vector<LogitsCase> logits_cases() {
  std::vector<LogitsCase> cases;
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    for (const char* attention : {"causal_context", "block_causal", "full"}) {
      for (const bool tied : {false, true}) {
        TinySizes sizes{.architecture = architecture, .attention = attention, .tied = tied};
        cases.push_back({std::string(architecture) + "_" + attention + (tied ? "_tied" : ""), sizes});
      }
    }
  }
  TinySizes marks{.marks_visible = true};
  cases.push_back({"llama_that_marks_visible_tokens", marks});
  TinySizes f16{.type = GGML_TYPE_F16};
  cases.push_back({"llama_f16_upcast", f16});
  TinySizes q8{.architecture = "qwen2", .type = GGML_TYPE_Q8_0};
  cases.push_back({"qwen2_q8_0_upcast", q8});
  TinySizes wide_heads{.architecture = "qwen3", .explicit_head_size = 24};
  cases.push_back({"qwen3_heads_wider_than_the_stream", wide_heads});
  TinySizes odd{.embedding = 60, .feed_forward = 50, .heads = 6, .kv_heads = 1, .vocabulary = 77};
  cases.push_back({"llama_widths_without_a_fast_path", odd});
  return cases;
}

class EveryKind : public testing::TestWithParam<LogitsCase> {};

TEST_P(EveryKind, HasTheLogitsOfTheDefinition) {
  const TinyModel tiny(GetParam().sizes);
  const auto model = Model::load(tiny.path(), {});
  std::mt19937 random(3);
  for (const auto& [rows, clean_rows] :
       std::vector<std::pair<int32_t, int32_t>>{{1, 1}, {1, 0}, {20, 20}, {19, 11}, {16, 0}, {90, 80}}) {
    if (clean_rows > 0 && GetParam().sizes.attention == "full") continue;
    const std::vector<int32_t> ids = random_tokens(random, rows, tiny.sizes.vocabulary);
    auto kv = model->arena().acquire(128);
    Slice slice{.kv = &*kv,
                .token_ids = ids,
                .clean_rows = clean_rows,
                .block_size = 8,
                .edits = tiny.sizes.marks_visible};
    const std::span<const float> logits = model->forward({&slice, 1});
    const auto expected = naive_logits(tiny, ids, clean_rows, 8);
    ASSERT_EQ(logits.size(), static_cast<size_t>(rows * tiny.sizes.vocabulary));
    double spread = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double value = expected[i / expected[0].size()][i % expected[0].size()];
      spread = std::max(spread, std::abs(value));
      ASSERT_NEAR(logits[i], value, 1e-4) << rows << " rows, " << clean_rows << " clean, element " << i;
    }
    EXPECT_GT(spread, 0.5) << "logits so small would agree whatever the graph";
  }
}

INSTANTIATE_TEST_SUITE_P(Model, EveryKind, testing::ValuesIn(logits_cases()),
                         [](const auto& info) { return info.param.name; });

TEST(Model, GivesLogitsOfTheWantedRowsOnly) {
  const TinyModel tiny(TinySizes{});
  const auto model = Model::load(tiny.path(), {});
  std::mt19937 random(4);
  auto a = model->arena().acquire(64);
  auto b = model->arena().acquire(64);
  const auto slice = [&](KvArena::Span& kv, int32_t rows, int32_t first) {
    return Slice{.kv = &kv,
                 .token_ids = random_tokens(random, rows, 80),
                 .clean_rows = rows,
                 .first_logits_row = first};
  };
  std::vector<Slice> slices = {slice(*a, 9, 0), slice(*b, 5, 0)};
  const auto all = model->forward(slices);
  const std::vector<float> everything(all.begin(), all.end());
  slices[0].first_logits_row = 9;
  slices[1].first_logits_row = 4;
  const auto last = model->forward(slices);
  EXPECT_EQ(std::vector<float>(last.begin(), last.end()),
            std::vector<float>(everything.end() - 80, everything.end()));
  slices[1].first_logits_row = 5;
  EXPECT_TRUE(model->forward(slices).empty());
}

TEST(Model, GivesTheLastOfTwoRows) {
  const TinyModel tiny(TinySizes{});
  const auto model = Model::load(tiny.path(), {});
  auto kv = model->arena().acquire(64);
  Slice slice{.kv = &*kv, .token_ids = {7, 9}, .clean_rows = 2};
  const auto both = model->forward({&slice, 1});
  const std::vector<float> second(both.end() - 80, both.end());
  slice.first_logits_row = 1;
  const auto last = model->forward({&slice, 1});
  EXPECT_EQ(std::vector<float>(last.begin(), last.end()), second);
}

TEST(Model, MarksVisibleTokensUnderEditOnly) {
  const TinyModel tiny(TinySizes{.marks_visible = true});
  const auto model = Model::load(tiny.path(), {});
  auto kv = model->arena().acquire(64);
  const auto last_row = [&](int32_t clean_rows, bool edits) {
    Slice slice{.kv = &*kv,
                .token_ids = {7, 9},
                .clean_rows = clean_rows,
                .first_logits_row = 1,
                .edits = edits};
    const auto logits = model->forward({&slice, 1});
    return std::vector<float>(logits.begin(), logits.end());
  };
  EXPECT_EQ(last_row(1, false), last_row(2, false));
  EXPECT_EQ(last_row(2, true), last_row(2, false));
  EXPECT_NE(last_row(1, true), last_row(2, true));
}

TEST(Model, ForgetsWhatWasNotKept) {
  const TinyModel tiny(TinySizes{});
  const auto model = Model::load(tiny.path(), {});
  std::mt19937 random(5);
  auto kv = model->arena().acquire(64);
  const auto forward = [&](const std::vector<int32_t>& ids, int32_t clean_rows) {
    Slice slice{.kv = &*kv, .token_ids = ids, .clean_rows = clean_rows};
    const auto logits = model->forward({&slice, 1});
    return std::vector<float>(logits.begin(), logits.end());
  };
  const auto prefix = random_tokens(random, 10, 80);
  const auto rest = random_tokens(random, 6, 80);
  forward(prefix, 10);
  kv->keep(10);
  const auto expected = forward(rest, 3);
  forward(random_tokens(random, 40, 80), 20);
  EXPECT_EQ(forward(rest, 3), expected);
}

TEST(Model, RefusesSlicesThatBreakTheirContract) {
  const TinyModel tiny(TinySizes{});
  const auto model = Model::load(tiny.path(), {});
  auto kv = model->arena().acquire(8);
  const auto forward = [&](Slice slice) { model->forward({&slice, 1}); };
  EXPECT_THROW(forward({.kv = nullptr, .token_ids = {1}}), EngineError);
  EXPECT_THROW(forward({.kv = &*kv, .token_ids = {}}), EngineError);
  EXPECT_THROW(forward({.kv = &*kv, .token_ids = std::vector<int32_t>(9, 1)}), EngineError);
  EXPECT_THROW(forward({.kv = &*kv, .token_ids = {80}}), EngineError);
  EXPECT_THROW(forward({.kv = &*kv, .token_ids = {-1}}), EngineError);
  EXPECT_THROW(forward({.kv = &*kv, .token_ids = {1}, .clean_rows = 2}), EngineError);
  EXPECT_THROW(forward({.kv = &*kv, .token_ids = {1}, .first_logits_row = 2}), EngineError);
  std::vector<Slice> twice(2, Slice{.kv = &*kv, .token_ids = {1}});
  EXPECT_THROW(model->forward(twice), EngineError);
  EXPECT_THROW(model->forward({}), EngineError);
  EXPECT_NO_THROW(forward({.kv = &*kv, .token_ids = std::vector<int32_t>(8, 1)}));
}

}  // namespace
}  // namespace seedbed::engine
