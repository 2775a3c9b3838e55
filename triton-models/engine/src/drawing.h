#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seedbed::engine {

// From one row of logits to a token and its confidence (docs/sampling.md). Reads rows one after another, to
// keep its buffers.
class Drawing {
 public:
  // Takes a row of logits, [vocab_size]; ids in `forbidden` are never drawn. Throws EngineError when the row
  // has a NaN or nothing left.
  void read(std::span<const float> logits, std::span<const int32_t> forbidden);

  // The token that the number `u` of the row's position draws; at temperature 0 the id with the largest
  // logit.
  int32_t draw(double temperature, double top_p, double u);

  // Probability of a token at temperature 1, before top-p.
  double confidence(int32_t token_id);

  // How far the last draw was from giving another token: at temperature 0 the gap between the two largest
  // logits, else the distance of u to the nearer edge of the token's interval of the cumulated distribution.
  double margin() const;

 private:
  int32_t draw_by_interval(double top_p, double u);
  void softmax(double temperature);
  // The id at `rank` of (q descending, id ascending); sorts no further than needed.
  int32_t ranked(size_t rank);

  std::vector<float> logits_;
  double maximum_ = 0;
  int32_t largest_ = 0;         // id of the maximum, ties to the lowest
  double exponential_sum_ = 0;  // at temperature 1; 0 until asked for

  std::vector<double> q_;         // softmax at the draw's temperature
  std::vector<int32_t> ranking_;  // ids, the first `ranked_` in their final order
  size_t ranked_ = 0;

  bool greedy_ = true;  // the last draw's temperature was 0
  double distance_to_edge_ = 0;
};

}  // namespace seedbed::engine
