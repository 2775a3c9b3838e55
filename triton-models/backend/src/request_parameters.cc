#include "request_parameters.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seedbed/engine/check.h"
#include "triton_error.h"

namespace seedbed::backend {

namespace {

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

struct Parameter {
  std::string_view name;
  TRITONSERVER_ParameterType type;
  const void* value;  // lives as long as the request
};

const void* value_of_type(const Parameter& parameter, TRITONSERVER_ParameterType type,
                          const char* type_name) {
  REQUEST_CHECK(parameter.type == type, parameter.name,
                " has the wrong type: ", TRITONSERVER_ParameterTypeString(parameter.type),
                " (expected: ", type_name, ")");
  return parameter.value;
}

int64_t integer(const Parameter& parameter, int64_t least, int64_t most) {
  const int64_t value =
      *static_cast<const int64_t*>(value_of_type(parameter, TRITONSERVER_PARAMETER_INT, "int64"));
  REQUEST_CHECK(value >= least && value <= most, parameter.name, " out of range: ", value,
                " (expected: ", least, "..", most, ")");
  return value;
}

double number(const Parameter& parameter) {
  const double value =
      *static_cast<const double*>(value_of_type(parameter, TRITONSERVER_PARAMETER_DOUBLE, "double"));
  REQUEST_CHECK(std::isfinite(value), parameter.name, " is not finite: ", value,
                " (expected: a finite number)");
  return value;
}

bool boolean(const Parameter& parameter) {
  return *static_cast<const bool*>(value_of_type(parameter, TRITONSERVER_PARAMETER_BOOL, "bool"));
}

std::string text(const Parameter& parameter) {
  return static_cast<const char*>(value_of_type(parameter, TRITONSERVER_PARAMETER_STRING, "string"));
}

using Reader = std::function<void(const Parameter&)>;

// Ranges that no contract can widen; narrower ones are the engine's to check.
std::map<std::string_view, Reader> readers(engine::GenerationRequest& request,
                                           const engine::Contract& contract) {
  engine::DecodeParameters& decode = request.parameters;
  const auto into = [](int32_t& target, int64_t least, int64_t most) -> Reader {
    return [&target, least, most](const Parameter& p) {
      target = static_cast<int32_t>(integer(p, least, most));
    };
  };
  return {
      {"max_tokens", into(decode.max_tokens, 1, contract.context_length)},
      {"mode", [&](const Parameter& p) { decode.mode = engine::parse_mode(text(p)); }},
      {"policy", [&](const Parameter& p) { decode.policy = engine::parse_policy(text(p)); }},
      {"threshold", [&](const Parameter& p) { decode.threshold = number(p); }},
      {"steps", into(decode.steps, 1, contract.max_block_size)},
      {"edit_threshold", [&](const Parameter& p) { decode.edit_threshold = number(p); }},
      {"edit_rounds", into(decode.edit_rounds, 0, engine::kMostEditRounds)},
      {"block_size", into(decode.block_size, 1, contract.max_block_size)},
      {"draft_length", into(decode.draft_length, 1, contract.max_block_size)},
      {"temperature", [&](const Parameter& p) { decode.temperature = number(p); }},
      {"top_p", [&](const Parameter& p) { decode.top_p = number(p); }},
      {"seed", [&](const Parameter& p) { decode.seed = integer(p, 0, kInt64Max); }},
      {"max_positions", [&](const Parameter& p) { decode.max_positions = integer(p, 1, kInt64Max); }},
      {"drafts", [&](const Parameter& p) { request.drafts = boolean(p); }},
      {"tenant", [&](const Parameter& p) { request.tenant = text(p); }},
      {"weight", into(request.weight, 1, 1000)},
      {"sched_priority", into(request.priority, 0, 9)},
      {"report_interval_ms",
       [&](const Parameter& p) {
         request.report_interval = std::chrono::milliseconds(integer(p, 10, 1000));
       }},
  };
}

std::string expected_names(const std::map<std::string_view, Reader>& known) {
  std::string names;
  for (const auto& [name, reader] : known) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

void read_parameters(TRITONBACKEND_Request* source, const engine::Contract& contract,
                     engine::GenerationRequest& request) {
  const auto known = readers(request, contract);
  uint32_t count = 0;
  check(TRITONBACKEND_RequestParameterCount(source, &count));
  bool has_max_tokens = false;
  for (uint32_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    Parameter parameter{};
    check(TRITONBACKEND_RequestParameter(source, i, &name, &parameter.type, &parameter.value));
    parameter.name = name;
    const auto reader = known.find(parameter.name);
    REQUEST_CHECK(reader != known.end(), "parameter is unknown: ", parameter.name, " (expected: one of ",
                  expected_names(known), ")");
    reader->second(parameter);
    has_max_tokens |= parameter.name == "max_tokens";
    request.any_draft_length &= parameter.name != "draft_length";
  }
  REQUEST_CHECK(has_max_tokens, "max_tokens is missing (expected: 1..", contract.context_length, ")");
}

std::vector<int32_t> read_prompt(TRITONBACKEND_Request* source, const engine::Contract& contract) {
  TRITONBACKEND_Input* input = nullptr;
  check(TRITONBACKEND_RequestInput(source, "token_ids", &input));
  TRITONSERVER_DataType type = TRITONSERVER_TYPE_INVALID;
  const int64_t* shape = nullptr;
  uint32_t dims_count = 0;
  uint64_t byte_size = 0;
  uint32_t buffer_count = 0;
  check(TRITONBACKEND_InputProperties(input, nullptr, &type, &shape, &dims_count, &byte_size, &buffer_count));
  REQUEST_CHECK(type == TRITONSERVER_TYPE_INT32,
                "token_ids has the wrong type: ", TRITONSERVER_DataTypeString(type), " (expected: INT32)");
  REQUEST_CHECK(dims_count == 1, "token_ids has the wrong rank: ", dims_count, " (expected: 1)");
  // Before the ids are copied: a prompt of any size costs nothing.
  REQUEST_CHECK(shape[0] >= 1 && shape[0] <= contract.context_length,
                "token_ids has the wrong length: ", shape[0], " (expected: 1..", contract.context_length,
                ")");
  std::vector<int32_t> prompt(static_cast<size_t>(shape[0]));
  const uint64_t expected_bytes = prompt.size() * sizeof(int32_t);
  REQUEST_CHECK(byte_size == expected_bytes, "token_ids has the wrong size in bytes: ", byte_size,
                " (expected: ", expected_bytes, ")");
  uint64_t copied = 0;
  for (uint32_t i = 0; i < buffer_count; ++i) {
    const void* buffer = nullptr;
    uint64_t bytes = 0;
    TRITONSERVER_MemoryType memory_type = TRITONSERVER_MEMORY_CPU;
    int64_t memory_type_id = 0;
    check(TRITONBACKEND_InputBuffer(input, i, &buffer, &bytes, &memory_type, &memory_type_id));
    REQUEST_CHECK(memory_type != TRITONSERVER_MEMORY_GPU, "token_ids lies in GPU memory (expected: CPU)");
    ENGINE_CHECK(copied + bytes <= expected_bytes,
                 "token_ids has larger buffers than its size says: ", copied + bytes);
    if (bytes > 0) std::memcpy(reinterpret_cast<std::byte*>(prompt.data()) + copied, buffer, bytes);
    copied += bytes;
  }
  REQUEST_CHECK(copied == expected_bytes, "token_ids has the wrong size in bytes: ", copied,
                " (expected: ", expected_bytes, ")");
  return prompt;
}

}  // namespace

engine::GenerationRequest parse_request(TRITONBACKEND_Request* request, const engine::Contract& contract) {
  engine::GenerationRequest generation;
  generation.parameters = contract.default_policy;
  generation.parameters.block_size = contract.block_size;
  generation.any_draft_length = true;
  read_parameters(request, contract, generation);
  generation.prompt = read_prompt(request, contract);
  return generation;
}

}  // namespace seedbed::backend
