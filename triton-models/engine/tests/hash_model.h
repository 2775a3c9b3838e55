#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "seedbed/engine/model.h"

namespace seedbed::engine {

// A contract of 40 ids that offers every mode its kind can have; id 37 ends the output.
Contract test_contract(Attention attention);

// The same of kind `causal_context`, but its end token is never drawn: every request runs to max_tokens.
Contract endless_contract();

// A small model: a row's logits are a hash of its own position and of the tokens it sees, in order, plus a
// peak at a token that mostly depends on the predicted position alone, so that drafts often agree. Its KV of
// a position is the token itself, read back from the arena: rows that were not kept, or another sequence's,
// change the logits.
class HashModel final : public ForwardPass {
 public:
  explicit HashModel(Contract contract, int32_t arena_positions = 4096, uint64_t weights = 1);

  const Contract& contract() const override { return contract_; }
  KvArena& arena() override { return arena_; }
  std::span<const float> forward(std::span<Slice> slices) override;

  // Called with each round's slices before it runs; may throw or wait.
  std::function<void(std::span<const Slice>)> before_round;
  // Called with each round's logits, which it may spoil.
  std::function<void(std::span<const Slice>, std::span<float>)> after_round;

 private:
  void write_logits(const Slice& slice, int32_t row, float* logits) const;

  Contract contract_;
  uint64_t weights_;
  KvArena arena_;
  std::vector<int32_t> kv_;  // token id by position of the arena
  std::vector<float> logits_;
};

// A prompt of ordinary ids that depends on `seed`.
std::vector<int32_t> test_prompt(int32_t length, uint64_t seed);

}  // namespace seedbed::engine
