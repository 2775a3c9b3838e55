#pragma once

#include <optional>
#include <vector>

#include "policy.h"
#include "sequence.h"

namespace seedbed::engine {

// Denoises one block after another: docs/sampling.md, "Mode `diffusion`".
class DiffusionDecoder final : public Sequence {
 public:
  DiffusionDecoder(const Contract& contract, std::vector<int32_t> prompt, const DecodeParameters& parameters);
  int32_t span_positions() const override;
  Slice plan(KvArena::Span& kv, int32_t max_rows) const override;
  Step absorb(const Slice& slice, std::span<const float> logits) override;
  Draft draft() const override;

 private:
  struct Place {
    int32_t token_id = 0;  // mask id while undecided
    bool visible = false;
    double confidence = 0;
  };

  struct Edit {
    size_t index = 0;  // inside the block
    Drawn token;
  };

  void open_block();
  Slice plan_canvas(KvArena::Span& kv) const;
  int32_t first_asked() const;  // index in the block of the first place that this round draws
  // The draw for a place of the block, from the row that speaks of it.
  Drawn draw_at(const Slice& slice, std::span<const float> logits, int32_t index) const;
  void inherit(const Slice& slice, std::span<const float> logits);
  // One round of the block; whether a visible token was replaced.
  bool denoise(const Slice& slice, std::span<const float> logits);
  std::vector<int32_t> reveal(std::span<const Candidate> candidates) const;
  std::vector<Candidate> draw_candidates(const Slice& slice, std::span<const float> logits,
                                         std::vector<int32_t>& drawn) const;
  // The visible places whose token another one beats, with that token. Empty without edits.
  std::vector<Edit> find_edits(const Slice& slice, std::span<const float> logits) const;
  // False when nothing was replaced: edits that lead back to a state of the block are dropped, or they could
  // go round in a circle.
  bool apply(const std::vector<Edit>& edits);
  bool edits_on() const { return parameters_.edit_threshold < 1; }
  bool looks_again(bool was_decided, bool edited) const;  // whether a decided block takes another round
  int32_t first_end() const;  // index in the block of the first visible end token behind the frozen ones,
                              // else the block's size
  bool decided() const;
  std::vector<int32_t> token_ids() const;  // of the block; mask id where undecided
  Step commit();

  int32_t block_start() const { return static_cast<int32_t>(clean_.size()); }
  int32_t shift() const { return contract_.shift_logits ? 1 : 0; }

  // Tokens before the active block. KV of the first kv.length() is kept; the others are the clean rows to
  // come. In attention `full` none is kept, and they are denoise rows of every round.
  std::vector<int32_t> clean_;
  std::vector<Place> block_;
  // With shifted logits: what the last row before the block says of the block's first place. That row sees
  // nothing of the block, so it is evaluated once, beside the block's first round. Never in attention `full`.
  std::optional<Drawn> inherited_;
  int32_t frozen_ = 0;                        // leading places that belong to the prompt
  int32_t denoise_rounds_ = 0;                // of the active block
  int32_t edit_rounds_ = 0;                   // those of them that began with the block decided
  std::vector<std::vector<int32_t>> states_;  // ids of the active block after each of its rounds
};

}  // namespace seedbed::engine
