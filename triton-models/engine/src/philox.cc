#include "philox.h"

namespace seedbed::engine {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

}  // namespace

std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * counter[0];
    const uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

double uniform(int64_t seed, int32_t position, uint32_t attempt, Purpose purpose) {
  const auto bits = static_cast<uint64_t>(seed);
  const std::array<uint32_t, 4> words =
      philox4x32_10({static_cast<uint32_t>(position), attempt, static_cast<uint32_t>(purpose), 0},
                    {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)});
  const double high = static_cast<double>(words[0] >> 5);  // 27 bits
  const double low = static_cast<double>(words[1] >> 6);   // 26 bits
  return (high * 0x1p26 + low) * 0x1p-53;
}

}  // namespace seedbed::engine
