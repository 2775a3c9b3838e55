#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ggml.h"
#include "seedbed/engine/model.h"

namespace seedbed::engine {

// One slice's part of a round's rows and of its masks.
struct AttentionSpan {
  int32_t first_row = 0;
  int32_t rows = 0;          // padding included
  int32_t arena_offset = 0;  // of the sequence's position 0
  int32_t keys = 0;          // kept positions and the slice's own
  size_t mask_offset = 0;    // elements
};

// The rows of all slices of one round, as the graph takes them.
//
// No matrix product may have a single row: ggml computes a lone one by another path, with other bits. So a
// round of one row has a copy of it as padding, whose KV goes to the arena's scratch position behind
// `capacity`, and a round that wants one row of logits asks for it twice.
struct RoundInputs {
  std::vector<int32_t> token_ids;
  std::vector<float> marked;             // 1 for a visible token of a block under edit, else 0
  std::vector<int32_t> positions;        // absolute, in their sequence
  std::vector<int64_t> arena_positions;  // where each row's KV is written
  std::vector<int32_t> logits_rows;      // rows that get logits, slices in order; empty, or at least two
  int32_t wanted_logits_rows = 0;        // without padding
  std::vector<ggml_fp16_t> masks;        // per span [rows, keys]: 0 visible, -inf hidden
  std::vector<AttentionSpan> spans;

  int32_t rows() const { return static_cast<int32_t>(token_ids.size()); }
};

// Throws EngineError when a slice breaks its contract (model.h).
RoundInputs lay_out_round(std::span<const Slice> slices, const Contract& contract, const KvArena& arena);

}  // namespace seedbed::engine
