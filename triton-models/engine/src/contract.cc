#include "seedbed/engine/contract.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <utility>

#include "contract_fields.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

using nlohmann::json;

constexpr int32_t kLargestBlock = 63;  // docs/model-version.md
constexpr int64_t kLargestCount = 1 << 30;
constexpr std::array kDigestedFiles = {"model.gguf", "tokenizer.json", "chat_template.jinja", "golden.json"};

template <typename Range, typename Value>
bool contains(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

// The JSON library keeps the last of two equal keys; a contract that says two things is refused instead.
json parse_without_duplicates(const std::string& text) {
  std::vector<std::set<std::string>> keys;
  const auto refuse_duplicates = [&keys](int /*depth*/, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      MODEL_CHECK(keys.back().insert(key).second, "contract: field is given twice: ", key);
    }
    return true;
  };
  try {
    return json::parse(text, refuse_duplicates);
  } catch (const json::exception& error) {
    fail<ModelError>("contract: not JSON: ", error.what());
  }
}

std::vector<Mode> read_modes(ContractFields& fields, Attention attention) {
  const json& value = fields.field("modes");
  MODEL_CHECK(value.is_array() && !value.empty(), "contract: modes has the wrong type: ", value.dump(),
              " (expected: list of modes, not empty)");
  std::vector<Mode> modes;
  for (const json& name : value) {
    Mode mode{};
    try {
      mode = parse_mode(name.is_string() ? name.get<std::string>() : name.dump());
    } catch (const RequestError& error) {
      fail<ModelError>("contract: modes: ", error.what());
    }
    MODEL_CHECK(!contains(modes, mode), "contract: modes holds a mode twice: ", to_string(mode));
    MODEL_CHECK(attention == Attention::kCausalContext || mode == Mode::kDiffusion, "contract: modes holds ",
                to_string(mode), ", which attention ", to_string(attention),
                " cannot serve (expected: diffusion only)");
    modes.push_back(mode);
  }
  return modes;
}

DecodeParameters read_default_policy(const json& value, int32_t block_size) {
  ContractFields fields(value, "default_policy.");
  DecodeParameters policy;
  policy.mode = parse_mode(fields.choice("mode", {"autoregressive", "exact", "diffusion"}));
  policy.policy = parse_policy(fields.choice("policy", {"threshold", "confident_prefix", "fixed_steps"}));
  policy.threshold = fields.number("threshold");
  policy.steps = static_cast<int32_t>(fields.integer("steps", 1, kLargestBlock));
  policy.edit_threshold = fields.number("edit_threshold");
  policy.edit_rounds = static_cast<int32_t>(fields.integer("edit_rounds", 0, kMostEditRounds));
  policy.draft_length = static_cast<int32_t>(fields.integer("draft_length", 1, kLargestBlock));
  policy.temperature = fields.number("temperature");
  policy.top_p = fields.number("top_p");
  policy.block_size = block_size;
  policy.max_tokens = 1;
  fields.done();
  return policy;
}

std::vector<DraftYield> read_draft_yield(const json& value, const Contract& contract) {
  MODEL_CHECK(contract.offers(Mode::kExact), "contract: draft_yield is given without mode exact: ",
              value.dump());
  MODEL_CHECK(value.is_array() && !value.empty(), "contract: draft_yield has the wrong type: ", value.dump(),
              " (expected: list of [draft_length, tokens per forward pass], not empty)");
  std::vector<DraftYield> yields;
  for (const json& pair : value) {
    MODEL_CHECK(pair.is_array() && pair.size() == 2 && pair[0].is_number_integer() && pair[1].is_number(),
                "contract: draft_yield holds no pair: ", pair.dump(),
                " (expected: [draft_length, tokens per forward pass])");
    const int32_t least = yields.empty() ? 1 : yields.back().draft_length + 1;
    const double length = pair[0].get<double>();  // a value beyond int32 would wrap
    MODEL_CHECK(length >= least && length <= contract.max_block_size,
                "contract: draft_yield: draft_length out of range: ", pair[0].dump(), " (expected: ", least,
                "..", contract.max_block_size, ", ascending)");
    const double tokens = pair[1].get<double>();
    MODEL_CHECK(tokens >= 1 && tokens <= length, "contract: draft_yield: tokens per forward pass out of range: ",
                pair[1].dump(), " (expected: 1..", pair[0].dump(), ")");
    yields.push_back({.draft_length = pair[0].get<int32_t>(), .tokens_per_forward = tokens});
  }
  return yields;
}

