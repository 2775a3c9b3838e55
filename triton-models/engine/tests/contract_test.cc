#include "seedbed/engine/contract.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

using nlohmann::json;

json valid() {
  const std::string digest(64, 'a');
  return {{"format", 1},
          {"architecture", "llama"},
          {"attention", "causal_context"},
          {"modes", {"autoregressive", "exact", "diffusion"}},
          {"vocab_size", 100},
          {"context_length", 64},
          {"block_size", 8},
          {"max_block_size", 16},
          {"mask_token_id", 4},
          {"pad_token_id", 5},
          {"end_token_ids", {2, 3}},
          {"forbidden_output", {4, 5}},
          {"shift_logits", false},
          {"can_edit", false},
          {"compute", "f32"},
          {"default_policy",
           {{"mode", "exact"},
            {"policy", "fixed_steps"},
            {"threshold", 0.8},
            {"steps", 4},
            {"edit_threshold", 1.0},
            {"edit_rounds", 0},
            {"draft_length", 12},
            {"temperature", 0.5},
            {"top_p", 0.95}}},
          {"tolerance", 0.001},
          {"sha256",
           {{"model.gguf", digest},
            {"tokenizer.json", digest},
            {"chat_template.jinja", digest},
            {"golden.json", digest}}}};
}

template <typename Error, typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Contract, ReadsEveryField) {
  const Contract contract = Contract::parse(valid().dump());
  EXPECT_EQ(contract.architecture, "llama");
  EXPECT_EQ(contract.attention, Attention::kCausalContext);
  EXPECT_EQ(contract.modes, (std::vector{Mode::kAutoregressive, Mode::kExact, Mode::kDiffusion}));
  EXPECT_EQ(contract.vocab_size, 100);
  EXPECT_EQ(contract.context_length, 64);
  EXPECT_EQ(contract.block_size, 8);
  EXPECT_EQ(contract.max_block_size, 16);
  EXPECT_EQ(contract.mask_token_id, 4);
  EXPECT_EQ(contract.pad_token_id, 5);
  EXPECT_EQ(contract.end_token_ids, (std::vector{2, 3}));
  EXPECT_EQ(contract.forbidden_output, (std::vector{4, 5}));
  EXPECT_TRUE(contract.compute_f32);
  EXPECT_EQ(contract.default_policy.mode, Mode::kExact);
  EXPECT_EQ(contract.default_policy.policy, Policy::kFixedSteps);
  EXPECT_EQ(contract.default_policy.threshold, 0.8);
  EXPECT_EQ(contract.default_policy.steps, 4);
  EXPECT_EQ(contract.default_policy.block_size, 8);
  EXPECT_EQ(contract.default_policy.draft_length, 12);
  EXPECT_EQ(contract.default_policy.temperature, 0.5);
  EXPECT_EQ(contract.default_policy.top_p, 0.95);
  EXPECT_EQ(contract.tolerance, 0.001);
  EXPECT_EQ(contract.sha256.size(), 4u);
  EXPECT_TRUE(contract.is_end(3));
  EXPECT_FALSE(contract.is_end(4));
  EXPECT_TRUE(contract.offers(Mode::kExact));
}

TEST(Contract, AModelMayHaveNoPad) {
  json document = valid();
  document["pad_token_id"] = nullptr;
  EXPECT_EQ(Contract::parse(document.dump()).pad_token_id, -1);
}

TEST(Contract, RefusesAMissingFieldByName) {
  const json complete = valid();
  for (const auto& [name, value] : complete.items()) {
    json document = complete;
    document.erase(name);
    const std::string message = message_of<ModelError>([&] { Contract::parse(document.dump()); });
    EXPECT_NE(message.find("missing: " + name), std::string::npos) << message;
  }
  for (const auto& [name, value] : complete["default_policy"].items()) {
    json document = complete;
    document["default_policy"].erase(name);
    const std::string message = message_of<ModelError>([&] { Contract::parse(document.dump()); });
    EXPECT_NE(message.find("missing: default_policy." + name), std::string::npos) << message;
  }
}

TEST(Contract, RefusesUnknownFieldsByName) {
  json document = valid();
  document["extra"] = 1;
  EXPECT_EQ(message_of<ModelError>([&] { Contract::parse(document.dump()); }),
            "contract: field is unknown: extra");
  document = valid();
  document["sha256"]["weights.bin"] = std::string(64, 'a');
  EXPECT_EQ(message_of<ModelError>([&] { Contract::parse(document.dump()); }),
            "contract: field is unknown: sha256.weights.bin");
}

TEST(Contract, RefusesAFieldGivenTwice) {
  std::string text = valid().dump();
  text.insert(1, "\"vocab_size\": 90, ");
  EXPECT_EQ(message_of<ModelError>([&] { Contract::parse(text); }),
            "contract: field is given twice: vocab_size");
}

