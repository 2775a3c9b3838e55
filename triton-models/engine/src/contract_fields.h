#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "seedbed/engine/check.h"

namespace seedbed::engine {

// Reads one JSON object of contract.json field by field; done() refuses the fields that nobody asked for.
// Every failure is a ModelError naming the field (with its parent), the value and what was expected.
class ContractFields {
 public:
  ContractFields(const nlohmann::json& object, std::string prefix);

  bool has(const char* name) const { return object_.contains(name); }
  const nlohmann::json& field(const char* name);
  int64_t integer(const char* name, int64_t least, int64_t most);
  double number(const char* name);
  bool boolean(const char* name);
  std::string choice(const char* name, std::initializer_list<const char*> choices);
  std::vector<int32_t> token_ids(const char* name, int32_t vocab_size);
  std::string path(const char* name) const { return prefix_ + name; }
  void done() const;

 private:
  const nlohmann::json& object_;
  std::string prefix_;  // "" or "default_policy."
  std::set<std::string> asked_;
};

}  // namespace seedbed::engine
