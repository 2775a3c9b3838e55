#include "tiny_model.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>

#include "digest.h"
#include "ggml-cpp.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

nlohmann::json contract_of(const TinySizes& sizes) {
  const bool causal = sizes.attention == "causal_context";
  return {{"format", 1},
          {"architecture", sizes.architecture},
          {"attention", sizes.attention},
          {"modes",
           causal ? nlohmann::json{"autoregressive", "exact", "diffusion"} : nlohmann::json{"diffusion"}},
          {"vocab_size", sizes.vocabulary},
          {"context_length", sizes.context_length},
          {"block_size", 8},
          {"max_block_size", 32},
          {"mask_token_id", 1},
          {"pad_token_id", nullptr},
          {"end_token_ids", {2}},
          {"forbidden_output", {1}},
          {"shift_logits", false},
          {"can_edit", false},
          {"compute", sizes.compute},
          {"default_policy",
           {{"mode", "diffusion"},
            {"policy", "threshold"},
            {"threshold", 0.9},
            {"steps", 4},
            {"edit_threshold", 1.0},
            {"edit_rounds", 0},
            {"draft_length", 8},
            {"temperature", 0.0},
            {"top_p", 1.0}}},
          {"tolerance", 1e-3}};
}

void set_metadata(gguf_context* gguf, const TinySizes& sizes) {
  const std::string prefix = sizes.architecture + ".";
  const auto set = [&](const char* name, int32_t value) {
    gguf_set_val_u32(gguf, (prefix + name).c_str(), static_cast<uint32_t>(value));
  };
  gguf_set_val_str(gguf, "general.architecture", sizes.architecture.c_str());
  set("block_count", sizes.layers);
  set("context_length", sizes.context_length);
  set("embedding_length", sizes.embedding);
  set("feed_forward_length", sizes.feed_forward);
  set("attention.head_count", sizes.heads);
  set("attention.head_count_kv", sizes.kv_heads);
  set("rope.dimension_count", sizes.head_size());
  if (sizes.explicit_head_size > 0) {
    set("attention.key_length", sizes.head_size());
    set("attention.value_length", sizes.head_size());
  }
  set("vocab_size", sizes.vocabulary);
  gguf_set_val_f32(gguf, (prefix + "attention.layer_norm_rms_epsilon").c_str(), 1e-5F);
  gguf_set_val_f32(gguf, (prefix + "rope.freq_base").c_str(), 10000.0F);
}

class TensorWriter {
 public:
  TensorWriter(TinyModel& model, uint32_t seed, const TinyModel::Hooks& hooks)
      : model_(model), hooks_(hooks), random_(seed), gguf_(gguf_init_empty()) {
    tensors_.reset(ggml_init({.mem_size = size_t{64} << 20, .mem_buffer = nullptr, .no_alloc = false}));
  }

  void matrix(const std::string& name, int64_t width, int64_t rows) {
    write(name, width, rows, model_.sizes.type, 0.0F, 1.5F / std::sqrt(static_cast<float>(width)));
  }
  void norm(const std::string& name, int64_t width) { write(name, width, 1, GGML_TYPE_F32, 1.0F, 0.1F); }
  void bias(const std::string& name, int64_t width) { write(name, width, 1, GGML_TYPE_F32, 0.0F, 0.5F); }

  void finish(const std::filesystem::path& file) {
    set_metadata(gguf_.get(), model_.sizes);
    hooks_.metadata(gguf_.get());
    ENGINE_CHECK(gguf_write_to_file(gguf_.get(), file.c_str(), false), "cannot write ", file.string());
  }

