#include "options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iostream>
#include <iterator>
#include <sstream>

#include "seedbed/engine/check.h"

namespace seedbed::engine::cli {
namespace {

template <typename Number>
Number parse_number(const std::string& name, const std::string& text, const char* expected) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  REQUEST_CHECK(error == std::errc() && end == text.data() + text.size() && !text.empty(), "--", name,
                " cannot be read: ", text, " (expected: ", expected, ")");
  return number;
}

}  // namespace

Options Options::parse(int argc, char** argv, const std::vector<std::string>& with_value,
                       const std::vector<std::string>& flags) {
  Options options;
  for (int i = 0; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string name = word.starts_with("--") ? word.substr(2) : "";
    const bool takes_value = std::ranges::count(with_value, name) > 0;
    REQUEST_CHECK(takes_value || std::ranges::count(flags, name) > 0, "option is unknown: ", word);
    REQUEST_CHECK(!options.has(name), "option is given twice: ", word);
    REQUEST_CHECK(!takes_value || i + 1 < argc, "option lacks its value: ", word);
    options.values_[name] = takes_value ? argv[++i] : "";
  }
  return options;
}

std::string Options::text(const std::string& name) const {
  REQUEST_CHECK(has(name), "option is missing: --", name);
  return values_.at(name);
}

int64_t Options::integer(const std::string& name, int64_t otherwise) const {
  return has(name) ? parse_number<int64_t>(name, values_.at(name), "integer") : otherwise;
}

double Options::number(const std::string& name, double otherwise) const {
  return has(name) ? parse_number<double>(name, values_.at(name), "number") : otherwise;
}

std::vector<int32_t> Options::integers(const std::string& name, const std::vector<int32_t>& otherwise) const {
  if (!has(name)) return otherwise;
  std::string list = values_.at(name);
  if (list == "-") list.assign(std::istreambuf_iterator<char>(std::cin), {});
  std::erase_if(list, [](unsigned char c) { return std::isspace(c); });
  std::istringstream in(list);
  std::vector<int32_t> numbers;
  for (std::string item; std::getline(in, item, ',');) {
    numbers.push_back(parse_number<int32_t>(name, item, "integers with commas between them"));
  }
  return numbers;
}

}  // namespace seedbed::engine::cli
