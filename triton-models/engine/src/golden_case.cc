#include "golden_case.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

using nlohmann::json;

LogitsCase read_logits(const json& document, const std::string& name, const Contract& contract) {
  LogitsCase recorded{.name = name,
                      .token_ids = document.at("token_ids"),
                      .clean_rows = document.at("clean_rows"),
                      .first_logits_row = document.at("first_logits_row"),
                      .edits = document.value("edits", false),
                      .values = {}};
  const auto rows = static_cast<int32_t>(recorded.token_ids.size());
  MODEL_CHECK(rows >= 1 && recorded.clean_rows >= 0 && recorded.clean_rows <= rows, name,
              ": clean_rows out of range: ", recorded.clean_rows, " (expected: 0..", rows, ")");
  MODEL_CHECK(recorded.first_logits_row >= 0 && recorded.first_logits_row < rows, name,
              ": first_logits_row out of range: ", recorded.first_logits_row, " (expected: 0..", rows - 1,
              ")");
  MODEL_CHECK(contract.attention != Attention::kFull || recorded.clean_rows == 0, name,
              ": clean_rows out of range: ", recorded.clean_rows, " (expected: 0, attention is full)");
  for (const int32_t id : recorded.token_ids) {
    MODEL_CHECK(id >= 0 && id < contract.vocab_size, name, ": token id out of range: ", id, " (expected: 0..",
                contract.vocab_size - 1, ")");
  }
  for (const json& row : document.at("values")) {
    MODEL_CHECK(row.size() == static_cast<size_t>(contract.vocab_size), name,
                ": values in a row: ", row.size(), " (expected: ", contract.vocab_size, ")");
    for (const json& value : row) recorded.values.push_back(value.get<double>());
  }
  return recorded;
}

DecodeParameters read_parameters(const json& document, const Contract& contract) {
  DecodeParameters p = contract.default_policy;
  p.max_positions = INT64_MAX;
  p.max_tokens = document.at("max_tokens");
  for (const auto& [name, value] : document.items()) {
    if (name == "mode")
      p.mode = parse_mode(value);
    else if (name == "policy")
      p.policy = parse_policy(value);
    else if (name == "threshold")
      p.threshold = value;
    else if (name == "steps")
      p.steps = value;
    else if (name == "edit_threshold")
      p.edit_threshold = value;
    else if (name == "edit_rounds")
      p.edit_rounds = value;
    else if (name == "block_size")
      p.block_size = value;
    else if (name == "draft_length")
      p.draft_length = value;
    else if (name == "temperature")
      p.temperature = value;
    else if (name == "top_p")
      p.top_p = value;
    else if (name == "seed")
      p.seed = value;
    else if (name == "max_positions")
      p.max_positions = value.is_null() ? INT64_MAX : value.get<int64_t>();
    else
      REQUEST_CHECK(name == "max_tokens", "parameter is unknown: ", name);
  }
  return p;
}

Trace read_trace(const json& document, const std::string& name, const Contract& contract) {
  return {.name = name,
          .prompt = document.at("prompt"),
          .parameters = read_parameters(document.at("parameters"), contract),
          .token_ids = document.at("token_ids"),
          .finish_reason = document.at("finish_reason"),
          .margin = document.at("margin"),
          .forward_passes = document.at("forward_passes"),
          .positions_evaluated = document.at("positions_evaluated")};
}

// Calls read(element, name, contract) for each element of a list and puts the element's name before every
// complaint.
template <typename Case, typename Read>
std::vector<Case> read_list(const json& document, const std::string& field, const Contract& contract,
                            Read read) {
  std::vector<Case> cases;
  for (const json& element : document.at(field)) {
    const std::string name = "golden: " + field + "[" + std::to_string(cases.size()) + "]";
    try {
      cases.push_back(read(element, name, contract));
    } catch (const json::exception& error) {
      fail<ModelError>(name, ": ", error.what());
    } catch (const RequestError& error) {
      fail<ModelError>(name, ": ", error.what());
    }
  }
  return cases;
}

}  // namespace

Golden Golden::load(const std::filesystem::path& file, const Contract& contract) {
  std::ifstream in(file, std::ios::binary);
  MODEL_CHECK(in.good(), "golden: file cannot be read: ", file.string());
  try {
    const json document = json::parse(in);
    MODEL_CHECK(document.at("format") == 1, "golden: format is unknown: ", document.at("format").dump(),
                " (expected: 1)");
    return {.logits = read_list<LogitsCase>(document, "logits", contract, read_logits),
            .traces = read_list<Trace>(document, "traces", contract, read_trace)};
  } catch (const json::exception& error) {
    fail<ModelError>("golden: not as expected: ", error.what());
  }
}

}  // namespace seedbed::engine
