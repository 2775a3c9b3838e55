#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "seedbed/engine/decoder.h"

namespace seedbed::engine {

struct Drawn {
  int32_t token_id = 0;
  double confidence = 0;
};

// What all modes share: draws by position, the end of the output, and the counters.
class Sequence : public Decoder {
 public:
  bool exceeds_work_limit(const Slice& slice) const final;
  Draft draft() const override { return {}; }
  const Work& work() const final { return work_; }

 protected:
  Sequence(const Contract& contract, std::vector<int32_t> prompt, const DecodeParameters& parameters);

  int32_t prompt_length() const { return static_cast<int32_t>(prompt_.size()); }

  // Draws the token at `position` from the logits of a row of the slice.
  Drawn draw(const Slice& slice, std::span<const float> logits, int32_t row, int32_t position) const;
  int32_t draw_token(const Slice& slice, std::span<const float> logits, int32_t row, int32_t position) const;

  // Appends to the output; false when that ended the request.
  bool output(const Drawn& token, Step& step);

  // To be called once for each absorbed slice.
  void count(const Slice& slice);
  void count_edits(size_t replaced) { work_.edits += static_cast<int64_t>(replaced); }

  const Contract& contract_;
  const std::vector<int32_t> prompt_;
  const DecodeParameters parameters_;

 private:
  Work work_;
};

}  // namespace seedbed::engine
