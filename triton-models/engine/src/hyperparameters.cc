#include "hyperparameters.h"

#include <cmath>
#include <optional>
#include <set>
#include <string>

#include "ggml.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

constexpr int64_t kLargestSize = 1 << 24;

// Reads the keys of one architecture. done() refuses the architecture's keys that nobody asked for: they may
// change what is to be computed.
class Metadata {
 public:
  Metadata(const gguf_context* gguf, std::string architecture)
      : gguf_(gguf), prefix_(std::move(architecture) + ".") {}

  std::optional<int64_t> find_integer(const std::string& name) {
    const int64_t id = find(name);
    if (id < 0) return std::nullopt;
    switch (gguf_get_kv_type(gguf_, id)) {
      case GGUF_TYPE_UINT32:
        return gguf_get_val_u32(gguf_, id);
      case GGUF_TYPE_INT32:
        return gguf_get_val_i32(gguf_, id);
      case GGUF_TYPE_UINT64:
        return static_cast<int64_t>(gguf_get_val_u64(gguf_, id));
      case GGUF_TYPE_INT64:
        return gguf_get_val_i64(gguf_, id);
      default:
        fail_type(name, id, "integer");
    }
  }

  int32_t integer(const std::string& name) {
    const std::optional<int64_t> value = find_integer(name);
    MODEL_CHECK(value.has_value(), "model.gguf: key is missing: ", prefix_, name);
    MODEL_CHECK(*value >= 1 && *value <= kLargestSize, "model.gguf: ", prefix_, name,
                " out of range: ", *value, " (expected: 1..", kLargestSize, ")");
    return static_cast<int32_t>(*value);
  }

  // An optional key whose only supported value is `expected`.
  void require(const std::string& name, int64_t expected) {
    const int64_t value = find_integer(name).value_or(expected);
    MODEL_CHECK(value == expected, "model.gguf: ", prefix_, name, " is not supported: ", value,
                " (expected: ", expected, ")");
  }

  float number(const std::string& name) {
    const int64_t id = find(name);
    MODEL_CHECK(id >= 0, "model.gguf: key is missing: ", prefix_, name);
    if (gguf_get_kv_type(gguf_, id) != GGUF_TYPE_FLOAT32) fail_type(name, id, "float32");
    const float value = gguf_get_val_f32(gguf_, id);
    MODEL_CHECK(std::isfinite(value) && value > 0, "model.gguf: ", prefix_, name, " out of range: ", value,
                " (expected: above 0)");
    return value;
  }

  void require_no_rope_scaling() {
    const int64_t id = find("rope.scaling.type");
    if (id < 0) return;
    if (gguf_get_kv_type(gguf_, id) != GGUF_TYPE_STRING) fail_type("rope.scaling.type", id, "string");
    MODEL_CHECK(std::string(gguf_get_val_str(gguf_, id)) == "none", "model.gguf: ", prefix_,
                "rope.scaling.type is not supported: ", gguf_get_val_str(gguf_, id), " (expected: none)");
  }

  void done() const {
    for (int64_t id = 0; id < gguf_get_n_kv(gguf_); ++id) {
      const std::string key = gguf_get_key(gguf_, id);
      MODEL_CHECK(!key.starts_with(prefix_) || asked_.contains(key),
                  "model.gguf: key is not supported: ", key);
    }
  }

 private:
  int64_t find(const std::string& name) {
    asked_.insert(prefix_ + name);
    return gguf_find_key(gguf_, (prefix_ + name).c_str());
  }

  [[noreturn]] void fail_type(const std::string& name, int64_t id, const char* expected) const {
    fail<ModelError>("model.gguf: ", prefix_, name,
                     " has the wrong type: ", gguf_type_name(gguf_get_kv_type(gguf_, id)),
                     " (expected: ", expected, ")");
  }

  const gguf_context* gguf_;
  std::string prefix_;
  std::set<std::string> asked_;
};

void check_architecture(const gguf_context* gguf, const std::string& expected) {
  const int64_t id = gguf_find_key(gguf, "general.architecture");
  MODEL_CHECK(id >= 0 && gguf_get_kv_type(gguf, id) == GGUF_TYPE_STRING,
              "model.gguf: key is missing: general.architecture (expected: ", expected, ")");
  const std::string architecture = gguf_get_val_str(gguf, id);
  MODEL_CHECK(architecture == expected, "architecture contradicts the contract: ", architecture,
              " in model.gguf (contract: ", expected, ")");
}

int32_t read_head_size(Metadata& metadata, const Hyperparameters& h) {
  if (metadata.find_integer("attention.key_length")) {
    const int32_t size = metadata.integer("attention.key_length");
    MODEL_CHECK(int64_t{size} * h.heads <= kLargestSize,
                "model.gguf: attention.key_length out of range: ", size, " (expected: 1..",
                kLargestSize / h.heads, " for ", h.heads, " heads)");
    return size;
  }
  MODEL_CHECK(h.embedding % h.heads == 0,
              "model.gguf: embedding_length is no multiple of head_count: ", h.embedding, " and ", h.heads);
  return h.embedding / h.heads;
}

}  // namespace

Hyperparameters read_hyperparameters(const gguf_context* gguf, const Contract& contract) {
  check_architecture(gguf, contract.architecture);
  Metadata metadata(gguf, contract.architecture);
  Hyperparameters h;
  h.layers = metadata.integer("block_count");
  h.embedding = metadata.integer("embedding_length");
  h.feed_forward = metadata.integer("feed_forward_length");
  h.heads = metadata.integer("attention.head_count");
  h.kv_heads = metadata.integer("attention.head_count_kv");
  h.norm_epsilon = metadata.number("attention.layer_norm_rms_epsilon");
  h.rope_base = metadata.number("rope.freq_base");
  h.vocabulary = contract.vocab_size;
  h.rope_mode = contract.architecture == "llama" ? GGML_ROPE_TYPE_NORMAL : GGML_ROPE_TYPE_NEOX;

  h.head_size = read_head_size(metadata, h);
  MODEL_CHECK(h.heads % h.kv_heads == 0, "model.gguf: head_count is no multiple of head_count_kv: ", h.heads,
              " and ", h.kv_heads);
  h.rope_dimensions =
      static_cast<int32_t>(metadata.find_integer("rope.dimension_count").value_or(h.head_size));
  MODEL_CHECK(h.rope_dimensions >= 2 && h.rope_dimensions <= h.head_size && h.rope_dimensions % 2 == 0,
              "model.gguf: rope.dimension_count out of range: ", h.rope_dimensions, " (expected: even, 2..",
              h.head_size, ")");

  const int64_t vocabulary = metadata.find_integer("vocab_size").value_or(contract.vocab_size);
  MODEL_CHECK(vocabulary == contract.vocab_size, "vocab_size contradicts the contract: ", vocabulary,
              " in model.gguf (contract: ", contract.vocab_size, ")");
  const int32_t context_length = metadata.integer("context_length");
  MODEL_CHECK(context_length == contract.context_length,
              "context_length contradicts the contract: ", context_length,
              " in model.gguf (contract: ", contract.context_length, ")");

  metadata.require("attention.value_length", h.head_size);
  metadata.require("expert_count", 0);
  metadata.require("expert_used_count", 0);
  metadata.require_no_rope_scaling();
  metadata.done();
  return h;
}

}  // namespace seedbed::engine
