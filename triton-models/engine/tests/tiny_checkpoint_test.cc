#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "recording_sink.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/generation.h"
#include "seedbed/engine/golden.h"
#include "seedbed/engine/model.h"
#include "seedbed/engine/scheduler.h"
#include "tiny_model.h"

namespace seedbed::engine {
namespace {

using nlohmann::json;

const ModelOptions kOptions{.threads = 1, .arena_positions = 16384};

// The checkpoints that training/ made with Hugging Face transformers.
std::filesystem::path checkpoint(const std::string& name) {
  return std::filesystem::path(SEEDBED_GOLDEN_DIR) / name;
}

json read_json(const std::filesystem::path& file) { return json::parse(std::ifstream(file)); }

std::vector<int32_t> random_prompt(std::mt19937& random, int32_t vocabulary, size_t most) {
  std::vector<int32_t> prompt(1 + random() % most);
  for (int32_t& id : prompt) id = 3 + static_cast<int32_t>(random() % static_cast<uint32_t>(vocabulary - 3));
  return prompt;
}

class TinyCheckpoint : public testing::TestWithParam<const char*> {};

TEST_P(TinyCheckpoint, HasTheLogitsThatWereRecorded) {
  const auto model = Model::load(checkpoint(GetParam()), kOptions);
  const json golden = read_json(checkpoint(GetParam()) / "golden.json");
  ASSERT_FALSE(golden["logits"].empty());
  for (const json& recorded : golden["logits"]) {
    Slice slice{.kv = nullptr, .token_ids = recorded["token_ids"]};
    auto kv = model->arena().acquire(slice.rows());
    slice.kv = &*kv;
    slice.clean_rows = recorded["clean_rows"];
    slice.first_logits_row = recorded["first_logits_row"];
    slice.block_size = model->contract().block_size;
    const std::span<const float> logits = model->forward({&slice, 1});
    const auto rows = recorded["values"].get<std::vector<std::vector<double>>>();
    ASSERT_EQ(logits.size(), rows.size() * rows[0].size());
    for (size_t i = 0; i < logits.size(); ++i) {
      ASSERT_NEAR(logits[i], rows[i / rows[0].size()][i % rows[0].size()], model->contract().tolerance)
          << "element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, TinyCheckpoint,
                         testing::Values("tiny-llama-b", "tiny-llama-c", "tiny-qwen2-b", "tiny-qwen2-c",
                                         "tiny-llama-c-f16", "tiny-llama-c-q8_0"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(SelfTest, RefusesAVersionWhoseLogitsDiffer) {
  TemporaryFolder folder;
  std::filesystem::copy(checkpoint("tiny-llama-c"), folder.path(), std::filesystem::copy_options::recursive);
  std::filesystem::copy(checkpoint("tiny-llama-c-f16") / "model.gguf", folder.path() / "model.gguf",
                        std::filesystem::copy_options::overwrite_existing);
  json contract = read_json(folder.path() / "contract.json");
  contract["sha256"]["model.gguf"] =
      read_json(checkpoint("tiny-llama-c-f16") / "contract.json")["sha256"]["model.gguf"];
  std::ofstream(folder.path() / "contract.json") << contract;
  ASSERT_NO_THROW(Model::load(folder.path(), kOptions)) << "nothing but the self-test may object";
  contract["tolerance"] = 1e-6;
  std::ofstream(folder.path() / "contract.json") << contract;
  EXPECT_THROW(load_verified(folder.path(), kOptions), ModelError);
}

TEST(RealModel, ExactGivesTheTokensOfAutoregressive) {
  const auto model = Model::load(checkpoint("tiny-llama-c"), kOptions);
  std::mt19937 random(5);
  int64_t drafted = 0;
  for (int64_t seed = 0; seed < 24; ++seed) {
    const std::vector<int32_t> prompt = random_prompt(random, model->contract().vocab_size, 90);
    DecodeParameters parameters = model->contract().default_policy;
    parameters.mode = Mode::kAutoregressive;
    parameters.temperature = seed % 3 * 0.4;
    parameters.seed = seed;
    parameters.max_tokens = 48;
    const Generation expected = generate(*model, prompt, parameters);
    parameters.mode = Mode::kExact;
    parameters.draft_length = 1 + static_cast<int32_t>(seed % 12);
    const Generation exact = generate(*model, prompt, parameters);
    EXPECT_EQ(exact.token_ids, expected.token_ids) << "seed " << seed;
    EXPECT_EQ(exact.confidence, expected.confidence) << "seed " << seed;
    drafted += exact.work.positions_evaluated - expected.work.positions_evaluated;
  }
  EXPECT_GT(drafted, 0);
}

TEST(RealModel, SixtyFourStreamsAtOnceGetTheTokensOfEachAlone) {
  auto model = Model::load(checkpoint("tiny-llama-c"), kOptions);
  const Contract contract = model->contract();
  std::mt19937 random(6);
  std::vector<std::pair<std::vector<int32_t>, DecodeParameters>> requests;
  std::vector<Generation> alone;
  for (int32_t i = 0; i < 64; ++i) {
    DecodeParameters parameters = contract.default_policy;
    parameters.mode =
        std::array{Mode::kAutoregressive, Mode::kExact, Mode::kDiffusion}[static_cast<size_t>(i % 3)];
    parameters.temperature = i % 2 == 0 ? 0.0 : 0.8;
    parameters.seed = i;
    parameters.max_tokens = 1 + static_cast<int32_t>(random() % 40);
    requests.emplace_back(random_prompt(random, contract.vocab_size, i % 16 == 0 ? 600 : 80), parameters);
    alone.push_back(generate(*model, requests.back().first, parameters));
  }
  ASSERT_EQ(model->arena().used(), 0);

  Scheduler scheduler({.max_inflight = 64, .max_round_rows = 48});
  const auto handle = scheduler.add(std::move(model));
  std::vector<std::shared_ptr<Told>> told;
  for (const auto& [prompt, parameters] : requests) {
    told.push_back(std::make_shared<Told>());
    GenerationRequest request;
    request.prompt = prompt;
    request.parameters = parameters;
    request.tenant = told.size() % 2 == 0 ? "even" : "odd";
    request.sink = recording_sink(told.back());
    scheduler.submit(handle, std::move(request));
  }
  for (size_t i = 0; i < told.size(); ++i) {
    told[i]->wait();
    EXPECT_EQ(told[i]->violation, "");
    EXPECT_EQ(told[i]->token_ids, alone[i].token_ids) << "stream " << i;
    EXPECT_EQ(told[i]->confidence, alone[i].confidence) << "stream " << i;
    EXPECT_EQ(told[i]->finish, alone[i].finish) << "stream " << i;
    EXPECT_EQ(told[i]->work.committed_tokens, alone[i].work.committed_tokens) << "stream " << i;
  }
  EXPECT_EQ(scheduler.stats(handle).kv_positions_used, 0);
}

}  // namespace
}  // namespace seedbed::engine
