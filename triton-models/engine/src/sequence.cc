#include "sequence.h"

#include <utility>

#include "drawing.h"
#include "philox.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

// One per thread rather than per request: its buffers have the size of the vocabulary.
Drawing& drawing() {
  thread_local Drawing instance;
  return instance;
}

}  // namespace

Sequence::Sequence(const Contract& contract, std::vector<int32_t> prompt, const DecodeParameters& parameters)
    : contract_(contract), prompt_(std::move(prompt)), parameters_(parameters) {
  work_.input_tokens = prompt_length();
}

bool Sequence::exceeds_work_limit(const Slice& slice) const {
  return slice.rows() > parameters_.max_positions - work_.positions_evaluated;
}

int32_t Sequence::draw_token(const Slice& slice, std::span<const float> logits, int32_t row,
                             int32_t position) const {
  const auto vocabulary = static_cast<size_t>(contract_.vocab_size);
  ENGINE_CHECK(row >= slice.first_logits_row && row < slice.rows() - slice.unread_rows,
               "row without logits: ", row, " (expected: ", slice.first_logits_row, "..",
               slice.rows() - slice.unread_rows - 1, ")");
  drawing().read(logits.subspan(static_cast<size_t>(row - slice.first_logits_row) * vocabulary, vocabulary),
                 contract_.forbidden_output);
  return drawing().draw(parameters_.temperature, parameters_.top_p,
                        uniform(parameters_.seed, position, 0, Purpose::kToken));
}

Drawn Sequence::draw(const Slice& slice, std::span<const float> logits, int32_t row, int32_t position) const {
  const int32_t token_id = draw_token(slice, logits, row, position);
  return {.token_id = token_id, .confidence = drawing().confidence(token_id)};
}

bool Sequence::output(const Drawn& token, Step& step) {
  step.committed.token_ids.push_back(token.token_id);
  step.committed.confidence.push_back(static_cast<float>(token.confidence));
  work_.committed_tokens += 1;
  if (contract_.is_end(token.token_id)) {
    step.finish = FinishReason::kStop;
    step.finish_detail = "end_token";
  } else if (work_.committed_tokens >= parameters_.max_tokens) {
    step.finish = FinishReason::kLength;
    step.finish_detail = "max_tokens";
  }
  return step.finish == FinishReason::kNone;
}

void Sequence::count(const Slice& slice) {
  work_.forward_passes += 1;
  work_.positions_evaluated += slice.rows();
}

}  // namespace seedbed::engine
