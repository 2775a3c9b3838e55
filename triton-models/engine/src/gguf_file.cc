#include "gguf_file.h"

#include <mutex>
#include <new>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

// ggml says in its process-wide log, not in its return value, what is wrong with a file. The messages of the
// thread that is opening one are kept for its error; all others go to stderr.
thread_local std::string* collected_log = nullptr;

void collect(ggml_log_level level, const char* text, void* /*user_data*/) {
  if (level != GGML_LOG_LEVEL_ERROR && level != GGML_LOG_LEVEL_WARN && level != GGML_LOG_LEVEL_CONT) return;
  if (collected_log != nullptr) {
    *collected_log += text;
  } else {
    std::fputs(text, stderr);
  }
}

class LogCollector {
 public:
  explicit LogCollector(std::string* log) {
    static std::once_flag installed;
    std::call_once(installed, [] { ggml_log_set(collect, nullptr); });
    collected_log = log;
  }
  LogCollector(const LogCollector&) = delete;
  LogCollector& operator=(const LogCollector&) = delete;
  ~LogCollector() { collected_log = nullptr; }
};

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ';';
  }
  return text.empty() ? "no GGUF" : text;
}

}  // namespace

GgufFile::GgufFile(const std::filesystem::path& file) : data_(file, std::ios::binary) {
  MODEL_CHECK(data_.good(), "file cannot be read: ", file.string());
  std::string log;
  {
    const LogCollector collector(&log);
    ggml_context* tensors = nullptr;
    try {
      metadata_.reset(gguf_init_from_file(file.c_str(), {.no_alloc = true, .ctx = &tensors}));
    } catch (const std::exception& error) {
      log += error.what();
    }
    tensors_.reset(tensors);
  }
  MODEL_CHECK(metadata_ != nullptr, file.filename().string(), ": not a whole GGUF: ", one_line(log));
  check_size(file);
}

void GgufFile::check_size(const std::filesystem::path& file) const {
  const auto size = std::filesystem::file_size(file);
  const size_t start = gguf_get_data_offset(metadata_.get());
  for (int64_t id = 0; id < gguf_get_n_tensors(metadata_.get()); ++id) {
    const size_t end =
        start + gguf_get_tensor_offset(metadata_.get(), id) + gguf_get_tensor_size(metadata_.get(), id);
    MODEL_CHECK(end <= size, file.filename().string(), ": file is truncated: ", size,
                " bytes (expected: at least ", end, ", the end of ",
                gguf_get_tensor_name(metadata_.get(), id), ")");
  }
}

const ggml_tensor* GgufFile::find(const std::string& name) const {
  return ggml_get_tensor(tensors_.get(), name.c_str());
}

const std::vector<char>& GgufFile::read(const ggml_tensor* tensor) {
  const int64_t id = gguf_find_tensor(metadata_.get(), tensor->name);
  bytes_.resize(ggml_nbytes(tensor));
  data_.seekg(static_cast<std::streamoff>(gguf_get_data_offset(metadata_.get()) +
                                          gguf_get_tensor_offset(metadata_.get(), id)));
  data_.read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
  MODEL_CHECK(data_.good(), "model.gguf: tensor cannot be read: ", tensor->name);
  return bytes_;
}

}  // namespace seedbed::engine
