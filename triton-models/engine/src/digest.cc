#include "digest.h"

#include <array>
#include <fstream>
#include <vector>

#include "seedbed/engine/check.h"

extern "C" {
#include <sha256/sha256.h>
}

namespace seedbed::engine {

std::string sha256_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  MODEL_CHECK(in.good(), "file cannot be read: ", file.string());
  sha256_t state;
  sha256_init(&state);
  std::vector<char> buffer(1 << 20);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    sha256_update(&state, reinterpret_cast<const unsigned char*>(buffer.data()),
                  static_cast<size_t>(in.gcount()));
  }
  MODEL_CHECK(in.eof(), "file cannot be read: ", file.string());
  std::array<unsigned char, SHA256_DIGEST_SIZE> digest;
  sha256_final(&state, digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace seedbed::engine
