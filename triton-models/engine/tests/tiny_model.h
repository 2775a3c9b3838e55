#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ggml.h"
#include "gguf.h"

namespace seedbed::engine {

// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct TinySizes {
  std::string architecture = "llama";
  std::string attention = "causal_context";
  int32_t layers = 2;
  int32_t embedding = 64;
  int32_t feed_forward = 96;
  int32_t heads = 4;
  int32_t kv_heads = 2;
  int32_t explicit_head_size = 0;  // 0: embedding / heads
  int32_t vocabulary = 80;
  int32_t context_length = 1024;
  bool tied = false;
  bool marks_visible = false;
  ggml_type type = GGML_TYPE_F32;
  std::string compute = "f32";

  bool has_bias() const { return architecture == "qwen2"; }
  bool has_head_norm() const { return architecture == "qwen3"; }
  int32_t head_size() const { return explicit_head_size > 0 ? explicit_head_size : embedding / heads; }
  int32_t query_size() const { return heads * head_size(); }
};

// A model version with random weights, written into a folder of its own.
struct TinyModel {
  // Both hooks may spoil what is written: the metadata, and the contract before its digests are added.
  struct Hooks {
    std::function<void(gguf_context*)> metadata = [](gguf_context*) {};
    std::function<void(nlohmann::json&)> contract = [](nlohmann::json&) {};
    std::function<bool(const std::string& tensor)> leaves_out = [](const std::string&) { return false; };
  };

  explicit TinyModel(const TinySizes& sizes, uint32_t seed = 1);
  TinyModel(const TinySizes& sizes, uint32_t seed, const Hooks& hooks);

  const std::filesystem::path& path() const { return folder.path(); }
  // Writes contract.json anew, with the digests of what lies in the folder now.
  void seal() const;

  TinySizes sizes;
  nlohmann::json contract;
  std::map<std::string, std::vector<float>> weights;  // as the file's type rounds them, row after row
  TemporaryFolder folder;
};

}  // namespace seedbed::engine