std::map<std::string, std::string> read_digests(const json& value) {
  ContractFields fields(value, "sha256.");
  std::map<std::string, std::string> digests;
  for (const char* file : kDigestedFiles) {
    const json& digest = fields.field(file);
    const bool is_digest =
        digest.is_string() && digest.get<std::string>().size() == 64 &&
        digest.get<std::string>().find_first_not_of("0123456789abcdef") == std::string::npos;
    MODEL_CHECK(is_digest, "contract: ", fields.path(file), " is no digest: ", digest.dump(),
                " (expected: 64 lower-case hex digits)");
    digests[file] = digest.get<std::string>();
  }
  fields.done();
  return digests;
}

void check_ids(const Contract& contract) {
  MODEL_CHECK(!contract.end_token_ids.empty(),
              "contract: end_token_ids is empty (expected: at least one id)");
  MODEL_CHECK(contains(contract.forbidden_output, contract.mask_token_id),
              "contract: forbidden_output lacks the mask id: ", contract.mask_token_id);
  MODEL_CHECK(contract.pad_token_id < 0 || contains(contract.forbidden_output, contract.pad_token_id),
              "contract: forbidden_output lacks the pad id: ", contract.pad_token_id);
  for (const int32_t id : contract.end_token_ids) {
    MODEL_CHECK(!contains(contract.forbidden_output, id), "contract: forbidden_output holds an end id: ", id);
  }
}

void check_edits(const Contract& contract, const DecodeParameters& p) {
  REQUEST_CHECK(p.edit_threshold > 0 && p.edit_threshold <= 1,
                "edit_threshold out of range: ", p.edit_threshold, " (expected: (0, 1])");
  REQUEST_CHECK(p.edit_rounds >= 0 && p.edit_rounds <= kMostEditRounds,
                "edit_rounds out of range: ", p.edit_rounds, " (expected: 0..", kMostEditRounds, ")");
  if (contract.can_edit) return;
  REQUEST_CHECK(p.edit_threshold == 1, "edit_threshold is not offered by this model: ", p.edit_threshold,
                " (expected: 1, it cannot edit)");
  REQUEST_CHECK(p.edit_rounds == 0, "edit_rounds is not offered by this model: ", p.edit_rounds,
                " (expected: 0, it cannot edit)");
}

void check_parameters(const Contract& contract, const DecodeParameters& p) {
  REQUEST_CHECK(contract.offers(p.mode), "mode is not offered by this model: ", to_string(p.mode));
  REQUEST_CHECK(p.threshold > 0 && p.threshold <= 1, "threshold out of range: ", p.threshold,
                " (expected: (0, 1])");
  REQUEST_CHECK(p.block_size >= 1 && p.block_size <= contract.max_block_size,
                "block_size out of range: ", p.block_size, " (expected: 1..", contract.max_block_size, ")");
  REQUEST_CHECK(contract.attention != Attention::kBlockCausal || p.block_size == contract.block_size,
                "block_size out of range: ", p.block_size, " (expected: ", contract.block_size,
                ", the only one of a block_causal model)");
  // A block shorter than the contract's must not make the contract's own number of steps an error where it is
  // not used.
  const bool uses_steps = p.mode == Mode::kDiffusion && p.policy == Policy::kFixedSteps;
  const int32_t most_steps = uses_steps ? p.block_size : contract.max_block_size;
  REQUEST_CHECK(p.steps >= 1 && p.steps <= most_steps, "steps out of range: ", p.steps, " (expected: 1..",
                most_steps, ")");
  check_edits(contract, p);
  REQUEST_CHECK(p.draft_length >= 1 && p.draft_length <= contract.max_block_size,
                "draft_length out of range: ", p.draft_length, " (expected: 1..", contract.max_block_size,
                ")");
  REQUEST_CHECK(p.temperature >= 0 && p.temperature <= 2, "temperature out of range: ", p.temperature,
                " (expected: 0..2)");
  REQUEST_CHECK(p.top_p > 0 && p.top_p <= 1, "top_p out of range: ", p.top_p, " (expected: (0, 1])");
  REQUEST_CHECK(p.seed >= 0, "seed out of range: ", p.seed, " (expected: 0..)");
  REQUEST_CHECK(p.max_tokens >= 1 && p.max_tokens <= contract.context_length,
                "max_tokens out of range: ", p.max_tokens, " (expected: 1..", contract.context_length, ")");
  REQUEST_CHECK(p.max_positions >= 1, "max_positions out of range: ", p.max_positions, " (expected: 1..)");
}

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Positions that count against context_length.
int64_t canvas(const Contract& contract, int64_t prompt_length, const DecodeParameters& p) {
  switch (p.mode) {
    case Mode::kAutoregressive:
      return prompt_length + p.max_tokens;
    case Mode::kExact:
      return prompt_length + p.max_tokens + p.draft_length;
    case Mode::kDiffusion:
      const int64_t grid_start = contract.attention == Attention::kBlockCausal ? 0 : prompt_length;
      return grid_start + round_up(prompt_length + p.max_tokens - grid_start, p.block_size);
  }
  fail<EngineError>("mode is unknown: ", static_cast<int>(p.mode));
}

}  // namespace

