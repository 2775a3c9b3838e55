#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "recording_sink.h"
#include "seedbed/engine/generation.h"
#include "seedbed/engine/golden.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::engine {
namespace {

// Hugging Face checkpoints that training/ converted: one of each type, logits compared with transformers.
class ConvertedVersion : public testing::TestWithParam<const char*> {
 protected:
  static std::unique_ptr<Model> load() {
    return load_verified(std::filesystem::path(SEEDBED_GOLDEN_DIR) / GetParam(),
                         {.threads = 1, .arena_positions = 4096});
  }
};

TEST_P(ConvertedVersion, IsVerifiedWhenItIsLoaded) { EXPECT_EQ(load()->arena().used(), 0); }

TEST_P(ConvertedVersion, GivesEachOfManyStreamsTheTokensItGetsAlone) {
  std::unique_ptr<Model> model = load();
  std::vector<std::pair<std::vector<int32_t>, DecodeParameters>> requests;
  std::vector<Generation> alone;
  for (int32_t i = 0; i < 12; ++i) {
    DecodeParameters p = model->contract().default_policy;
    p.temperature = i % 2 == 0 ? 0.0 : 0.8;
    p.seed = i;
    p.max_tokens = 3 + 2 * i;
    std::vector<int32_t> prompt;
    for (int32_t j = 0; j < 1 + 5 * i; ++j) prompt.push_back(3 + (7 * i + 11 * j) % 250);
    requests.emplace_back(prompt, p);
    alone.push_back(generate(*model, prompt, p));
  }
  Scheduler scheduler({.max_inflight = 12, .max_round_rows = 48});
  const auto handle = scheduler.add(std::move(model));
  std::vector<std::shared_ptr<Told>> told;
  for (const auto& [prompt, p] : requests) {
    told.push_back(std::make_shared<Told>());
    GenerationRequest request;
    request.prompt = prompt;
    request.parameters = p;
    request.tenant = told.size() % 2 == 0 ? "even" : "odd";
    request.sink = recording_sink(told.back());
    scheduler.submit(handle, std::move(request));
  }
  for (size_t i = 0; i < told.size(); ++i) {
    told[i]->wait();
    EXPECT_EQ(told[i]->token_ids, alone[i].token_ids) << "stream " << i;
    EXPECT_EQ(told[i]->finish, alone[i].finish) << "stream " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Converted, ConvertedVersion,
                         testing::Values("converted-llama", "converted-qwen2", "converted-qwen3",
                                         "converted-stable-diffcoder", "converted-sdar", "converted-dream",
                                         "converted-fast-dllm-v2"),
                         [](const auto& version) {
                           std::string name = version.param;
                           for (char& letter : name) letter = letter == '-' ? '_' : letter;
                           return name;
                         });

}  // namespace
}  // namespace seedbed::engine
