#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "seedbed/engine/check.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

using nlohmann::json;

const std::filesystem::path kDirectory = std::filesystem::path(SEEDBED_GOLDEN_DIR) / "sampler";

std::vector<float> read_floats(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<float> values(std::filesystem::file_size(file) / sizeof(float));
  in.read(reinterpret_cast<char*>(values.data()),
          static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

Contract read_contract(const json& document) {
  Contract contract;
  contract.attention = parse_attention(document.at("attention"));
  for (const json& mode : document.at("modes")) contract.modes.push_back(parse_mode(mode));
  contract.vocab_size = document.at("vocab_size");
  contract.context_length = document.at("context_length");
  contract.block_size = document.at("block_size");
  contract.max_block_size = document.at("max_block_size");
  contract.mask_token_id = document.at("mask_token_id");
  contract.can_edit = document.at("can_edit");
  contract.end_token_ids = document.at("end_token_ids").get<std::vector<int32_t>>();
  contract.shift_logits = document.at("shift_logits");
  contract.forbidden_output = document.at("forbidden_output").get<std::vector<int32_t>>();
  return contract;
}

DecodeParameters read_parameters(const json& document) {
  DecodeParameters p;
  p.max_tokens = document.at("max_tokens");
  p.mode = parse_mode(document.at("mode"));
  p.policy = parse_policy(document.at("policy"));
  p.threshold = document.at("threshold");
  p.steps = document.at("steps");
  p.edit_threshold = document.at("edit_threshold");
  p.edit_rounds = document.at("edit_rounds");
  p.block_size = document.at("block_size");
  p.draft_length = document.at("draft_length");
  p.temperature = document.at("temperature");
  p.top_p = document.at("top_p");
  p.seed = document.at("seed");
  if (!document.at("max_positions").is_null()) p.max_positions = document.at("max_positions");
  return p;
}

// Answers each slice with the logits recorded for it, and expects the recorded slices in their order.
class RecordedRounds final : public ForwardPass {
 public:
  RecordedRounds(const json& recorded, std::span<const float> logits)
      : contract_(read_contract(recorded.at("contract"))),
        rounds_(recorded.at("rounds")),
        logits_(logits),
        arena_(1024) {}

  const Contract& contract() const override { return contract_; }
  KvArena& arena() override { return arena_; }
  size_t rounds_left() const { return rounds_.size() - next_; }

  std::span<const float> forward(std::span<Slice> slices) override {
    const Slice& slice = slices.front();
    ENGINE_CHECK(rounds_left() > 0, "more rounds than recorded: ", rounds_.size());
    const json& round = rounds_[next_++];
    EXPECT_EQ(slice.kv->length(), kept_) << "before round " << next_;
    EXPECT_EQ(slice.token_ids, round.at("token_ids").get<std::vector<int32_t>>());
    EXPECT_EQ(slice.clean_rows, round.at("clean_rows").get<int32_t>());
    EXPECT_EQ(slice.edits, round.value("edits", false));
    kept_ += round.at("kept_rows").get<int32_t>();
    // A row whose token is visible already needs no logits; the recording may have them.
    const int32_t not_wanted = slice.first_logits_row - round.at("first_logits_row").get<int32_t>();
    ENGINE_CHECK(
        not_wanted >= 0 && slice.logits_rows() + not_wanted == round.at("logits_rows").get<int32_t>(),
        "rows with logits differ in round ", next_);
    const auto vocabulary = static_cast<size_t>(contract_.vocab_size);
    const size_t first_row = round.at("logits_offset").get<size_t>() + static_cast<size_t>(not_wanted);
    return logits_.subspan(first_row * vocabulary, static_cast<size_t>(slice.logits_rows()) * vocabulary);
  }

 private:
  const Contract contract_;
  const json& rounds_;
  const std::span<const float> logits_;
  KvArena arena_;
  size_t next_ = 0;
  int32_t kept_ = 0;
};

TEST(RecordedSampler, IsFollowedRoundForRoundAndTokenForToken) {
  const json recording = json::parse(std::ifstream(kDirectory / "cases.json"));
  const std::vector<float> logits = read_floats(kDirectory / recording.at("logits").get<std::string>());
  const json& cases = recording.at("cases");
  ASSERT_GE(cases.size(), 100U);
  size_t tokens = 0;
  for (const json& recorded : cases) {
    SCOPED_TRACE(recorded.at("name").get<std::string>());
    RecordedRounds model(recorded, logits);
    const int32_t max_rows =
        recorded.at("max_rows").is_null() ? kMaxPrefillRows : recorded.at("max_rows").get<int32_t>();
    const Generation generation = generate(model, recorded.at("prompt").get<std::vector<int32_t>>(),
                                           read_parameters(recorded.at("parameters")), max_rows);
    EXPECT_EQ(model.rounds_left(), 0U);
    EXPECT_EQ(generation.token_ids, recorded.at("token_ids").get<std::vector<int32_t>>());
    EXPECT_EQ(to_string(generation.finish), recorded.at("finish_reason").get<std::string>());
    EXPECT_EQ(generation.finish_detail, recorded.at("finish_detail").get<std::string>());
    const Work& work = generation.work;
    EXPECT_EQ((std::vector<int64_t>{work.input_tokens, work.cached_input_tokens, work.forward_passes,
                                    work.positions_evaluated, work.committed_tokens, work.edits}),
              recorded.at("work").get<std::vector<int64_t>>());
    const auto confidence = recorded.at("confidence").get<std::vector<double>>();
    ASSERT_EQ(generation.confidence.size(), confidence.size());
    for (size_t i = 0; i < confidence.size(); ++i)
      EXPECT_EQ(generation.confidence[i], static_cast<float>(confidence[i]));
    tokens += generation.token_ids.size();
    if (HasFailure()) return;
  }
  EXPECT_GT(tokens, 500U);
}

}  // namespace
}  // namespace seedbed::engine
