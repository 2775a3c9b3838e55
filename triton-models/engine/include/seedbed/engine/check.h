#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace seedbed::engine {

// The caller's fault: refused, reported to the caller, nothing left behind.
class RequestError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The model version's fault: the version is refused at load.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Our fault: an invariant of the engine does not hold.
class EngineError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

template <typename Error, typename... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw Error(text.str());
}

}  // namespace seedbed::engine

// Message parts are streamed; give the offending value and what was expected.
#define REQUEST_CHECK(condition, ...) \
  (static_cast<bool>(condition) ? void() : ::seedbed::engine::fail<::seedbed::engine::RequestError>(__VA_ARGS__))
#define MODEL_CHECK(condition, ...) \
  (static_cast<bool>(condition) ? void() : ::seedbed::engine::fail<::seedbed::engine::ModelError>(__VA_ARGS__))
#define ENGINE_CHECK(condition, ...) \
  (static_cast<bool>(condition) ? void() : ::seedbed::engine::fail<::seedbed::engine::EngineError>(__VA_ARGS__))
