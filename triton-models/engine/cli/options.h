#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace seedbed::engine::cli {

// The options of one command, each `--name value` (or `--name` alone for a flag), given at most once.
class Options {
 public:
  // Throws RequestError for a word that is no option of this command.
  static Options parse(int argc, char** argv, const std::vector<std::string>& with_value,
                       const std::vector<std::string>& flags);

  bool has(const std::string& name) const { return values_.contains(name); }
  // All of these throw RequestError naming the option, its text and what was expected.
  std::string text(const std::string& name) const;
  int64_t integer(const std::string& name, int64_t otherwise) const;
  double number(const std::string& name, double otherwise) const;
  std::vector<int32_t> integers(const std::string& name, const std::vector<int32_t>& otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace seedbed::engine::cli
