#include "hash_model.h"

#include <utility>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

constexpr int32_t kOrdinaryIds = 37;
constexpr float kPeak = 4.0F;
constexpr float kEndPeak = 5.0F;
constexpr uint64_t kEndEvery = 61;

uint64_t mix(uint64_t state, uint64_t value) {
  uint64_t z = state + 0x9E3779B97F4A7C15ULL * (value + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

float unit(uint64_t hash) { return static_cast<float>(hash >> 40) * 0x1p-24F; }

// docs/sampling.md, "visibility", inside one slice.
bool sees(const Slice& slice, int32_t context, bool by_blocks, int32_t row, int32_t other) {
  if (row >= slice.clean_rows || other >= slice.clean_rows) return row >= slice.clean_rows;
  return by_blocks ? (context + other) / slice.block_size <= (context + row) / slice.block_size
                   : other <= row;
}

}  // namespace

Contract test_contract(Attention attention) {
  Contract contract;
  contract.architecture = "llama";
  contract.attention = attention;
  contract.modes = {Mode::kDiffusion};
  if (attention == Attention::kCausalContext)
    contract.modes = {Mode::kAutoregressive, Mode::kExact, Mode::kDiffusion};
  contract.vocab_size = 40;
  contract.context_length = 4096;
  contract.block_size = 8;
  contract.max_block_size = 32;
  contract.mask_token_id = 39;
  contract.pad_token_id = 38;
  contract.end_token_ids = {37};
  contract.forbidden_output = {38, 39};
  contract.can_edit = true;
  contract.default_policy.block_size = 8;
  contract.default_policy.draft_length = 6;
  return contract;
}

Contract endless_contract() {
  Contract contract = test_contract(Attention::kCausalContext);
  contract.forbidden_output.push_back(contract.end_token_ids.front());
  return contract;
}

HashModel::HashModel(Contract contract, int32_t arena_positions, uint64_t weights)
    : contract_(std::move(contract)),
      weights_(weights),
      arena_(arena_positions),
      kv_(static_cast<size_t>(arena_positions), -1) {}

std::span<const float> HashModel::forward(std::span<Slice> slices) {
  if (before_round) before_round(slices);
  const auto vocabulary = static_cast<size_t>(contract_.vocab_size);
  size_t logits_rows = 0;
  for (const Slice& slice : slices) logits_rows += static_cast<size_t>(slice.logits_rows());
  logits_.resize(logits_rows * vocabulary);
  float* logits = logits_.data();
  for (const Slice& slice : slices) {
    const int32_t start = slice.kv->length();
    ENGINE_CHECK(slice.rows() > 0 && start + slice.rows() <= slice.kv->capacity(),
                 "slice exceeds its span: ", start, " + ", slice.rows(), " (capacity: ", slice.kv->capacity(),
                 ")");
    for (int32_t row = 0; row < slice.rows(); ++row) {
      kv_[static_cast<size_t>(slice.kv->offset() + start + row)] = slice.token_ids[static_cast<size_t>(row)];
    }
    const int32_t read_rows = slice.rows() - slice.unread_rows;
    for (int32_t row = slice.first_logits_row; row < read_rows; ++row, logits += vocabulary)
      write_logits(slice, row, logits);
  }
  if (after_round) after_round(slices, logits_);
  return logits_;
}

void HashModel::write_logits(const Slice& slice, int32_t row, float* logits) const {
  const int32_t context = slice.kv->length();
  const bool clean = row < slice.clean_rows;
  const bool by_blocks = contract_.attention == Attention::kBlockCausal;
  const int32_t* tokens = kv_.data() + slice.kv->offset();
  uint64_t seen = mix(weights_, static_cast<uint64_t>(context + row) * 2 + (clean ? 1 : 0));
  for (int32_t position = 0; position < context + slice.rows(); ++position) {
    if (position >= context && !sees(slice, context, by_blocks, row, position - context)) continue;
    seen = mix(seen, static_cast<uint64_t>(tokens[position]));
  }
  for (int32_t id = 0; id < contract_.vocab_size; ++id)
    logits[id] = 3.0F * unit(mix(seen, static_cast<uint64_t>(id)));
  const bool next = clean || contract_.shift_logits;
  const auto predicted = static_cast<uint64_t>(next ? context + row + 1 : context + row);
  const uint64_t likely = mix(mix(weights_, static_cast<uint64_t>(tokens[0])), predicted);
  logits[likely % kOrdinaryIds] += kPeak;
  if (likely / kOrdinaryIds % kEndEvery == 0) logits[contract_.end_token_ids.front()] += kEndPeak;
}

std::vector<int32_t> test_prompt(int32_t length, uint64_t seed) {
  std::vector<int32_t> prompt;
  for (int32_t i = 0; i < length; ++i) {
    prompt.push_back(static_cast<int32_t>(mix(seed, static_cast<uint64_t>(i)) % kOrdinaryIds));
  }
  return prompt;
}

}  // namespace seedbed::engine
