#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seedbed/engine/contract.h"

namespace seedbed::engine {

// One slice on an empty context.
struct LogitsCase {
  std::string name;
  std::vector<int32_t> token_ids;
  int32_t clean_rows = 0;
  int32_t first_logits_row = 0;
  bool edits = false;          // as a request with edits evaluates it
  std::vector<double> values;  // [rows with logits, vocab_size]
};

struct Trace {
  std::string name;
  std::vector<int32_t> prompt;
  DecodeParameters parameters;
  std::vector<int32_t> token_ids;
  std::string finish_reason;
  double margin = 0;  // smallest decision margin of the whole trace
  int64_t forward_passes = 0;
  int64_t positions_evaluated = 0;
};

// golden.json of a model version (docs/model-version.md).
struct Golden {
  std::vector<LogitsCase> logits;
  std::vector<Trace> traces;

  // Throws ModelError naming the case that is not as the page says.
  static Golden load(const std::filesystem::path& file, const Contract& contract);
};

}  // namespace seedbed::engine
