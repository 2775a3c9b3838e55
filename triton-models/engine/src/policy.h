#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace seedbed::engine {

// An undecided position of the active block that may become visible in this round.
struct Candidate {
  int32_t index = 0;  // inside the block
  double confidence = 0;
};

// Policies pick the indices to reveal, at least one of a non-empty list. Candidates come in ascending order
// of index; so do the results.

// Every candidate with confidence > threshold, else the one with the largest (ties: lowest index).
std::vector<int32_t> reveal_by_threshold(std::span<const Candidate> candidates, double threshold);

// The first candidate, and those after it as long as each has confidence > threshold.
std::vector<int32_t> reveal_confident_prefix(std::span<const Candidate> candidates, double threshold);

// The candidates' share of this round, counted from 0, when all must be visible after `steps` rounds: largest
// confidence first (ties: lowest index).
std::vector<int32_t> reveal_by_fixed_steps(std::span<const Candidate> candidates, int32_t steps,
                                           int32_t round);

}  // namespace seedbed::engine