TEST(Contract, RefusesWhatIsNoJsonObject) {
  for (const char* text : {"", "{", "[]", "null", "{}x", "\xff"})
    EXPECT_THROW(Contract::parse(text), ModelError) << text;
}

struct Spoiled {
  const char* pointer;
  json value;
  const char* message;  // a part of it
};

TEST(Contract, NamesTheFieldTheValueAndTheExpectation) {
  const std::vector<Spoiled> cases = {
      {"/format", 2, "format out of range: 2 (expected: integer 1..1)"},
      {"/architecture", "mamba", "architecture is unknown: \"mamba\" (expected: llama, qwen2, qwen3)"},
      {"/attention", "local",
       "attention is unknown: \"local\" (expected: block_causal, causal_context, full)"},
      {"/modes", json::array(), "modes has the wrong type: []"},
      {"/modes", {"exact", "exact"}, "modes holds a mode twice: exact"},
      {"/modes", {"greedy"}, "mode is unknown: greedy"},
      {"/modes", {7}, "mode is unknown: 7"},
      {"/vocab_size", 1, "vocab_size out of range: 1"},
      {"/vocab_size", "100", "vocab_size out of range: \"100\""},
      {"/vocab_size", 100.0, "vocab_size out of range: 100.0"},
      {"/vocab_size", 18446744073709551615u, "vocab_size out of range: 18446744073709551615"},
      {"/context_length", 0, "context_length out of range: 0"},
      {"/block_size", 17, "block_size out of range: 17 (expected: integer 1..16)"},
      {"/max_block_size", 64, "max_block_size out of range: 64 (expected: integer 1..63)"},
      {"/mask_token_id", 100, "mask_token_id out of range: 100 (expected: integer 0..99)"},
      {"/pad_token_id", -1, "pad_token_id out of range: -1"},
      {"/end_token_ids", json::array(), "end_token_ids is empty"},
      {"/end_token_ids", {100}, "end_token_ids holds an id out of range: 100 (expected: 0..99)"},
      {"/end_token_ids", {2, 2}, "end_token_ids holds an id twice: 2"},
      {"/end_token_ids", {4}, "forbidden_output holds an end id: 4"},
      {"/forbidden_output", {5}, "forbidden_output lacks the mask id: 4"},
      {"/forbidden_output", {4}, "forbidden_output lacks the pad id: 5"},
      {"/shift_logits", true, "shift_logits is not served with attention causal_context: true"},
      {"/shift_logits", 0, "shift_logits has the wrong type: 0"},
      {"/can_edit", "no", "can_edit has the wrong type: \"no\""},
      {"/compute", "bf16", "compute is unknown: \"bf16\" (expected: f32, native)"},
      {"/tolerance", 0, "tolerance out of range: 0"},
      {"/tolerance", "small", "tolerance has the wrong type: \"small\""},
      {"/default_policy", 3, "default_policy. is number (expected: object)"},
      {"/default_policy/mode", "fast", "default_policy.mode is unknown: \"fast\""},
      {"/default_policy/threshold", 0, "threshold out of range: 0"},
      {"/default_policy/edit_threshold", 1.5, "edit_threshold out of range: 1.5"},
      {"/default_policy/edit_threshold", 0.5, "edit_threshold is not offered by this model: 0.5"},
      {"/default_policy/edit_rounds", 17, "edit_rounds out of range: 17 (expected: integer 0..16)"},
      {"/default_policy/edit_rounds", 1, "edit_rounds is not offered by this model: 1"},
      {"/default_policy/draft_length", 17, "draft_length out of range: 17 (expected: 1..16)"},
      {"/default_policy/temperature", 2.5, "temperature out of range: 2.5"},
      {"/default_policy/top_p", 0, "top_p out of range: 0"},
      {"/sha256/model.gguf", "abc", "sha256.model.gguf is no digest: \"abc\""},
  };
  for (const Spoiled& spoiled : cases) {
    json document = valid();
    document[json::json_pointer(spoiled.pointer)] = spoiled.value;
    const std::string message = message_of<ModelError>([&] { Contract::parse(document.dump()); });
    EXPECT_NE(message.find(spoiled.message), std::string::npos) << spoiled.pointer << ": " << message;
  }
}

TEST(Contract, AModelThatIsNotCausalOffersDiffusionOnly) {
  for (const char* attention : {"block_causal", "full"}) {
    json document = valid();
    document["attention"] = attention;
    EXPECT_EQ(message_of<ModelError>([&] { Contract::parse(document.dump()); }),
              std::string("contract: modes holds autoregressive, which attention ") + attention +
                  " cannot serve (expected: diffusion only)");
    document["modes"] = {"diffusion"};
    EXPECT_THROW(Contract::parse(document.dump()), ModelError) << "the default mode is not offered";
    document["default_policy"]["mode"] = "diffusion";
    EXPECT_EQ(to_string(Contract::parse(document.dump()).attention), std::string(attention));
    document["shift_logits"] = true;
    EXPECT_TRUE(Contract::parse(document.dump()).shift_logits);
  }
}

