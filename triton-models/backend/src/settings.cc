#include "settings.h"

#include <sched.h>

#include <charconv>
#include <limits>
#include <map>

#include "nlohmann/json.hpp"
#include "triton_error.h"

namespace seedbed::backend {

namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& message) {
  throw TritonError(TRITONSERVER_ERROR_INVALID_ARG, message);
}

// A setting's target and its smallest value; the largest is INT32_MAX.
struct Setting {
  int32_t* target;
  int32_t least;
};

void assign(const std::string& name, const std::string& text, const Setting& setting) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < setting.least) {
    refuse("setting out of range: " + name + " = " + text + " (expected: " + std::to_string(setting.least) +
           ".." + std::to_string(std::numeric_limits<int32_t>::max()) + ")");
  }
  *setting.target = value;
}

int32_t usable_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return CPU_COUNT(&set);
}

}  // namespace

BackendSettings BackendSettings::parse(const std::string& text) {
  BackendSettings settings;
  const std::map<std::string, Setting> known{{"max_inflight", {&settings.max_inflight, 1}},
                                             {"max_round_rows", {&settings.max_round_rows, 0}},
                                             {"drain_ms", {&settings.drain_ms, 0}}};
  const json config = json::parse(text);
  // Triton adds settings of its own to the map, so that unknown names cannot be refused here.
  const json given = config.value("cmdline", json::object());
  for (const auto& [name, value] : given.items()) {
    if (const auto setting = known.find(name); setting != known.end())
      assign(name, value.get<std::string>(), setting->second);
  }
  return settings;
}

ModelSettings ModelSettings::parse(const std::string& text) {
  ModelSettings settings;
  const std::map<std::string, Setting> known{{"threads", {&settings.threads, 0}},
                                             {"arena_positions", {&settings.arena_positions, 1}},
                                             {"max_inflight", {&settings.max_inflight, 1}}};
  const json config = json::parse(text);
  if (const int64_t batch = config.value("max_batch_size", int64_t{0}); batch != 0) {
    refuse("config.pbtxt: max_batch_size is not served: " + std::to_string(batch) + " (expected: 0)");
  }
  if (!config.value(json::json_pointer("/model_transaction_policy/decoupled"), false)) {
    refuse("config.pbtxt: model_transaction_policy.decoupled is not served: false (expected: true)");
  }
  const json given = config.value("parameters", json::object());
  for (const auto& [name, value] : given.items()) {
    const auto setting = known.find(name);
    if (setting == known.end()) {
      refuse("config.pbtxt: parameter is unknown: " + name +
             " (expected: threads, arena_positions, max_inflight)");
    }
    assign(name, value.at("string_value").get<std::string>(), setting->second);
  }
  if (settings.threads == 0) settings.threads = usable_cpus();
  return settings;
}

}  // namespace seedbed::backend
