#include "weights.h"

#include <string>
#include <utility>

#include "ggml-cpu.h"
#include "gguf_file.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

std::string shape(int64_t width, int64_t rows) {
  return "[" + std::to_string(width) + ", " + std::to_string(rows) + "]";
}

// Declares the engine's tensors one by one against those of the file, then allocates and fills them all.
class WeightLoader {
 public:
  WeightLoader(GgufFile& file, bool upcast) : file_(file), upcast_(upcast) {
    const auto count = static_cast<size_t>(gguf_get_n_tensors(file.metadata()));
    tensors_.reset(ggml_init(
        {.mem_size = (count + 1) * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
    ENGINE_CHECK(tensors_ != nullptr, "out of memory for ", count, " tensors");
  }

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }

  ggml_tensor* matrix(const std::string& name, int64_t width, int64_t rows) {
    const ggml_tensor* source = require(name, width, rows);
    return declare(source, upcast_ ? GGML_TYPE_F32 : source->type);
  }

  ggml_tensor* vector(const std::string& name, int64_t width) {
    return declare(require(name, width, 1), GGML_TYPE_F32);
  }

  void refuse_others() const {
    for (int64_t id = 0; id < gguf_get_n_tensors(file_.metadata()); ++id) {
      const char* name = gguf_get_tensor_name(file_.metadata(), id);
      MODEL_CHECK(ggml_get_tensor(tensors_.get(), name) != nullptr, "model.gguf: tensor is unknown: ", name);
    }
  }

  ggml_backend_buffer_ptr fill() {
    ggml_backend_buffer_ptr memory(
        ggml_backend_alloc_ctx_tensors_from_buft(tensors_.get(), ggml_backend_cpu_buffer_type()));
    MODEL_CHECK(memory != nullptr, "model.gguf: out of memory for the weights");
    ggml_backend_buffer_set_usage(memory.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    std::vector<float> upcast;
    for (ggml_tensor* tensor = ggml_get_first_tensor(tensors_.get()); tensor != nullptr;
         tensor = ggml_get_next_tensor(tensors_.get(), tensor)) {
      const ggml_tensor* source = file_.find(tensor->name);
      const std::vector<char>& bytes = file_.read(source);
      if (source->type == tensor->type) {
        ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());
      } else {
        upcast.resize(static_cast<size_t>(ggml_nelements(tensor)));
        ggml_get_type_traits(source->type)->to_float(bytes.data(), upcast.data(), ggml_nelements(tensor));
        ggml_backend_tensor_set(tensor, upcast.data(), 0, ggml_nbytes(tensor));
      }
    }
    return memory;
  }

  ggml_context_ptr release_tensors() { return std::move(tensors_); }

 private:
  const ggml_tensor* require(const std::string& name, int64_t width, int64_t rows) const {
    const ggml_tensor* source = file_.find(name);
    MODEL_CHECK(source != nullptr, "model.gguf: tensor is missing: ", name, " ", shape(width, rows));
    MODEL_CHECK(source->ne[0] == width && source->ne[1] == rows && source->ne[2] == 1 && source->ne[3] == 1,
                "model.gguf: tensor has the wrong shape: ", name, " ", shape(source->ne[0], source->ne[1]),
                " (expected: ", shape(width, rows), ")");
    MODEL_CHECK(
        source->type == GGML_TYPE_F32 || source->type == GGML_TYPE_F16 || source->type == GGML_TYPE_Q8_0,
        "model.gguf: tensor has the wrong type: ", name, " ", ggml_type_name(source->type),
        " (expected: f32, f16 or q8_0)");
    return source;
  }

  ggml_tensor* declare(const ggml_tensor* source, ggml_type type) {
    ggml_tensor* tensor = ggml_new_tensor_2d(tensors_.get(), type, source->ne[0], source->ne[1]);
    return ggml_set_name(tensor, source->name);
  }

  GgufFile& file_;
  bool upcast_;
  ggml_context_ptr tensors_;
};

// What an architecture has beside the tensors that all have.
struct Extras {
  bool bias = false;
  bool head_norm = false;
};

LayerWeights declare_layer(WeightLoader& loader, const Hyperparameters& h, int32_t index, Extras has) {
  const std::string block = "blk." + std::to_string(index) + ".";
  const int64_t query_size = static_cast<int64_t>(h.heads) * h.head_size;
  LayerWeights layer;
  layer.attention_norm = loader.vector(block + "attn_norm.weight", h.embedding);
  layer.query = loader.matrix(block + "attn_q.weight", h.embedding, query_size);
  layer.key = loader.matrix(block + "attn_k.weight", h.embedding, h.kv_size());
  layer.value = loader.matrix(block + "attn_v.weight", h.embedding, h.kv_size());
  if (has.bias) {
    layer.query_bias = loader.vector(block + "attn_q.bias", query_size);
    layer.key_bias = loader.vector(block + "attn_k.bias", h.kv_size());
    layer.value_bias = loader.vector(block + "attn_v.bias", h.kv_size());
  }
  if (has.head_norm) {
    layer.query_norm = loader.vector(block + "attn_q_norm.weight", h.head_size);
    layer.key_norm = loader.vector(block + "attn_k_norm.weight", h.head_size);
  }
  layer.attention_output = loader.matrix(block + "attn_output.weight", query_size, h.embedding);
  layer.feed_forward_norm = loader.vector(block + "ffn_norm.weight", h.embedding);
  layer.gate = loader.matrix(block + "ffn_gate.weight", h.embedding, h.feed_forward);
  layer.up = loader.matrix(block + "ffn_up.weight", h.embedding, h.feed_forward);
  layer.down = loader.matrix(block + "ffn_down.weight", h.feed_forward, h.embedding);
  return layer;
}

}  // namespace

LoadedWeights load_weights(const std::filesystem::path& path, const Contract& contract) {
  GgufFile file(path);
  LoadedWeights loaded{.hyperparameters = read_hyperparameters(file.metadata(), contract), .weights = {}};
  const Hyperparameters& h = loaded.hyperparameters;
  Weights& weights = loaded.weights;
  WeightLoader loader(file, contract.compute_f32);

  weights.token_embedding = loader.matrix("token_embd.weight", h.embedding, h.vocabulary);
  if (loader.has("visible_marker.weight")) {
    weights.visible_marker = loader.vector("visible_marker.weight", h.embedding);
  }
  const Extras has{.bias = contract.architecture == "qwen2" || loader.has("blk.0.attn_q.bias"),
                   .head_norm = contract.architecture == "qwen3"};
  for (int32_t i = 0; i < h.layers; ++i) weights.layers.push_back(declare_layer(loader, h, i, has));
  weights.output_norm = loader.vector("output_norm.weight", h.embedding);
  const bool tied = !loader.has("output.weight");
  weights.output = tied ? weights.token_embedding : loader.matrix("output.weight", h.embedding, h.vocabulary);
  loader.refuse_others();

  weights.memory = loader.fill();
  weights.tensors = loader.release_tensors();
  return loaded;
}

}  // namespace seedbed::engine