 private:
  void write(const std::string& name, int64_t width, int64_t rows, ggml_type type, float mean,
             float deviation) {
    std::normal_distribution<float> normal(mean, deviation);
    std::vector<float> values(static_cast<size_t>(width * rows));
    for (float& value : values) value = normal(random_);
    ggml_tensor* tensor = rows == 1 ? ggml_new_tensor_1d(tensors_.get(), type, width)
                                    : ggml_new_tensor_2d(tensors_.get(), type, width, rows);
    ggml_quantize_chunk(type, values.data(), tensor->data, 0, rows, width, nullptr);
    if (type == GGML_TYPE_F32) {
      std::copy(values.begin(), values.end(), static_cast<float*>(tensor->data));
    } else {
      ggml_get_type_traits(type)->to_float(tensor->data, values.data(), width * rows);
    }
    model_.weights[name] = std::move(values);
    if (hooks_.leaves_out(name)) return;
    ggml_set_name(tensor, name.c_str());
    gguf_add_tensor(gguf_.get(), tensor);
  }

  TinyModel& model_;
  const TinyModel::Hooks& hooks_;
  std::mt19937 random_;
  gguf_context_ptr gguf_;
  ggml_context_ptr tensors_;
};

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "seedbed-test-XXXXXX").string();
  ENGINE_CHECK(mkdtemp(name.data()) != nullptr, "cannot create a folder like ", name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TinyModel::TinyModel(const TinySizes& sizes_, uint32_t seed) : TinyModel(sizes_, seed, Hooks()) {}

TinyModel::TinyModel(const TinySizes& sizes_, uint32_t seed, const Hooks& hooks)
    : sizes(sizes_), contract(contract_of(sizes_)) {
  TensorWriter writer(*this, seed, hooks);
  const int32_t kv_size = sizes.kv_heads * sizes.head_size();
  writer.matrix("token_embd.weight", sizes.embedding, sizes.vocabulary);
  if (sizes.marks_visible) writer.bias("visible_marker.weight", sizes.embedding);
  for (int32_t i = 0; i < sizes.layers; ++i) {
    const std::string block = "blk." + std::to_string(i) + ".";
    writer.norm(block + "attn_norm.weight", sizes.embedding);
    writer.matrix(block + "attn_q.weight", sizes.embedding, sizes.query_size());
    writer.matrix(block + "attn_k.weight", sizes.embedding, kv_size);
    writer.matrix(block + "attn_v.weight", sizes.embedding, kv_size);
    if (sizes.has_bias()) {
      writer.bias(block + "attn_q.bias", sizes.query_size());
      writer.bias(block + "attn_k.bias", kv_size);
      writer.bias(block + "attn_v.bias", kv_size);
    }
    if (sizes.has_head_norm()) {
      writer.norm(block + "attn_q_norm.weight", sizes.head_size());
      writer.norm(block + "attn_k_norm.weight", sizes.head_size());
    }
    writer.matrix(block + "attn_output.weight", sizes.query_size(), sizes.embedding);
    writer.norm(block + "ffn_norm.weight", sizes.embedding);
    writer.matrix(block + "ffn_gate.weight", sizes.embedding, sizes.feed_forward);
    writer.matrix(block + "ffn_up.weight", sizes.embedding, sizes.feed_forward);
    writer.matrix(block + "ffn_down.weight", sizes.feed_forward, sizes.embedding);
  }
  writer.norm("output_norm.weight", sizes.embedding);
  if (!sizes.tied) writer.matrix("output.weight", sizes.embedding, sizes.vocabulary);
  writer.finish(path() / "model.gguf");
  for (const char* name : {"tokenizer.json", "golden.json", "chat_template.jinja"})
    std::ofstream(path() / name) << "{}";
  hooks.contract(contract);
  seal();
}

void TinyModel::seal() const {
  nlohmann::json sealed = contract;
  for (const char* name : {"model.gguf", "tokenizer.json", "golden.json", "chat_template.jinja"}) {
    if (!sealed["sha256"].contains(name)) sealed["sha256"][name] = sha256_of_file(path() / name);
  }
  std::ofstream(path() / "contract.json") << sealed.dump(2);
}

}  // namespace seedbed::engine
