#include "exact_decoder.h"

#include <utility>

#include "prefill.h"

namespace seedbed::engine {

ExactDecoder::ExactDecoder(const Contract& contract, std::vector<int32_t> prompt,
                           const DecodeParameters& parameters)
    : Sequence(contract, std::move(prompt), parameters) {}

// The pending token of the last round stands at most two positions before the output's end; behind it come up
// to draft_length - 1 tokens of draft and draft_length masks.
int32_t ExactDecoder::span_positions() const {
  return prompt_length() + parameters_.max_tokens - 2 + 2 * parameters_.draft_length;
}

Slice ExactDecoder::plan(KvArena::Span& kv, int32_t max_rows) const {
  Slice slice;
  slice.kv = &kv;
  const int32_t remaining = prompt_length() - kv.length();
  if (remaining > 0) {
    const PromptChunk chunk = next_chunk(remaining, parameters_.draft_length, 1, max_rows);
    const auto first = prompt_.begin() + kv.length();
    slice.token_ids.assign(first, first + chunk.rows);
    slice.clean_rows = chunk.rows;
    slice.first_logits_row = chunk.last ? chunk.rows - 1 : chunk.rows;
    if (!chunk.last) return slice;
  } else {
    slice.token_ids.push_back(pending_);
    slice.token_ids.insert(slice.token_ids.end(), draft_.begin(), draft_.end());
    slice.clean_rows = slice.rows();
  }
  slice.token_ids.insert(slice.token_ids.end(), static_cast<size_t>(parameters_.draft_length),
                         contract_.mask_token_id);
  return slice;
}

Step ExactDecoder::absorb(const Slice& slice, std::span<const float> logits) {
  Step step;
  count(slice);
  if (slice.logits_rows() == 0) {
    slice.kv->keep(slice.clean_rows);
    return step;
  }
  const std::vector<Drawn> drawn = verify(slice, logits);
  const bool all_accepted = drawn.size() == draft_.size() + 1;
  const int32_t pending_row = slice.clean_rows - 1 - static_cast<int32_t>(draft_.size());
  draft_ = all_accepted ? redraft(slice, logits, drawn.back().token_id) : std::vector<int32_t>{};
  slice.kv->keep(pending_row + static_cast<int32_t>(drawn.size()));
  pending_ = drawn.back().token_id;
  for (const Drawn& token : drawn) {
    if (!output(token, step)) break;
  }
  return step;
}

std::vector<Drawn> ExactDecoder::verify(const Slice& slice, std::span<const float> logits) const {
  const int32_t pending_row = slice.clean_rows - 1 - static_cast<int32_t>(draft_.size());
  std::vector<Drawn> drawn;
  for (int32_t row = pending_row; row < slice.clean_rows; ++row) {
    drawn.push_back(draw(slice, logits, row, slice.kv->length() + row + 1));
    const int32_t token_id = drawn.back().token_id;
    const bool refuted = drawn.size() <= draft_.size() && draft_[drawn.size() - 1] != token_id;
    if (refuted || contract_.is_end(token_id)) break;
  }
  return drawn;
}

std::vector<int32_t> ExactDecoder::redraft(const Slice& slice, std::span<const float> logits,
                                           int32_t pending) const {
  std::vector<int32_t> draft;
  int32_t row = slice.clean_rows;
  // The first mask stands at the new pending token's position: only when it agrees were the others drafted
  // behind the right token.
  if (draw_token(slice, logits, row, slice.kv->length() + row) != pending) return draft;
  while (++row < slice.rows()) draft.push_back(draw_token(slice, logits, row, slice.kv->length() + row));
  return draft;
}

}  // namespace seedbed::engine
