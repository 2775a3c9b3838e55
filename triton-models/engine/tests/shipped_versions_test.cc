#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "recording_sink.h"
#include "seedbed/engine/generation.h"
#include "seedbed/engine/golden.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::engine {
namespace {

// The folders are looked for when the test runs: a version that was just exported is among them.
std::vector<std::filesystem::path> shipped_versions() {
  std::vector<std::filesystem::path> versions;
  for (const auto& folder : std::filesystem::directory_iterator(SEEDBED_REPOSITORY_DIR)) {
    if (std::filesystem::exists(folder.path() / "1" / "contract.json")) versions.push_back(folder.path() / "1");
  }
  std::ranges::sort(versions);
  return versions;
}

std::unique_ptr<Model> load(const std::filesystem::path& version) {
  return load_verified(version, {.threads = 1, .arena_positions = 8192});
}

// One request of each mode and temperature, with edits where the version can edit.
std::vector<DecodeParameters> requests_of(const Contract& contract) {
  std::vector<DecodeParameters> requests;
  for (const Mode mode : contract.modes) {
    for (const double temperature : {0.0, 0.8}) {
      DecodeParameters p = contract.default_policy;
      p.mode = mode;
      p.temperature = temperature;
      p.seed = static_cast<int64_t>(requests.size());
      p.max_tokens = 32;
      if (contract.can_edit && mode == Mode::kDiffusion) {
        p.edit_threshold = 0.5;
        p.edit_rounds = 2;
      }
      requests.push_back(p);
    }
  }
  return requests;
}

std::vector<int32_t> prompt_of(const Contract& contract) {
  std::vector<int32_t> prompt;
  for (int32_t i = 0; prompt.size() < 20; ++i) {
    const int32_t id = 300 + 17 * i;
    if (id < contract.vocab_size) prompt.push_back(id);
  }
  return prompt;
}

TEST(ShippedVersions, AreVerifiedWhenTheyAreLoaded) {
  ASSERT_FALSE(shipped_versions().empty()) << SEEDBED_REPOSITORY_DIR;
  for (const auto& version : shipped_versions()) {
    SCOPED_TRACE(version);
    EXPECT_EQ(load(version)->arena().used(), 0);
  }
}

TEST(ShippedVersions, GiveEachStreamTheTokensItGetsAlone) {
  for (const auto& version : shipped_versions()) {
    SCOPED_TRACE(version);
    std::unique_ptr<Model> model = Model::load(version, {.threads = 1, .arena_positions = 8192});
    const std::vector<DecodeParameters> requests = requests_of(model->contract());
    const std::vector<int32_t> prompt = prompt_of(model->contract());
    std::vector<Generation> alone;
    for (const DecodeParameters& p : requests) alone.push_back(generate(*model, prompt, p));
    Scheduler scheduler({.max_inflight = 16, .max_round_rows = 64});
    const auto handle = scheduler.add(std::move(model));
    std::vector<std::shared_ptr<Told>> told;
    for (const DecodeParameters& p : requests) {
      told.push_back(std::make_shared<Told>());
      GenerationRequest request;
      request.prompt = prompt;
      request.parameters = p;
      request.any_draft_length = true;
      request.sink = recording_sink(told.back());
      scheduler.submit(handle, std::move(request));
    }
    for (size_t i = 0; i < told.size(); ++i) {
      told[i]->wait();
      EXPECT_EQ(told[i]->token_ids, alone[i].token_ids) << "stream " << i;
      EXPECT_EQ(told[i]->finish, alone[i].finish) << "stream " << i;
    }
  }
}

TEST(ShippedVersions, GiveTheSameTokensInExactAsInAutoregressive) {
  for (const auto& version : shipped_versions()) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Model> model = Model::load(version, {.threads = 1, .arena_positions = 8192});
    const Contract& contract = model->contract();
    if (!contract.offers(Mode::kExact)) continue;
    for (int64_t seed = 0; seed < 4; ++seed) {
      DecodeParameters p = contract.default_policy;
      p.temperature = seed % 2 == 0 ? 0 : 0.8;
      p.seed = seed;
      p.max_tokens = 40;
      p.mode = Mode::kExact;
      p.draft_length = 4 + 3 * static_cast<int32_t>(seed);
      const Generation exact = generate(*model, prompt_of(contract), p);
      p.mode = Mode::kAutoregressive;
      EXPECT_EQ(exact.token_ids, generate(*model, prompt_of(contract), p).token_ids) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace seedbed::engine