TEST(Contract, CountsAFullCanvasFromThePromptsEnd) {
  json document = valid();
  document["attention"] = "full";
  document["modes"] = {"diffusion"};
  document["default_policy"]["mode"] = "diffusion";
  const Contract contract = Contract::parse(document.dump());
  DecodeParameters parameters = contract.default_policy;
  parameters.max_tokens = 50;  // seven blocks
  EXPECT_NO_THROW(contract.validate(std::vector<int32_t>(8, 1), parameters));
  EXPECT_THROW(contract.validate(std::vector<int32_t>(9, 1), parameters), RequestError);
  parameters.block_size = 16;  // any, as the model knows no blocks
  EXPECT_THROW(contract.validate({1}, parameters), RequestError) << "four blocks of 16 and a prompt";
  parameters.max_tokens = 48;
  EXPECT_NO_THROW(contract.validate({1}, parameters));
}

TEST(Contract, ReadsWhatDraftsYield) {
  EXPECT_TRUE(Contract::parse(valid().dump()).draft_yield.empty()) << "it is optional";
  json document = valid();
  document["draft_yield"] = {{1, 1}, {4, 3.5}, {16, 16}};
  const std::vector<DraftYield> expected{{1, 1}, {4, 3.5}, {16, 16}};
  EXPECT_EQ(Contract::parse(document.dump()).draft_yield, expected);
}

TEST(Contract, RefusesAnImpossibleDraftYield) {
  const std::vector<std::pair<json, std::string>> refusals{
      {nullptr, "draft_yield has the wrong type: null (expected: list of"},
      {json::array(), "draft_yield has the wrong type: [] (expected: list of"},
      {{4, 3.5}, "draft_yield holds no pair: 4 (expected: [draft_length,"},
      {{{4, 3.5, 1}}, "draft_yield holds no pair: [4,3.5,1] (expected:"},
      {{{4.0, 3.5}}, "draft_yield holds no pair: [4.0,3.5] (expected:"},
      {{{4, "3.5"}}, "draft_yield holds no pair: [4,\"3.5\"] (expected:"},
      {{{0, 1}}, "draft_length out of range: 0 (expected: 1..16, ascending)"},
      {{{17, 1}}, "draft_length out of range: 17 (expected: 1..16, ascending)"},
      {{{18446744073709551615U, 1}}, "draft_length out of range: 18446744073709551615 (expected: 1..16"},
      {{{8, 2}, {8, 3}}, "draft_length out of range: 8 (expected: 9..16, ascending)"},
      {{{8, 0.5}}, "tokens per forward pass out of range: 0.5 (expected: 1..8)"},
      {{{8, 8.5}}, "tokens per forward pass out of range: 8.5 (expected: 1..8)"},
  };
  for (const auto& [value, words] : refusals) {
    json document = valid();
    document["draft_yield"] = value;
    const std::string refusal = message_of<ModelError>([&] { Contract::parse(document.dump()); });
    EXPECT_NE(refusal.find(words), std::string::npos) << refusal << " for " << value;
  }
  json document = valid();
  document["modes"] = {"diffusion"};
  document["default_policy"]["mode"] = "diffusion";
  document["draft_yield"] = {{4, 3.5}};
  EXPECT_EQ(message_of<ModelError>([&] { Contract::parse(document.dump()); }),
            "contract: draft_yield is given without mode exact: [[4,3.5]]");
}

class Validation : public testing::Test {
 protected:
  Contract contract_ = Contract::parse(valid().dump());
  DecodeParameters parameters_ = [this] {
    DecodeParameters parameters = contract_.default_policy;
    parameters.max_tokens = 8;
    return parameters;
  }();

  std::string refusal(const std::vector<int32_t>& prompt = {1, 2, 3}) const {
    return message_of<RequestError>([&] { contract_.validate(prompt, parameters_); });
  }
};

TEST_F(Validation, AcceptsWhatFits) { EXPECT_NO_THROW(contract_.validate({0, 99}, parameters_)); }

TEST_F(Validation, RefusesBadPrompts) {
  EXPECT_EQ(refusal({}), "prompt is empty (expected: 1..64 token ids)");
  EXPECT_EQ(refusal({100}), "token id out of range: 100 (expected: 0..99)");
  EXPECT_EQ(refusal({-1}), "token id out of range: -1 (expected: 0..99)");
}

