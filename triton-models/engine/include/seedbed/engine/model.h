#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "seedbed/engine/contract.h"
#include "seedbed/engine/kv_arena.h"

namespace seedbed::engine {

// One sequence's part of a forward pass: consecutive positions from kv->length() on, clean rows first, then
// denoise rows (docs/sampling.md, "Words"). The forward pass writes the KV of all rows behind the kept ones;
// it never calls keep().
struct Slice {
  KvArena::Span* kv = nullptr;
  std::vector<int32_t> token_ids;
  int32_t clean_rows = 0;        // 0 in attention `full`, where every row sees every row
  int32_t block_size = 0;        // grid of `block_causal` visibility; ignored by the other kinds
  int32_t first_logits_row = 0;  // logits are wanted from this row on,
  int32_t unread_rows = 0;       // but not for so many at the end
  bool edits = false;            // visible tokens of the active block are asked for too, and marked

  int32_t rows() const { return static_cast<int32_t>(token_ids.size()); }
  int32_t logits_rows() const { return rows() - unread_rows - first_logits_row; }
};

// What a scheduler needs of a model; sampler tests implement it with recorded logits.
class ForwardPass {
 public:
  virtual ~ForwardPass() = default;
  virtual const Contract& contract() const = 0;
  virtual KvArena& arena() = 0;
  // F32 [sum of logits_rows, vocab_size], slices in order; valid until the next call.
  virtual std::span<const float> forward(std::span<Slice> slices) = 0;
};

struct ModelOptions {
  int32_t threads = 2;
  int32_t arena_positions = 32768;  // KV capacity over all sequences
};

// A model version loaded from a directory with model.gguf, contract.json and golden.json. Owns weights, KV
// arena and compute buffers. One thread at a time.
class Model final : public ForwardPass {
 public:
  // Checks digests, contract against GGUF, shapes and types. Throws ModelError; frees everything on failure.
  // Does not run the self-test: see golden.h.
  static std::unique_ptr<Model> load(const std::filesystem::path& directory, const ModelOptions& options);
  ~Model() override;

  const Contract& contract() const override;
  KvArena& arena() override;
  std::span<const float> forward(std::span<Slice> slices) override;

 private:
  struct State;
  explicit Model(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seedbed::engine
