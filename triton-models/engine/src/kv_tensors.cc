#include "kv_tensors.h"

#include "ggml-cpu.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {

KvTensors allocate_kv(const Hyperparameters& h, int32_t positions) {
  KvTensors kv;
  const size_t count = 2 * static_cast<size_t>(h.layers);
  kv.tensors.reset(
      ggml_init({.mem_size = (count + 1) * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
  ENGINE_CHECK(kv.tensors != nullptr, "out of memory for ", count, " tensors");
  for (int32_t layer = 0; layer < h.layers; ++layer) {
    kv.keys.push_back(ggml_new_tensor_2d(kv.tensors.get(), GGML_TYPE_F32, h.kv_size(), positions + 1));
    kv.values.push_back(ggml_new_tensor_2d(kv.tensors.get(), GGML_TYPE_F32, h.kv_size(), positions + 1));
  }
  kv.memory.reset(ggml_backend_alloc_ctx_tensors_from_buft(kv.tensors.get(), ggml_backend_cpu_buffer_type()));
  MODEL_CHECK(kv.memory != nullptr, "out of memory for the KV of ", positions, " positions");
  ggml_backend_buffer_clear(kv.memory.get(), 0);
  return kv;
}

}  // namespace seedbed::engine
