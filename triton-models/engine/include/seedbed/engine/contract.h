#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace seedbed::engine {

enum class Attention { kBlockCausal, kCausalContext, kFull };
enum class Mode { kAutoregressive, kExact, kDiffusion };
enum class Policy { kThreshold, kConfidentPrefix, kFixedSteps };

// Rounds for edits only that one block may take.
inline constexpr int32_t kMostEditRounds = 16;

// How one request is decoded; docs/triton-protocol.md gives ranges and defaults.
struct DecodeParameters {
  Mode mode = Mode::kDiffusion;
  Policy policy = Policy::kThreshold;
  double threshold = 0.9;
  int32_t steps = 8;
  double edit_threshold = 1.0;  // 1: never
  int32_t edit_rounds = 0;
  int32_t block_size = 16;
  int32_t draft_length = 12;
  double temperature = 0.0;
  double top_p = 1.0;
  int64_t seed = 0;
  int32_t max_tokens = 0;
  int64_t max_positions = INT64_MAX;
};

// What mode `exact` makes of a forward pass with drafts of one length, measured when the version was made.
struct DraftYield {
  int32_t draft_length = 0;
  double tokens_per_forward = 0;  // at most draft_length: the draft is one token shorter than the masks

  bool operator==(const DraftYield&) const = default;
};

// contract.json of a model version (docs/model-version.md). Immutable after parsing.
struct Contract {
  std::string architecture;
  Attention attention = Attention::kCausalContext;
  std::vector<Mode> modes;
  int32_t vocab_size = 0;
  int32_t context_length = 0;
  int32_t block_size = 0;
  int32_t max_block_size = 0;
  int32_t mask_token_id = 0;
  int32_t pad_token_id = -1;  // -1: none
  std::vector<int32_t> end_token_ids;
  std::vector<int32_t> forbidden_output;
  bool shift_logits = false;  // the row of a position says what stands at the next one
  bool can_edit = false;
  bool compute_f32 = true;
  DecodeParameters default_policy;  // max_tokens and max_positions are meaningless here
  std::vector<DraftYield> draft_yield;  // by ascending draft_length; empty: not measured
  double tolerance = 1e-3;
  std::map<std::string, std::string> sha256;  // file name -> lower-case hex

  bool is_end(int32_t token_id) const;
  bool offers(Mode mode) const;

  // Throws ModelError naming the field, its value and what was expected.
  static Contract parse(const std::string& json);
  static Contract load(const std::filesystem::path& file);

  // Throws RequestError when the parameters or the prompt do not fit this contract:
  // ranges, finite numbers, offered mode, ids in [0, vocab_size), context length as docs/sampling.md counts
  // it.
  void validate(const std::vector<int32_t>& prompt, const DecodeParameters& parameters) const;
};

const char* to_string(Mode mode);
const char* to_string(Policy policy);
const char* to_string(Attention attention);
Mode parse_mode(const std::string& text);            // throws RequestError
Policy parse_policy(const std::string& text);        // throws RequestError
Attention parse_attention(const std::string& text);  // throws ModelError

}  // namespace seedbed::engine
