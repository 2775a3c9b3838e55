#pragma once

#include "sequence.h"

namespace seedbed::engine {

// Lossless: verifies a draft and makes the next one in the same round. docs/sampling.md, "Mode `exact`".
class ExactDecoder final : public Sequence {
 public:
  ExactDecoder(const Contract& contract, std::vector<int32_t> prompt, const DecodeParameters& parameters);
  int32_t span_positions() const override;
  Slice plan(KvArena::Span& kv, int32_t max_rows) const override;
  Step absorb(const Slice& slice, std::span<const float> logits) override;

 private:
  // Draws behind the pending token and each draft token, up to the first that the draft did not foresee or
  // that ends the output.
  std::vector<Drawn> verify(const Slice& slice, std::span<const float> logits) const;
  // The next draft when all of the last one was accepted and `pending` came behind it.
  std::vector<int32_t> redraft(const Slice& slice, std::span<const float> logits, int32_t pending) const;

  int32_t pending_ = 0;         // the last token of the output, KV not kept; meaningless during prefill
  std::vector<int32_t> draft_;  // tokens expected behind it, fewer than draft_length
};

}  // namespace seedbed::engine
