#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "seedbed/engine/model.h"
#include "tiny_model.h"

namespace seedbed::engine {
namespace {

// What one request would do: a prompt, then rounds of clean and denoise rows, of which the clean ones are
// kept.
struct Story {
  std::vector<int32_t> prompt;
  struct Round {
    std::vector<int32_t> token_ids;
    int32_t clean_rows;
  };
  std::vector<Round> rounds;

  int32_t positions() const {
    size_t positions = prompt.size();
    for (const Round& round : rounds) positions += round.token_ids.size();
    return static_cast<int32_t>(positions);
  }
};

struct DeterminismCase {
  std::string name;
  TinySizes sizes;
};

std::vector<DeterminismCase> determinism_cases() {
  const TinySizes odd{.embedding = 60, .feed_forward = 50, .heads = 6, .kv_heads = 1, .vocabulary = 77};
  return {{"f32", TinySizes{}},
          {"qwen2_f32", TinySizes{.architecture = "qwen2"}},
          {"block_causal_f32", TinySizes{.attention = "block_causal"}},
          {"f16_native", TinySizes{.type = GGML_TYPE_F16, .compute = "native"}},
          {"q8_0_native", TinySizes{.type = GGML_TYPE_Q8_0, .compute = "native"}},
          {"f16_upcast", TinySizes{.type = GGML_TYPE_F16}},
          {"widths_without_a_fast_path", odd}};
}

class Determinism : public testing::TestWithParam<DeterminismCase> {
 protected:
  static constexpr int32_t kBlock = 8;

  // One thread: ggml's threads spin at every operator, which is slow beyond measure on a busy machine. The
  // last test has more.
  Determinism()
      : tiny_(GetParam().sizes),
        model_(Model::load(tiny_.path(), {.threads = 1, .arena_positions = 16384})) {}

  std::vector<int32_t> tokens(int32_t count) {
    std::vector<int32_t> ids;
    for (int32_t i = 0; i < count; ++i)
      ids.push_back(static_cast<int32_t>(random_() % static_cast<uint32_t>(tiny_.sizes.vocabulary)));
    return ids;
  }

  // Rounds of 1 and of many rows, with and without either part. Whole blocks throughout, so that it fits kind
  // B too.
  Story story(int32_t prompt_length) {
    Story story{.prompt = tokens(prompt_length), .rounds = {}};
    if (GetParam().sizes.attention == "block_causal") {
      story.rounds = {{tokens(kBlock), 0}, {tokens(2 * kBlock), kBlock}, {tokens(kBlock), 0}};
    } else {
      story.rounds = {{tokens(1), 1}, {tokens(1), 1},   {tokens(13), 1}, {tokens(17), 5},
                      {tokens(7), 7}, {tokens(63), 31}, {tokens(1), 0}};
    }
    return story;
  }

  // A neighbour's rows: any phase, any context. Its span is left with whatever was computed.
  std::vector<Slice> neighbours(std::vector<KvArena::Span>& spans, int32_t rows) {
    std::vector<Slice> slices;
    while (rows > 0) {
      const int32_t own =
          rows <= 2 ? rows : 1 + static_cast<int32_t>(random_() % static_cast<uint32_t>(rows));
      spans.push_back(std::move(*model_->arena().acquire(own + 40)));
      spans.back().keep(static_cast<int32_t>(random_() % 40));
      slices.push_back({.kv = nullptr,
                        .token_ids = tokens(own),
                        .clean_rows = static_cast<int32_t>(random_() % static_cast<uint32_t>(own + 1)),
                        .block_size = kBlock});
      rows -= own;
    }
    for (size_t i = 0; i < slices.size(); ++i) slices[i].kv = &spans[i];
    return slices;
  }

