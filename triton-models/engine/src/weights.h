#pragma once

#include <filesystem>
#include <vector>

#include "ggml-cpp.h"
#include "hyperparameters.h"
#include "seedbed/engine/contract.h"

namespace seedbed::engine {

// Shapes as ggml writes them: [input width, output width]. Norms and biases are F32.
struct LayerWeights {
  ggml_tensor* attention_norm = nullptr;  // [embedding]
  ggml_tensor* query = nullptr;           // [embedding, heads * head_size]
  ggml_tensor* key = nullptr;             // [embedding, kv_heads * head_size]
  ggml_tensor* value = nullptr;           // [embedding, kv_heads * head_size]
  ggml_tensor* query_bias = nullptr;      // nullptr when the model has none, like the other two
  ggml_tensor* key_bias = nullptr;
  ggml_tensor* value_bias = nullptr;
  ggml_tensor* query_norm = nullptr;         // [head_size], of each head before it rotates; nullptr when the
                                             // model has none, like the other
  ggml_tensor* key_norm = nullptr;           // [head_size]
  ggml_tensor* attention_output = nullptr;   // [heads * head_size, embedding]
  ggml_tensor* feed_forward_norm = nullptr;  // [embedding]
  ggml_tensor* gate = nullptr;               // [embedding, feed_forward]
  ggml_tensor* up = nullptr;                 // [embedding, feed_forward]
  ggml_tensor* down = nullptr;               // [feed_forward, embedding]
};

// Owns all tensors. They lie in ggml's default CPU buffer: a repacked one would give other bits.
struct Weights {
  ggml_tensor* token_embedding = nullptr;  // [embedding, vocabulary]
  ggml_tensor* visible_marker = nullptr;   // [embedding]; nullptr when the model has none
  std::vector<LayerWeights> layers;
  ggml_tensor* output_norm = nullptr;  // [embedding]
  ggml_tensor* output = nullptr;       // [embedding, vocabulary]; token_embedding when tied

  ggml_context_ptr tensors;
  ggml_backend_buffer_ptr memory;
};

struct LoadedWeights {
  Hyperparameters hyperparameters;
  Weights weights;
};

// Reads a GGUF in llama.cpp's names. Throws ModelError when a tensor is missing, unknown, or of another shape
// or type than the metadata and the contract say.
LoadedWeights load_weights(const std::filesystem::path& file, const Contract& contract);

}  // namespace seedbed::engine