bool Contract::is_end(int32_t token_id) const { return contains(end_token_ids, token_id); }
bool Contract::offers(Mode mode) const { return contains(modes, mode); }

Contract Contract::parse(const std::string& text) {
  const json document = parse_without_duplicates(text);
  ContractFields fields(document, "");
  Contract contract;
  fields.integer("format", 1, 1);
  contract.architecture = fields.choice("architecture", {"llama", "qwen2", "qwen3"});
  contract.attention =
      parse_attention(fields.choice("attention", {"block_causal", "causal_context", "full"}));
  contract.modes = read_modes(fields, contract.attention);
  const auto integer = [&fields](const char* name, int64_t least, int64_t most) {
    return static_cast<int32_t>(fields.integer(name, least, most));
  };
  contract.vocab_size = integer("vocab_size", 2, kLargestCount);
  contract.context_length = integer("context_length", 1, kLargestCount);
  contract.max_block_size = integer("max_block_size", 1, kLargestBlock);
  contract.block_size = integer("block_size", 1, contract.max_block_size);
  contract.mask_token_id = integer("mask_token_id", 0, contract.vocab_size - 1);
  if (!fields.field("pad_token_id").is_null()) {
    contract.pad_token_id = integer("pad_token_id", 0, contract.vocab_size - 1);
  }
  contract.end_token_ids = fields.token_ids("end_token_ids", contract.vocab_size);
  contract.forbidden_output = fields.token_ids("forbidden_output", contract.vocab_size);
  check_ids(contract);
  contract.shift_logits = fields.boolean("shift_logits");
  MODEL_CHECK(!contract.shift_logits || contract.attention != Attention::kCausalContext,
              "contract: shift_logits is not served with attention causal_context: true (expected: false)");
  contract.can_edit = fields.boolean("can_edit");
  contract.compute_f32 = fields.choice("compute", {"f32", "native"}) == "f32";
  contract.tolerance = fields.number("tolerance");
  MODEL_CHECK(contract.tolerance > 0 && std::isfinite(contract.tolerance),
              "contract: tolerance out of range: ", contract.tolerance, " (expected: above 0)");
  contract.default_policy = read_default_policy(fields.field("default_policy"), contract.block_size);
  if (fields.has("draft_yield")) {
    contract.draft_yield = read_draft_yield(fields.field("draft_yield"), contract);
  }
  contract.sha256 = read_digests(fields.field("sha256"));
  fields.done();
  try {
    check_parameters(contract, contract.default_policy);
  } catch (const RequestError& error) {
    fail<ModelError>("contract: default_policy: ", error.what());
  }
  return contract;
}

Contract Contract::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  MODEL_CHECK(in.good(), "contract: file cannot be read: ", file.string());
  return parse(std::string(std::istreambuf_iterator<char>(in), {}));
}

void Contract::validate(const std::vector<int32_t>& prompt, const DecodeParameters& parameters) const {
  check_parameters(*this, parameters);
  REQUEST_CHECK(!prompt.empty(), "prompt is empty (expected: 1..", context_length, " token ids)");
  for (const int32_t id : prompt) {
    REQUEST_CHECK(id >= 0 && id < vocab_size, "token id out of range: ", id, " (expected: 0..",
                  vocab_size - 1, ")");
  }
  const int64_t needed = canvas(*this, static_cast<int64_t>(prompt.size()), parameters);
  REQUEST_CHECK(needed <= context_length, "context too long: ", needed, " positions for a prompt of ",
                prompt.size(), " and ", parameters.max_tokens, " tokens in mode ", to_string(parameters.mode),
                " (expected: at most ", context_length, ")");
}

}  // namespace seedbed::engine