  // One round of a story, with `beside` rows of neighbours before and after it. Returns its own logits.
  std::vector<float> round(KvArena::Span& kv, const std::vector<int32_t>& ids, int32_t clean_rows,
                           int32_t beside) {
    std::vector<KvArena::Span> spans;
    spans.reserve(static_cast<size_t>(beside));
    std::vector<Slice> slices = neighbours(spans, beside);
    const size_t place = slices.empty() ? 0 : random_() % (slices.size() + 1);
    slices.insert(slices.begin() + static_cast<std::ptrdiff_t>(place),
                  {.kv = &kv, .token_ids = ids, .clean_rows = clean_rows, .block_size = kBlock});
    const std::span<const float> logits = model_->forward(slices);
    size_t before = 0;
    for (size_t i = 0; i < place; ++i) before += static_cast<size_t>(slices[i].logits_rows());
    const auto vocabulary = static_cast<size_t>(tiny_.sizes.vocabulary);
    const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(before * vocabulary);
    return {begin, begin + static_cast<std::ptrdiff_t>(ids.size() * vocabulary)};
  }

  // Prefills in chunks that `next_chunk` cuts, then tells the rounds. Returns the logits of all rows of the
  // story.
  template <typename NextChunk, typename Beside>
  std::vector<float> tell(const Story& story, NextChunk next_chunk, Beside beside) {
    KvArena::Span kv = std::move(*model_->arena().acquire(story.positions()));
    std::vector<float> logits;
    const auto append = [&](const std::vector<int32_t>& ids, int32_t clean_rows) {
      const std::vector<float> own = round(kv, ids, clean_rows, beside());
      logits.insert(logits.end(), own.begin(), own.end());
      kv.keep(clean_rows);
    };
    for (size_t done = 0; done < story.prompt.size();) {
      const size_t rows = std::min<size_t>(next_chunk(), story.prompt.size() - done);
      const auto begin = story.prompt.begin() + static_cast<std::ptrdiff_t>(done);
      append({begin, begin + static_cast<std::ptrdiff_t>(rows)}, static_cast<int32_t>(rows));
      done += rows;
    }
    for (const Story::Round& part : story.rounds) append(part.token_ids, part.clean_rows);
    return logits;
  }

  std::mt19937 random_{7};
  TinyModel tiny_;
  std::unique_ptr<Model> model_;
};

// The bits, so that no two zeros or NaNs pass for equal.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST_P(Determinism, ARowHasTheSameBitsAloneAndBesideAnyNeighbours) {
  for (const int32_t prompt_length : {8, 504, 640}) {
    const Story story = this->story(prompt_length);
    const auto chunk = [] { return size_t{56}; };
    const std::vector<float> alone = tell(story, chunk, [] { return 0; });
    ASSERT_FALSE(alone.empty());
    for (const int32_t beside : {1, 2, 17, 33, 63, 200}) {
      EXPECT_TRUE(same_bits(tell(story, chunk, [&] { return beside; }), alone))
          << "prompt of " << prompt_length << " beside " << beside << " rows";
    }
  }
}

TEST_P(Determinism, ARowHasTheSameBitsWhereverThePromptIsCut) {
  const Story story = this->story(600);
  const auto nobody = [] { return 0; };
  const std::vector<float> whole = tell(story, [] { return size_t{600}; }, nobody);
  const bool by_block = GetParam().sizes.attention == "block_causal";
  for (const size_t most : {1, 2, 5, 17, 63, 64, 300}) {
    const auto random_chunk = [&] {
      const size_t rows = 1 + random_() % most;
      return by_block ? (rows + kBlock - 1) / kBlock * kBlock : rows;
    };
    EXPECT_TRUE(same_bits(tell(story, random_chunk, nobody), whole)) << "chunks of up to " << most;
    EXPECT_TRUE(
        same_bits(tell(story, random_chunk, [&] { return static_cast<int32_t>(random_() % 20); }), whole))
        << "chunks of up to " << most << " beside others";
  }
}

TEST_P(Determinism, ARowHasTheSameBitsWithAnyNumberOfThreads) {
  const Story story = this->story(24);
  const auto chunk = [] { return size_t{24}; };
  const std::vector<float> one = tell(story, chunk, [] { return 0; });
  for (const int32_t threads : {2, 3}) {
    model_ = Model::load(tiny_.path(), {.threads = threads, .arena_positions = 16384});
    EXPECT_TRUE(same_bits(tell(story, chunk, [] { return 5; }), one)) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Model, Determinism, testing::ValuesIn(determinism_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace seedbed::engine
