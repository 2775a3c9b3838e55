#include "diffusion_decoder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "prefill.h"

namespace seedbed::engine {
namespace {

int32_t round_up(int32_t value, int32_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

DiffusionDecoder::DiffusionDecoder(const Contract& contract, std::vector<int32_t> prompt,
                                   const DecodeParameters& parameters)
    : Sequence(contract, std::move(prompt), parameters) {
  frozen_ = contract_.attention == Attention::kBlockCausal ? prompt_length() % parameters_.block_size : 0;
  clean_.assign(prompt_.begin(), prompt_.end() - frozen_);
  open_block();
  for (int32_t i = 0; i < frozen_; ++i) {
    block_[static_cast<size_t>(i)] = {.token_id = prompt_[clean_.size() + static_cast<size_t>(i)],
                                      .visible = true};
  }
}

int32_t DiffusionDecoder::span_positions() const {
  const int32_t grid_start = contract_.attention == Attention::kBlockCausal ? 0 : prompt_length();
  return grid_start + round_up(prompt_length() + parameters_.max_tokens - grid_start, parameters_.block_size);
}

void DiffusionDecoder::open_block() {
  block_.assign(static_cast<size_t>(parameters_.block_size), Place{.token_id = contract_.mask_token_id});
  denoise_rounds_ = 0;
  edit_rounds_ = 0;
  states_.clear();
  inherited_.reset();
}

int32_t DiffusionDecoder::first_asked() const {
  if (edits_on()) return frozen_;
  const auto undecided =
      std::find_if(block_.begin(), block_.end(), [](const Place& place) { return !place.visible; });
  return static_cast<int32_t>(undecided - block_.begin());
}

// All that the output can ever be, in every round: a row that changes changes what every other row sees.
Slice DiffusionDecoder::plan_canvas(KvArena::Span& kv) const {
  Slice slice;
  slice.kv = &kv;
  slice.edits = edits_on();
  slice.token_ids = clean_;
  std::ranges::copy(token_ids(), std::back_inserter(slice.token_ids));
  slice.token_ids.resize(static_cast<size_t>(span_positions()), contract_.mask_token_id);
  slice.first_logits_row = block_start() + first_asked() - shift();
  slice.unread_rows = slice.rows() - (block_start() + parameters_.block_size - shift());
  return slice;
}

Slice DiffusionDecoder::plan(KvArena::Span& kv, int32_t max_rows) const {
  if (contract_.attention == Attention::kFull) return plan_canvas(kv);
  Slice slice;
  slice.kv = &kv;
  slice.edits = edits_on();
  slice.block_size = parameters_.block_size;
  const int32_t remaining = block_start() - kv.length();
  if (remaining > 0) {
    const bool in_prompt = kv.length() < prompt_length();
    const int32_t grain = contract_.attention == Attention::kBlockCausal ? parameters_.block_size : 1;
    const PromptChunk chunk = in_prompt ? next_chunk(remaining, parameters_.block_size, grain, max_rows)
                                        : PromptChunk{.rows = remaining, .last = true};
    const auto first = clean_.begin() + kv.length();
    slice.token_ids.assign(first, first + chunk.rows);
    slice.clean_rows = chunk.rows;
    slice.first_logits_row = chunk.rows;
    if (!chunk.last) return slice;
  }
  slice.first_logits_row = std::max(0, slice.clean_rows + first_asked() - shift());
  slice.unread_rows = shift();
  std::ranges::copy(token_ids(), std::back_inserter(slice.token_ids));
  return slice;
}

Drawn DiffusionDecoder::draw_at(const Slice& slice, std::span<const float> logits, int32_t index) const {
  if (index == 0 && inherited_) return *inherited_;
  const int32_t position = block_start() + index;
  return draw(slice, logits, position - shift() - slice.kv->length(), position);
}

void DiffusionDecoder::inherit(const Slice& slice, std::span<const float> logits) {
  const bool asked = slice.clean_rows > 0 && first_asked() == 0;
  if (contract_.shift_logits && asked) inherited_ = draw_at(slice, logits, 0);
}

std::vector<Candidate> DiffusionDecoder::draw_candidates(const Slice& slice, std::span<const float> logits,
                                                         std::vector<int32_t>& drawn) const {
  std::vector<Candidate> candidates;
  const int32_t end = first_end();
  for (int32_t index = 0; index < end; ++index) {
    if (block_[static_cast<size_t>(index)].visible) continue;
    const Drawn token = draw_at(slice, logits, index);
    candidates.push_back({.index = index, .confidence = token.confidence});
    drawn.push_back(token.token_id);
  }
  return candidates;
}

std::vector<int32_t> DiffusionDecoder::reveal(std::span<const Candidate> candidates) const {
  switch (parameters_.policy) {
    case Policy::kThreshold:
      return reveal_by_threshold(candidates, parameters_.threshold);
    case Policy::kConfidentPrefix:
      return reveal_confident_prefix(candidates, parameters_.threshold);
    case Policy::kFixedSteps:
      break;
  }
  return reveal_by_fixed_steps(candidates, parameters_.steps, denoise_rounds_);
}

Step DiffusionDecoder::absorb(const Slice& slice, std::span<const float> logits) {
  count(slice);
  if (slice.rows() == slice.clean_rows) {
    slice.kv->keep(slice.clean_rows);
    return {};
  }

  const bool was_decided = decided();
  inherit(slice, logits);
  const bool edited = denoise(slice, logits);
  slice.kv->keep(slice.clean_rows);
  denoise_rounds_ += 1;
  edit_rounds_ += was_decided ? 1 : 0;
  return decided() && !looks_again(was_decided, edited) ? commit() : Step{};
}

bool DiffusionDecoder::denoise(const Slice& slice, std::span<const float> logits) {
  std::vector<int32_t> drawn;
  const std::vector<Candidate> candidates = draw_candidates(slice, logits, drawn);
  const std::vector<Edit> edits = find_edits(slice, logits);
  const std::vector<int32_t> revealed = reveal(candidates);
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    if (!std::binary_search(revealed.begin(), revealed.end(), candidate.index)) continue;
    block_[static_cast<size_t>(candidate.index)] = {
        .token_id = drawn[i], .visible = true, .confidence = candidate.confidence};
  }
  const bool edited = apply(edits);
  if (edits_on()) states_.push_back(token_ids());
  return edited;
}

std::vector<DiffusionDecoder::Edit> DiffusionDecoder::find_edits(const Slice& slice,
                                                                 std::span<const float> logits) const {
  std::vector<Edit> edits;
  if (!edits_on()) return edits;
  const int32_t written_end = std::min(first_end() + 1, parameters_.block_size);
  for (int32_t index = frozen_; index < written_end; ++index) {
    const Place& place = block_[static_cast<size_t>(index)];
    if (!place.visible) continue;
    const Drawn token = draw_at(slice, logits, index);
    const bool beaten = token.token_id != place.token_id && token.confidence > parameters_.edit_threshold;
    if (beaten) edits.push_back({.index = static_cast<size_t>(index), .token = token});
  }
  return edits;
}

bool DiffusionDecoder::apply(const std::vector<Edit>& edits) {
  if (edits.empty()) return false;
  std::vector<int32_t> state = token_ids();
  for (const Edit& edit : edits) state[edit.index] = edit.token.token_id;
  if (std::ranges::find(states_, state) != states_.end()) return false;
  for (const Edit& edit : edits) {
    block_[edit.index].token_id = edit.token.token_id;
    block_[edit.index].confidence = edit.token.confidence;
  }
  count_edits(edits.size());
  return true;
}

bool DiffusionDecoder::looks_again(bool was_decided, bool edited) const {
  return edits_on() && edit_rounds_ < parameters_.edit_rounds && (edited || !was_decided);
}

std::vector<int32_t> DiffusionDecoder::token_ids() const {
  std::vector<int32_t> ids;
  for (const Place& place : block_) ids.push_back(place.token_id);
  return ids;
}

int32_t DiffusionDecoder::first_end() const {
  const auto end = std::find_if(block_.begin() + frozen_, block_.end(), [this](const Place& place) {
    return place.visible && contract_.is_end(place.token_id);
  });
  return static_cast<int32_t>(end - block_.begin());
}

bool DiffusionDecoder::decided() const {
  const int32_t output_end = prompt_length() + parameters_.max_tokens - block_start();
  const int32_t needed = std::min({first_end(), output_end, parameters_.block_size});
  return std::all_of(block_.begin(), block_.begin() + needed,
                     [](const Place& place) { return place.visible; });
}

Step DiffusionDecoder::commit() {
  Step step;
  for (auto place = block_.begin() + frozen_; place != block_.end(); ++place) {
    if (!output({.token_id = place->token_id, .confidence = place->confidence}, step)) return step;
  }
  std::ranges::copy(token_ids(), std::back_inserter(clean_));
  frozen_ = 0;
  open_block();
  return step;
}

Draft DiffusionDecoder::draft() const {
  if (denoise_rounds_ == 0) return {};
  Draft draft;
  draft.start = block_start() + frozen_ - prompt_length();
  for (auto place = block_.begin() + frozen_; place != block_.end(); ++place) {
    draft.token_ids.push_back(place->token_id);
    draft.confidence.push_back(static_cast<float>(place->confidence));
  }
  return draft;
}

}  // namespace seedbed::engine
