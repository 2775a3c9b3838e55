#pragma once

#include <filesystem>
#include <string>

namespace seedbed::engine {

// SHA-256 of a file's bytes, in lower-case hex. Throws ModelError when the file cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace seedbed::engine
