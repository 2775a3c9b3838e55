#include "exact_decoder.h"

#include <utility>

#include "prefill.h"

namespace seedbed::engine {

ExactDecoder::ExactDecoder(const Contract& contract, std::vector<int32_t> prompt, const DecodeParameters& parameters)
    : Sequence(contract, std::move(prompt), parameters) {}

// The last round may begin with the last token but one and hold a full draft and a full row of masks behind it.
int32_t ExactDecoder::span_positions() const { return prompt_length() + parameters_.max_tokens + 2 * parameters_.draft_length; }

Slice ExactDecoder::plan(KvArena::Span& kv, int32_t max_rows) const {
  Slice slice{.kv = &kv};
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
  slice.token_ids.insert(slice.token_ids.end(), static_cast<size_t>(parameters_.draft_length), contract_.mask_token_id);
  return slice;
}

Step ExactDecoder::absorb(const Slice& slice, std::span<const float> logits) {
  Step step;
  count(slice);
  if (slice.logits_rows() == 0) {
    slice.kv->keep(slice.clean_rows);
    return step;
  }
  const int32_t first_position = slice.kv->length();
  const auto drafted = static_cast<int32_t>(draft_.size());
  int32_t row = slice.clean_rows - 1 - drafted;  // the pending token's
  Drawn token;
  bool goes_on = true;
  bool all_accepted = false;
  for (int32_t accepted = 0;; ++accepted, ++row) {
    token = draw(slice, logits, row, first_position + row + 1);
    goes_on = output(token, step);
    all_accepted = accepted == drafted;
    if (!goes_on || all_accepted || draft_[static_cast<size_t>(accepted)] != token.token_id) break;
  }
  slice.kv->keep(row + 1);
  pending_ = token.token_id;
  draft_.clear();
  // The first mask stands at the new pending token's position: only when it agrees were the others drafted behind the right token.
  const int32_t first_mask = slice.clean_rows;
  if (goes_on && all_accepted &&
      draw_token(slice, logits, first_mask, first_position + first_mask) == token.token_id) {
    for (int32_t mask = first_mask + 1; mask < slice.rows(); ++mask) {
      draft_.push_back(draw_token(slice, logits, mask, first_position + mask));
    }
  }
  return step;
}

}  // namespace seedbed::engine