TEST_F(Validation, RefusesEachParameterOutOfRange) {
  const auto refused = [&](auto member, auto value) {
    const auto kept = parameters_.*member;
    parameters_.*member = value;
    EXPECT_THROW(contract_.validate({1}, parameters_), RequestError) << value;
    parameters_.*member = kept;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const int32_t value : {0, -1, 65, INT32_MAX}) refused(&DecodeParameters::max_tokens, value);
  for (const double value : {0.0, -0.5, 1.5, nan, infinity}) refused(&DecodeParameters::threshold, value);
  for (const double value : {0.0, -0.5, 1.5, nan, infinity}) refused(&DecodeParameters::top_p, value);
  for (const double value : {0.0, -0.5, 1.5, nan, infinity})
    refused(&DecodeParameters::edit_threshold, value);
  for (const int32_t value : {-1, 17}) refused(&DecodeParameters::edit_rounds, value);
  for (const double value : {-0.1, 2.1, nan, infinity}) refused(&DecodeParameters::temperature, value);
  for (const int32_t value : {0, -1, 17}) refused(&DecodeParameters::steps, value);
  for (const int32_t value : {0, -1, 17}) refused(&DecodeParameters::block_size, value);
  for (const int32_t value : {0, -1, 17}) refused(&DecodeParameters::draft_length, value);
  refused(&DecodeParameters::seed, int64_t{-1});
  refused(&DecodeParameters::max_positions, int64_t{0});
  EXPECT_NO_THROW(contract_.validate({1}, parameters_)) << "every refusal must have had its own cause";
}

TEST_F(Validation, EditsAreRefusedWhereTheModelCannotEdit) {
  parameters_.edit_threshold = 0.5;
  EXPECT_EQ(refusal(), "edit_threshold is not offered by this model: 0.5 (expected: 1, it cannot edit)");
  parameters_.edit_threshold = 1;
  parameters_.edit_rounds = 2;
  EXPECT_EQ(refusal(), "edit_rounds is not offered by this model: 2 (expected: 0, it cannot edit)");
  contract_.can_edit = true;
  parameters_.edit_threshold = 0.5;
  EXPECT_NO_THROW(contract_.validate({1}, parameters_));
}

TEST_F(Validation, StepsAreBoundByTheBlockOnlyWhereTheyAreUsed) {
  parameters_.block_size = 2;
  EXPECT_NO_THROW(contract_.validate({1}, parameters_));
  parameters_.mode = Mode::kDiffusion;
  EXPECT_EQ(refusal(), "steps out of range: 4 (expected: 1..2)");
  parameters_.policy = Policy::kThreshold;
  EXPECT_NO_THROW(contract_.validate({1}, parameters_));
}

TEST_F(Validation, RefusesModesThatAreNotOffered) {
  contract_.modes = {Mode::kDiffusion};
  EXPECT_EQ(refusal(), "mode is not offered by this model: exact");
}

TEST_F(Validation, CountsTheContextOfEachMode) {
  const auto longest_prompt = [&] {
    int32_t length = 1;
    while (length < 200 && message_of<RequestError>([&] {
                             contract_.validate(std::vector<int32_t>(static_cast<size_t>(length + 1), 1),
                                                parameters_);
                           }) == "nothing was thrown") {
      ++length;
    }
    return length;
  };
  parameters_.max_tokens = 9;
  parameters_.mode = Mode::kAutoregressive;
  EXPECT_EQ(longest_prompt(), 64 - 9);
  parameters_.mode = Mode::kExact;
  EXPECT_EQ(longest_prompt(), 64 - 9 - 12);
  parameters_.mode = Mode::kDiffusion;
  EXPECT_EQ(longest_prompt(), 64 - 16) << "two whole blocks from the prompt's end";
  contract_.attention = Attention::kBlockCausal;
  EXPECT_EQ(longest_prompt(), 64 - 9) << "whole blocks from position 0";
  contract_.context_length = 63;
  EXPECT_EQ(longest_prompt(), 56 - 9);
}

TEST_F(Validation, ABlockCausalModelHasOneBlockSize) {
  contract_.attention = Attention::kBlockCausal;
  parameters_.mode = Mode::kDiffusion;
  parameters_.block_size = 4;
  EXPECT_EQ(refusal(), "block_size out of range: 4 (expected: 8, the only one of a block_causal model)");
}

TEST(Names, ModesAndPoliciesAreReadBackAsWritten) {
  for (const Mode mode : {Mode::kAutoregressive, Mode::kExact, Mode::kDiffusion})
    EXPECT_EQ(parse_mode(to_string(mode)), mode);
  for (const Policy policy : {Policy::kThreshold, Policy::kConfidentPrefix, Policy::kFixedSteps})
    EXPECT_EQ(parse_policy(to_string(policy)), policy);
  EXPECT_THROW(parse_mode("Exact"), RequestError);
  EXPECT_THROW(parse_policy(""), RequestError);
}

}  // namespace
}  // namespace seedbed::engine
