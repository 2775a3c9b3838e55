#include "contract_fields.h"

#include <algorithm>
#include <utility>

namespace seedbed::engine {

ContractFields::ContractFields(const nlohmann::json& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {
  MODEL_CHECK(object_.is_object(), "contract: ", prefix_.empty() ? "the document" : prefix_, " is ",
              object_.type_name(), " (expected: object)");
}

const nlohmann::json& ContractFields::field(const char* name) {
  asked_.insert(name);
  const auto found = object_.find(name);
  MODEL_CHECK(found != object_.end(), "contract: field is missing: ", path(name));
  return *found;
}

int64_t ContractFields::integer(const char* name, int64_t least, int64_t most) {
  const nlohmann::json& value = field(name);
  // An unsigned value beyond int64 would wrap, so it is compared as a double first.
  MODEL_CHECK(value.is_number_integer() && value.get<double>() >= static_cast<double>(least) &&
                  value.get<double>() <= static_cast<double>(most),
              "contract: ", path(name), " out of range: ", value.dump(), " (expected: integer ", least, "..",
              most, ")");
  return value.get<int64_t>();
}

double ContractFields::number(const char* name) {
  const nlohmann::json& value = field(name);
  MODEL_CHECK(value.is_number(), "contract: ", path(name), " has the wrong type: ", value.dump(),
              " (expected: number)");
  return value.get<double>();
}

bool ContractFields::boolean(const char* name) {
  const nlohmann::json& value = field(name);
  MODEL_CHECK(value.is_boolean(), "contract: ", path(name), " has the wrong type: ", value.dump(),
              " (expected: true or false)");
  return value.get<bool>();
}

std::string ContractFields::choice(const char* name, std::initializer_list<const char*> choices) {
  const nlohmann::json& value = field(name);
  std::string expected;
  for (const char* choice : choices) {
    if (value.is_string() && value.get<std::string>() == choice) return choice;
    expected += expected.empty() ? choice : std::string(", ") + choice;
  }
  fail<ModelError>("contract: ", path(name), " is unknown: ", value.dump(), " (expected: ", expected, ")");
}

std::vector<int32_t> ContractFields::token_ids(const char* name, int32_t vocab_size) {
  const nlohmann::json& value = field(name);
  MODEL_CHECK(value.is_array(), "contract: ", path(name), " has the wrong type: ", value.dump(),
              " (expected: list of token ids)");
  std::vector<int32_t> ids;
  for (const nlohmann::json& id : value) {
    MODEL_CHECK(id.is_number_integer() && id.get<double>() >= 0 && id.get<double>() < vocab_size,
                "contract: ", path(name), " holds an id out of range: ", id.dump(), " (expected: 0..",
                vocab_size - 1, ")");
    ids.push_back(id.get<int32_t>());
    MODEL_CHECK(std::ranges::count(ids, ids.back()) == 1, "contract: ", path(name),
                " holds an id twice: ", ids.back());
  }
  return ids;
}

void ContractFields::done() const {
  for (const auto& [name, value] : object_.items()) {
    MODEL_CHECK(asked_.contains(name), "contract: field is unknown: ", path(name.c_str()));
  }
}

}  // namespace seedbed::engine
