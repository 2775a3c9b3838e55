#include "seedbed/engine/golden.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hash_model.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

using nlohmann::json;

// Records golden.json with one model and replays it, changed, with a model of the same or of other weights.
class GoldenReplay : public testing::TestWithParam<Attention> {
 protected:
  GoldenReplay() : contract(test_contract(GetParam())), recorder(contract) {
    golden["format"] = 1;
    golden["logits"] = json::array({record_logits()});
    golden["traces"] = json::array();
    for (const Mode mode : contract.modes) golden["traces"].push_back(record_trace(mode));
  }
  ~GoldenReplay() override { std::filesystem::remove(file); }

  json record_logits() {
    const std::vector<int32_t> token_ids = test_prompt(24, 6);
    auto kv = *recorder.arena().acquire(24);
    Slice slice{.kv = &kv, .token_ids = token_ids, .clean_rows = 16, .block_size = 8, .first_logits_row = 14};
    json rows = json::array();
    const std::span<const float> logits = recorder.forward({&slice, 1});
    for (size_t row = 0; row < 10; ++row) {
      const std::span<const float> values = logits.subspan(row * 40, 40);
      rows.push_back(std::vector<float>(values.begin(), values.end()));
    }
    return {{"token_ids", token_ids}, {"clean_rows", 16}, {"first_logits_row", 14}, {"values", rows}};
  }

  json record_trace(Mode mode) {
    DecodeParameters p = contract.default_policy;
    p.mode = mode;
    p.temperature = 0.8;
    p.seed = 5;
    p.max_tokens = 20;
    const std::vector<int32_t> prompt = test_prompt(20, 6);
    const Generation generation = generate(recorder, prompt, p);
    return {
        {"prompt", prompt},
        {"parameters", {{"mode", to_string(mode)}, {"temperature", 0.8}, {"seed", 5}, {"max_tokens", 20}}},
        {"token_ids", generation.token_ids},
        {"finish_reason", to_string(generation.finish)},
        {"margin", 0.01},
        {"forward_passes", generation.work.forward_passes},
        {"positions_evaluated", generation.work.positions_evaluated}};
  }

  // What replay_golden complains about; empty when it accepts.
  std::string complaint(uint64_t weights = 1) {
    std::ofstream(file) << golden.dump();
    HashModel model(contract, 4096, weights);
    try {
      replay_golden(model, file);
      EXPECT_EQ(model.arena().used(), 0);
      return "";
    } catch (const ModelError& error) {
      EXPECT_EQ(model.arena().used(), 0);
      return error.what();
    }
  }

  const Contract contract;
  HashModel recorder;
  json golden;
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("golden-" + std::to_string(::getpid()) + ".json");
};

TEST_P(GoldenReplay, AcceptsTheModelThatWasRecorded) { EXPECT_EQ(complaint(), ""); }

TEST_P(GoldenReplay, RefusesOtherWeights) {
  EXPECT_TRUE(complaint(2).starts_with("golden: logits[0]: logit of id ")) << complaint(2);
}

TEST_P(GoldenReplay, NamesTheLogitThatLeavesTheTolerance) {
  json& value = golden["logits"][0]["values"][3][7];
  value = value.get<double>() + 0.0009;
  EXPECT_EQ(complaint(), "");
  value = value.get<double>() + 0.0009;
  EXPECT_TRUE(complaint().starts_with("golden: logits[0]: logit of id 7 in row 17 differs by 0.0018"))
      << complaint();
}

TEST_P(GoldenReplay, NamesTheTokenThatDiffers) {
  golden["traces"][0]["token_ids"][2] = 38;
  EXPECT_TRUE(complaint().starts_with("golden: traces[0]: token 2 differs: ")) << complaint();
}

TEST_P(GoldenReplay, DoesNotCompareATraceThatAnotherMachineMayDecideOtherwise) {
  if (golden["traces"].size() == 1) golden["traces"].push_back(golden["traces"][0]);
  golden["traces"][0]["token_ids"][2] = 38;
  golden["traces"][0]["margin"] = 0.002;  // twice the tolerance
  EXPECT_EQ(complaint(), "");
}

TEST_P(GoldenReplay, RefusesAFileWithNothingToCompare) {
  for (json& trace : golden["traces"]) trace["margin"] = 0;
  EXPECT_TRUE(complaint().starts_with("golden: no trace to compare: ")) << complaint();
  golden["logits"] = json::array();
  EXPECT_EQ(complaint(), "golden: no logits to compare");
}

TEST_P(GoldenReplay, ComparesTheWorkAndTheEnd) {
  const json good = golden;
  golden["traces"][0]["positions_evaluated"] = 1;
  EXPECT_NE(complaint().find("positions evaluated differ"), std::string::npos);
  golden = good;
  golden["traces"][0]["forward_passes"] = 1;
  EXPECT_NE(complaint().find("forward passes differ"), std::string::npos);
  golden = good;
  golden["traces"][0]["finish_reason"] = "cancelled";
  EXPECT_NE(complaint().find("finish reason differs"), std::string::npos);
}

TEST_P(GoldenReplay, NamesWhatIsMalformed) {
  const json good = golden;
  golden["logits"][0].erase("clean_rows");
  EXPECT_TRUE(complaint().starts_with("golden: logits[0]: ")) << complaint();
  golden = good;
  golden["logits"][0]["values"][0] = {1.0, 2.0};
  EXPECT_EQ(complaint(), "golden: logits[0]: values in a row: 2 (expected: 40)");
  golden = good;
  golden["logits"][0]["token_ids"][0] = 40;
  EXPECT_EQ(complaint(), "golden: logits[0]: token id out of range: 40 (expected: 0..39)");
  golden = good;
  golden["traces"][0]["parameters"]["tempo"] = 1;
  EXPECT_EQ(complaint(), "golden: traces[0]: parameter is unknown: tempo");
  golden = good;
  golden["traces"][0]["prompt"] = json::array();
  EXPECT_TRUE(complaint().starts_with("golden: traces[0]: prompt is empty")) << complaint();
  golden["format"] = 2;
  EXPECT_EQ(complaint(), "golden: format is unknown: 2 (expected: 1)");
  golden = "text";
  EXPECT_TRUE(complaint().starts_with("golden: not as expected: ")) << complaint();
}

INSTANTIATE_TEST_SUITE_P(BothKinds, GoldenReplay,
                         testing::Values(Attention::kCausalContext, Attention::kBlockCausal),
                         [](const auto& kind) {
                           return kind.param == Attention::kCausalContext ? "CausalContext" : "BlockCausal";
                         });

}  // namespace
}  // namespace seedbed::engine
