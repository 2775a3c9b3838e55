#include "forward_graph.h"

#include <algorithm>
#include <cmath>

#include "ggml-cpu.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

// Upper bounds: nodes and views of one layer, and what each slice adds to it.
constexpr size_t kTensorsPerLayer = 48;
constexpr size_t kTensorsPerSpan = 8;
constexpr size_t kOtherTensors = 32;

template <typename T>
void set_input(ggml_tensor* tensor, const std::vector<T>& values) {
  // An input that no operator of this round reads has no memory.
  if (tensor->buffer != nullptr) ggml_backend_tensor_set(tensor, values.data(), 0, values.size() * sizeof(T));
}

}  // namespace

struct ForwardGraph::Inputs {
  ggml_tensor* token_ids;        // I32 [rows]
  ggml_tensor* marked;           // F32 [rows]
  ggml_tensor* positions;        // I32 [rows]
  ggml_tensor* arena_positions;  // I64 [rows]
  ggml_tensor* logits_rows;      // I32 [rows of logits]
  ggml_tensor* masks;            // F16, per span [keys, rows]
  ggml_tensor* attended;         // F32 [embedding, rows]: where the spans' results come together
};

ForwardGraph::ForwardGraph(const Hyperparameters& hyperparameters, const Weights& weights,
                           const KvTensors& kv)
    : h_(hyperparameters),
      weights_(weights),
      kv_(kv),
      allocator_(ggml_gallocr_new(ggml_backend_cpu_buffer_type())) {
  ENGINE_CHECK(allocator_ != nullptr, "out of memory for the graph allocator");
}

ForwardGraph::Inputs ForwardGraph::make_inputs(const RoundInputs& round) {
  const auto input = [this](ggml_type type, size_t size) {
    ggml_tensor* tensor = ggml_new_tensor_1d(context_.get(), type, static_cast<int64_t>(size));
    ggml_set_input(tensor);
    return tensor;
  };
  const auto rows = static_cast<size_t>(round.rows());
  Inputs inputs{.token_ids = input(GGML_TYPE_I32, rows),
                .marked = input(GGML_TYPE_F32, rows),
                .positions = input(GGML_TYPE_I32, rows),
                .arena_positions = input(GGML_TYPE_I64, rows),
                .logits_rows = input(GGML_TYPE_I32, std::max<size_t>(round.logits_rows.size(), 1)),
                .masks = input(GGML_TYPE_F16, round.masks.size()),
                .attended = nullptr};
  if (round.spans.size() > 1) {
    inputs.attended =
        ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, h_.heads * h_.head_size, round.rows());
    ggml_set_input(inputs.attended);
  }
  return inputs;
}

// Adding a marker of 0 leaves a row its bits.
ggml_tensor* ForwardGraph::embed(const Inputs& inputs) {
  ggml_context* ctx = context_.get();
  ggml_tensor* rows = ggml_get_rows(ctx, weights_.token_embedding, inputs.token_ids);
  if (weights_.visible_marker == nullptr) return rows;
  ggml_tensor* marked = ggml_reshape_2d(ctx, inputs.marked, 1, rows->ne[1]);
  return ggml_add(ctx, rows, ggml_mul(ctx, ggml_repeat(ctx, weights_.visible_marker, rows), marked));
}

ggml_tensor* ForwardGraph::norm(ggml_tensor* rows, ggml_tensor* weight) {
  return ggml_mul(context_.get(), ggml_rms_norm(context_.get(), rows, h_.norm_epsilon), weight);
}

ggml_tensor* ForwardGraph::project(ggml_tensor* weight, ggml_tensor* bias, ggml_tensor* rows) {
  ggml_tensor* product = ggml_mul_mat(context_.get(), weight, rows);
  return bias == nullptr ? product : ggml_add(context_.get(), product, bias);
}

ggml_tensor* ForwardGraph::rotate(ggml_tensor* rows, ggml_tensor* head_norm, int32_t heads,
                                  ggml_tensor* positions) {
  ggml_tensor* by_head = ggml_reshape_3d(context_.get(), rows, h_.head_size, heads, rows->ne[1]);
  if (head_norm != nullptr) by_head = norm(by_head, head_norm);
  return ggml_rope_ext(context_.get(), by_head, positions, nullptr, h_.rope_dimensions, h_.rope_mode, 0,
                       h_.rope_base, 1.0F, 0.0F, 1.0F, 0.0F, 0.0F);
}

