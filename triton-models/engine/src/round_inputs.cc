#include "round_inputs.h"

#include <algorithm>
#include <set>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

constexpr ggml_fp16_t kVisible = 0x0000;  // 0
constexpr ggml_fp16_t kHidden = 0xFC00;   // -inf

void check_slice(const Slice& slice, const Contract& contract) {
  ENGINE_CHECK(slice.kv != nullptr, "slice has no KV span");
  ENGINE_CHECK(slice.rows() >= 1, "slice has no rows");
  ENGINE_CHECK(slice.rows() <= slice.kv->capacity() - slice.kv->length(),
               "slice does not fit its KV span: ", slice.rows(), " rows (expected: at most ",
               slice.kv->capacity() - slice.kv->length(), ")");
  ENGINE_CHECK(slice.clean_rows >= 0 && slice.clean_rows <= slice.rows(),
               "clean rows out of range: ", slice.clean_rows, " (expected: 0..", slice.rows(), ")");
  ENGINE_CHECK(contract.attention != Attention::kFull || slice.clean_rows == 0,
               "clean rows out of range: ", slice.clean_rows, " (expected: 0, attention is full)");
  ENGINE_CHECK(slice.unread_rows >= 0 && slice.unread_rows <= slice.rows(),
               "unread rows out of range: ", slice.unread_rows, " (expected: 0..", slice.rows(), ")");
  ENGINE_CHECK(slice.first_logits_row >= 0 && slice.logits_rows() >= 0,
               "first logits row out of range: ", slice.first_logits_row, " (expected: 0..",
               slice.rows() - slice.unread_rows, ")");
  ENGINE_CHECK(
      contract.attention != Attention::kBlockCausal || slice.clean_rows == 0 || slice.block_size >= 1,
      "block size out of range: ", slice.block_size, " (expected: 1..)");
  for (const int32_t id : slice.token_ids) {
    ENGINE_CHECK(id >= 0 && id < contract.vocab_size, "token id out of range: ", id, " (expected: 0..",
                 contract.vocab_size - 1, ")");
  }
}

// How many of the slice's own rows row `row` sees: always a prefix (docs/sampling.md, "visibility").
int32_t visible_rows(const Slice& slice, Attention attention, int32_t row) {
  if (row >= slice.clean_rows) return slice.rows();
  if (attention == Attention::kCausalContext) return row + 1;
  const int32_t position = slice.kv->length() + row;
  const int32_t block_end = (position / slice.block_size + 1) * slice.block_size;
  return std::min(slice.clean_rows, block_end - slice.kv->length());
}

void append_mask_row(RoundInputs& round, const Slice& slice, Attention attention, int32_t row, int32_t keys) {
  const int32_t visible = slice.kv->length() + visible_rows(slice, attention, row);
  round.masks.insert(round.masks.end(), static_cast<size_t>(visible), kVisible);
  round.masks.insert(round.masks.end(), static_cast<size_t>(keys - visible), kHidden);
}

void append_slice(RoundInputs& round, const Slice& slice, const Contract& contract) {
  const int32_t first_row = round.rows();
  const int32_t keys = slice.kv->length() + slice.rows();
  round.spans.push_back({.first_row = first_row,
                         .rows = slice.rows(),
                         .arena_offset = slice.kv->offset(),
                         .keys = keys,
                         .mask_offset = round.masks.size()});
  for (int32_t row = 0; row < slice.rows(); ++row) {
    const int32_t position = slice.kv->length() + row;
    const int32_t token_id = slice.token_ids[static_cast<size_t>(row)];
    const bool marked = slice.edits && row >= slice.clean_rows && token_id != contract.mask_token_id;
    round.token_ids.push_back(token_id);
    round.marked.push_back(marked ? 1.0F : 0.0F);
    round.positions.push_back(position);
    round.arena_positions.push_back(slice.kv->offset() + position);
    if (row >= slice.first_logits_row && row < slice.rows() - slice.unread_rows)
      round.logits_rows.push_back(first_row + row);
    append_mask_row(round, slice, contract.attention, row, keys);
  }
}

void pad_lone_row(RoundInputs& round, const Slice& slice, Attention attention, const KvArena& arena) {
  round.token_ids.push_back(round.token_ids.front());
  round.marked.push_back(round.marked.front());
  round.positions.push_back(round.positions.front());
  round.arena_positions.push_back(arena.capacity());
  append_mask_row(round, slice, attention, 0, round.spans.front().keys);
  round.spans.front().rows = 2;
}

}  // namespace

RoundInputs lay_out_round(std::span<const Slice> slices, const Contract& contract, const KvArena& arena) {
  ENGINE_CHECK(!slices.empty(), "round has no slices");
  RoundInputs round;
  std::set<int32_t> offsets;
  for (const Slice& slice : slices) {
    check_slice(slice, contract);
    ENGINE_CHECK(offsets.insert(slice.kv->offset()).second, "two slices share a KV span: offset ",
                 slice.kv->offset());
    append_slice(round, slice, contract);
  }
  if (round.rows() == 1) pad_lone_row(round, slices.front(), contract.attention, arena);
  round.wanted_logits_rows = static_cast<int32_t>(round.logits_rows.size());
  if (round.wanted_logits_rows == 1) round.logits_rows.push_back(round.logits_rows.front());
  return round;
}

}  // namespace seedbed::engine
