#pragma once

#include <array>
#include <cstdint>

namespace seedbed::engine {

// Philox4x32-10: a bijection of 128-bit counters under a 64-bit key (Salmon et al., "Parallel random numbers:
// as easy as 1, 2, 3").
std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

enum class Purpose : uint32_t { kToken = 0 };

// The number in [0, 1) that belongs to a position, whatever the round or the neighbours. `attempt` counts how
// often the position was drawn visible and then taken back.
double uniform(int64_t seed, int32_t position, uint32_t attempt, Purpose purpose);

}  // namespace seedbed::engine