// query: F32 [head_size, heads, rows], rotated. Returns F32 [heads * head_size, rows].
ggml_tensor* ForwardGraph::attend(const RoundInputs& round, const Inputs& inputs, size_t layer,
                                  ggml_tensor* query) {
  ggml_context* ctx = context_.get();
  const float scale = 1.0F / std::sqrt(static_cast<float>(h_.head_size));
  const auto keys_of = [&](ggml_tensor* arena, const AttentionSpan& span) {
    return ggml_view_3d(ctx, arena, h_.head_size, span.keys, h_.kv_heads, arena->nb[1],
                        static_cast<size_t>(h_.head_size) * sizeof(float),
                        static_cast<size_t>(span.arena_offset) * arena->nb[1]);
  };
  for (const AttentionSpan& span : round.spans) {
    ggml_tensor* rows = ggml_view_3d(ctx, query, h_.head_size, span.rows, h_.heads, query->nb[2],
                                     query->nb[1], static_cast<size_t>(span.first_row) * query->nb[2]);
    ggml_tensor* mask = ggml_view_2d(ctx, inputs.masks, span.keys, span.rows,
                                     static_cast<size_t>(span.keys) * sizeof(ggml_fp16_t),
                                     span.mask_offset * sizeof(ggml_fp16_t));
    ggml_tensor* attended = ggml_flash_attn_ext(ctx, rows, keys_of(kv_.keys[layer], span),
                                                keys_of(kv_.values[layer], span), mask, scale, 0.0F, 0.0F);
    attended = ggml_reshape_2d(ctx, attended, h_.heads * h_.head_size, span.rows);
    if (inputs.attended == nullptr) return attended;
    ggml_tensor* place =
        ggml_view_2d(ctx, inputs.attended, inputs.attended->ne[0], span.rows, inputs.attended->nb[1],
                     static_cast<size_t>(span.first_row) * inputs.attended->nb[1]);
    ggml_build_forward_expand(graph_, ggml_cpy(ctx, attended, place));
  }
  return inputs.attended;
}

ggml_tensor* ForwardGraph::feed_forward(const LayerWeights& layer, ggml_tensor* rows) {
  ggml_context* ctx = context_.get();
  ggml_tensor* normed = norm(rows, layer.feed_forward_norm);
  ggml_tensor* hidden =
      ggml_swiglu_split(ctx, ggml_mul_mat(ctx, layer.gate, normed), ggml_mul_mat(ctx, layer.up, normed));
  return ggml_add(ctx, rows, ggml_mul_mat(ctx, layer.down, hidden));
}

ggml_cgraph* ForwardGraph::build(const RoundInputs& round) {
  const size_t tensors = kOtherTensors + static_cast<size_t>(h_.layers) *
                                             (kTensorsPerLayer + kTensorsPerSpan * round.spans.size());
  node_memory_.resize(std::max(
      node_memory_.size(), tensors * ggml_tensor_overhead() + ggml_graph_overhead_custom(tensors, false)));
  context_.reset();
  context_.reset(
      ggml_init({.mem_size = node_memory_.size(), .mem_buffer = node_memory_.data(), .no_alloc = true}));
  ggml_context* ctx = context_.get();
  ENGINE_CHECK(ctx != nullptr, "out of memory for the graph");
  graph_ = ggml_new_graph_custom(ctx, tensors, false);
  logits_ = nullptr;

  const Inputs inputs = make_inputs(round);
  const bool wants_all = round.wanted_logits_rows == round.rows();
  ggml_tensor* rows = embed(inputs);
  for (size_t i = 0; i < weights_.layers.size(); ++i) {
    const LayerWeights& layer = weights_.layers[i];
    const bool last = i + 1 == weights_.layers.size();
    ggml_tensor* normed = norm(rows, layer.attention_norm);
    ggml_tensor* key =
        rotate(project(layer.key, layer.key_bias, normed), layer.key_norm, h_.kv_heads, inputs.positions);
    ggml_tensor* value = project(layer.value, layer.value_bias, normed);
    key = ggml_reshape_2d(ctx, key, h_.kv_size(), round.rows());
    // Expanded before the attention is built: ggml computes in the order of expansion, and the attention
    // reads what these write.
    ggml_build_forward_expand(graph_, ggml_set_rows(ctx, kv_.keys[i], key, inputs.arena_positions));
    ggml_build_forward_expand(graph_, ggml_set_rows(ctx, kv_.values[i], value, inputs.arena_positions));
    if (last && round.logits_rows.empty()) break;

    ggml_tensor* query =
        rotate(project(layer.query, layer.query_bias, normed), layer.query_norm, h_.heads, inputs.positions);
    ggml_tensor* attended = attend(round, inputs, i, query);
    if (last && !wants_all) {
      attended = ggml_get_rows(ctx, attended, inputs.logits_rows);
      rows = ggml_get_rows(ctx, rows, inputs.logits_rows);
    }
    rows = ggml_add(ctx, rows, ggml_mul_mat(ctx, layer.attention_output, attended));
    rows = feed_forward(layer, rows);
    ggml_build_forward_expand(graph_, rows);
  }
  if (!round.logits_rows.empty()) {
    logits_ = ggml_mul_mat(ctx, weights_.output, norm(rows, weights_.output_norm));
    ggml_set_output(logits_);
    ggml_build_forward_expand(graph_, logits_);
  }

  ENGINE_CHECK(ggml_gallocr_alloc_graph(allocator_.get(), graph_), "out of memory for a round of ",
               round.rows(), " rows");
  set_input(inputs.token_ids, round.token_ids);
  set_input(inputs.marked, round.marked);
  set_input(inputs.positions, round.positions);
  set_input(inputs.arena_positions, round.arena_positions);
  set_input(inputs.logits_rows, round.logits_rows);
  set_input(inputs.masks, round.masks);
  return graph_;
}

}  // namespace seedbed::engine
