#include "autoregressive_decoder.h"

#include <utility>

#include "prefill.h"

namespace seedbed::engine {

AutoregressiveDecoder::AutoregressiveDecoder(const Contract& contract, std::vector<int32_t> prompt,
                                             const DecodeParameters& parameters)
    : Sequence(contract, std::move(prompt), parameters) {}

int32_t AutoregressiveDecoder::span_positions() const { return prompt_length() + parameters_.max_tokens; }

Slice AutoregressiveDecoder::plan(KvArena::Span& kv, int32_t max_rows) const {
  Slice slice;
  slice.kv = &kv;
  const int32_t remaining = prompt_length() - kv.length();
  bool draws = true;
  if (remaining > 0) {
    const PromptChunk chunk = next_chunk(remaining, 0, 1, max_rows);
    const auto first = prompt_.begin() + kv.length();
    slice.token_ids.assign(first, first + chunk.rows);
    draws = chunk.last;
  } else {
    slice.token_ids = {pending_};
  }
  slice.clean_rows = slice.rows();
  slice.first_logits_row = draws ? slice.rows() - 1 : slice.rows();
  return slice;
}

Step AutoregressiveDecoder::absorb(const Slice& slice, std::span<const float> logits) {
  const int32_t next_position = slice.kv->length() + slice.rows();
  count(slice);
  slice.kv->keep(slice.rows());
  Step step;
  if (slice.logits_rows() == 0) return step;
  const Drawn token = draw(slice, logits, slice.rows() - 1, next_position);
  pending_ = token.token_id;
  output(token, step);
  return step;
}

}  // namespace seedbed::engine
