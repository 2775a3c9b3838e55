#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "options.h"
#include "seedbed/engine/generation.h"
#include "seedbed/engine/golden.h"
#include "seedbed/engine/model.h"

namespace seedbed::engine::cli {
namespace {

DecodeParameters read_parameters(const Options& options, const Contract& contract) {
  DecodeParameters p = contract.default_policy;
  const auto integer = [&](const char* name, int32_t otherwise) {
    const int64_t value = options.integer(name, otherwise);
    return static_cast<int32_t>(std::clamp<int64_t>(value, INT32_MIN, INT32_MAX));
  };
  if (options.has("mode")) p.mode = parse_mode(options.text("mode"));
  if (options.has("policy")) p.policy = parse_policy(options.text("policy"));
  p.threshold = options.number("threshold", p.threshold);
  p.steps = integer("steps", p.steps);
  p.edit_threshold = options.number("edit-threshold", p.edit_threshold);
  p.edit_rounds = integer("edit-rounds", p.edit_rounds);
  p.block_size = integer("block-size", p.block_size);
  p.draft_length = integer("draft-length", p.draft_length);
  p.temperature = options.number("temperature", p.temperature);
  p.top_p = options.number("top-p", p.top_p);
  p.seed = options.integer("seed", 0);
  p.max_tokens = integer("max-tokens", 128);
  p.max_positions = options.integer("max-positions", INT64_MAX);
  return p;
}

}  // namespace

void generate_command(int argc, char** argv) {
  const Options options = Options::parse(
      argc, argv,
      {"model", "tokens", "threads", "mode", "policy", "threshold", "steps", "edit-threshold", "edit-rounds",
       "block-size", "draft-length", "temperature", "top-p", "seed", "max-tokens", "max-positions"},
      {});
  options.text("tokens");
  const auto model =
      load_verified(options.text("model"), {.threads = static_cast<int32_t>(options.integer("threads", 2))});
  const DecodeParameters parameters = read_parameters(options, model->contract());
  const auto start = std::chrono::steady_clock::now();
  const Generation generation = generate(*model, options.integers("tokens", {}), parameters);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  const Work& work = generation.work;
  const nlohmann::ordered_json result = {{"token_ids", generation.token_ids},
                                         {"finish_reason", to_string(generation.finish)},
                                         {"finish_detail", generation.finish_detail},
                                         {"work",
                                          {{"input_tokens", work.input_tokens},
                                           {"forward_passes", work.forward_passes},
                                           {"positions_evaluated", work.positions_evaluated},
                                           {"committed_tokens", work.committed_tokens},
                                           {"edits", work.edits}}},
                                         {"milliseconds", elapsed.count()}};
  std::cout << result.dump() << "\n";
}

}  // namespace seedbed::engine::cli
