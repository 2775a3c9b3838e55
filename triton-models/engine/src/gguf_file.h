#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ggml-cpp.h"

namespace seedbed::engine {

// An opened GGUF: its metadata in memory, its tensor data on disk. Throws ModelError when the file is not a
// whole GGUF.
class GgufFile {
 public:
  explicit GgufFile(const std::filesystem::path& file);

  const gguf_context* metadata() const { return metadata_.get(); }
  // Type and shape of a tensor, no data; nullptr when the file has none of that name.
  const ggml_tensor* find(const std::string& name) const;
  // The tensor's bytes, as they are in the file; valid until the next call.
  const std::vector<char>& read(const ggml_tensor* tensor);

 private:
  void check_size(const std::filesystem::path& file) const;

  ggml_context_ptr tensors_;
  gguf_context_ptr metadata_;
  std::ifstream data_;
  std::vector<char> bytes_;
};

}  // namespace seedbed::engine
