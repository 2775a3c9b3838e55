#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ggml-cpp.h"
#include "hyperparameters.h"
#include "kv_tensors.h"
#include "round_inputs.h"
#include "weights.h"

namespace seedbed::engine {

// The ggml graph of one round, built anew for each: a few microseconds a node, in memory that is reused.
//
// A row's logits have the same bits whatever else is in the round
// (docs/decisions/2026-11-23-attention-per-slice.md): all other operators work row by row, matrix products
// have at least two rows, and each sequence has an attention operator of its own over its own keys, computed
// by ggml's reference path, which adds up a row's visible keys in the order of their positions.
class ForwardGraph {
 public:
  ForwardGraph(const Hyperparameters& hyperparameters, const Weights& weights, const KvTensors& kv);

  // Builds, allocates and fills the graph. Valid until the next call.
  ggml_cgraph* build(const RoundInputs& round);

  // F32 [vocabulary, rows of logits] of the last graph; nullptr when the round wants none.
  const ggml_tensor* logits() const { return logits_; }

 private:
  struct Inputs;

  Inputs make_inputs(const RoundInputs& round);
  ggml_tensor* embed(const Inputs& inputs);
  ggml_tensor* norm(ggml_tensor* rows, ggml_tensor* weight);
  ggml_tensor* project(ggml_tensor* weight, ggml_tensor* bias, ggml_tensor* rows);
  // Splits F32 [heads * head_size, rows] into heads, norms each when `head_norm` is given, and rotates it.
  ggml_tensor* rotate(ggml_tensor* rows, ggml_tensor* head_norm, int32_t heads, ggml_tensor* positions);
  ggml_tensor* attend(const RoundInputs& round, const Inputs& inputs, size_t layer, ggml_tensor* query);
  ggml_tensor* feed_forward(const LayerWeights& layer, ggml_tensor* rows);

  const Hyperparameters& h_;
  const Weights& weights_;
  const KvTensors& kv_;
  std::vector<std::byte> node_memory_;
  ggml_context_ptr context_;
  ggml_gallocr_ptr allocator_;
  ggml_cgraph* graph_ = nullptr;
  ggml_tensor* logits_ = nullptr;
};

}  // namespace seedbed::engine
