#pragma once

#include "sequence.h"

namespace seedbed::engine {

// One token a round: docs/sampling.md, "Mode `autoregressive`".
class AutoregressiveDecoder final : public Sequence {
 public:
  AutoregressiveDecoder(const Contract& contract, std::vector<int32_t> prompt,
                        const DecodeParameters& parameters);
  int32_t span_positions() const override;
  Slice plan(KvArena::Span& kv, int32_t max_rows) const override;
  Step absorb(const Slice& slice, std::span<const float> logits) override;

 private:
  int32_t pending_ = 0;  // the last token of the output, KV not kept; meaningless during prefill
};

}  // namespace seedbed::engine
