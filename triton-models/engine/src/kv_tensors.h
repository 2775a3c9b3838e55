#pragma once

#include <cstdint>
#include <vector>

#include "ggml-cpp.h"
#include "hyperparameters.h"

namespace seedbed::engine {

// The memory behind a KvArena: per layer keys and values F32 [kv_size, positions + 1]. The last position is
// scratch, for the KV of padding rows. Starts zeroed, so that no hidden key ever holds a NaN.
struct KvTensors {
  std::vector<ggml_tensor*> keys;
  std::vector<ggml_tensor*> values;

  ggml_context_ptr tensors;
  ggml_backend_buffer_ptr memory;
};

// Throws ModelError when there is not enough memory.
KvTensors allocate_kv(const Hyperparameters& hyperparameters, int32_t positions);

}  // namespace seedbed::engine
