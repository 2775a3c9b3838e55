#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "options.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/model.h"

namespace seedbed::engine::cli {

void logits_command(int argc, char** argv) {
  const Options options = Options::parse(
      argc, argv, {"model", "tokens", "threads", "clean-rows", "first-logits-row", "block-size"}, {});
  options.text("tokens");
  const auto model =
      Model::load(options.text("model"), {.threads = static_cast<int32_t>(options.integer("threads", 2))});
  const Contract& contract = model->contract();
  Slice slice{.kv = nullptr, .token_ids = options.integers("tokens", {})};
  const auto integer = [&](const char* name, int64_t otherwise, int64_t least, int64_t most) {
    const int64_t value = options.integer(name, otherwise);
    REQUEST_CHECK(value >= least && value <= most, "--", name, " out of range: ", value,
                  " (expected: ", least, "..", most, ")");
    return static_cast<int32_t>(value);
  };
  const int32_t most_clean_rows = contract.attention == Attention::kFull ? 0 : slice.rows();
  slice.clean_rows = integer("clean-rows", most_clean_rows, 0, most_clean_rows);
  slice.first_logits_row = integer("first-logits-row", 0, 0, slice.rows());
  slice.block_size = integer("block-size", contract.block_size, 1, contract.max_block_size);
  REQUEST_CHECK(slice.rows() >= 1 && slice.rows() <= contract.context_length,
                "rows out of range: ", slice.rows(), " (expected: 1..", contract.context_length, ")");
  auto kv = model->arena().acquire(slice.rows());
  slice.kv = &*kv;
  const std::span<const float> logits = model->forward({&slice, 1});
  nlohmann::json rows = nlohmann::json::array();
  const auto vocabulary = static_cast<size_t>(contract.vocab_size);
  for (size_t first = 0; first < logits.size(); first += vocabulary)
    rows.push_back(logits.subspan(first, vocabulary));
  std::cout << rows.dump() << "\n";
}

}  // namespace seedbed::engine::cli
