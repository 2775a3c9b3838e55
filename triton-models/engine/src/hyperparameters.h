#pragma once

#include <cstdint>

#include "gguf.h"
#include "seedbed/engine/contract.h"

namespace seedbed::engine {

// The sizes of one transformer, as its GGUF metadata gives them. All are at least 1.
struct Hyperparameters {
  int32_t layers = 0;
  int32_t embedding = 0;     // width of the residual stream
  int32_t feed_forward = 0;  // width of the SwiGLU hidden layer
  int32_t heads = 0;         // query heads, a multiple of kv_heads
  int32_t kv_heads = 0;
  int32_t head_size = 0;        // embedding / heads unless the file says otherwise
  int32_t rope_dimensions = 0;  // leading elements of a head that rotate, even
  int32_t vocabulary = 0;
  float norm_epsilon = 0;
  float rope_base = 0;
  int rope_mode = 0;  // ggml's: interleaved pairs (llama) or halves (qwen2, qwen3)

  int32_t kv_size() const {
    return kv_heads * head_size;
  }  // elements of one position's keys, or values, in one layer
};

// Throws ModelError when a key is missing, has the wrong type or an impossible value, means something that
// the engine does not compute, or contradicts the contract.
Hyperparameters read_hyperparameters(const gguf_context* gguf, const Contract& contract);

}  // namespace seedbed::engine
