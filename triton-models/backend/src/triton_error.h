#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "seedbed/backend/triton_abi.h"

namespace seedbed::backend {

// An error that Triton returned, or that is to be returned to Triton with this code.
class TritonError : public std::runtime_error {
 public:
  TritonError(TRITONSERVER_Error_Code code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  TRITONSERVER_Error_Code code() const { return code_; }

 private:
  TRITONSERVER_Error_Code code_;
};

// Takes the error over; throws it as TritonError unless it is null.
void check(TRITONSERVER_Error* error);

// For paths that have nobody left to tell: takes the error over and writes it to the server's log unless it
// is null.
void log_if_error(TRITONSERVER_Error* error, const char* attempted) noexcept;
void log_error(const std::string& message) noexcept;
void log_info(const std::string& message) noexcept;

// The exception being handled, as an error that the caller owns: bad requests and refused versions are
// INVALID_ARG, a full or leaving engine is UNAVAILABLE, everything unforeseen is INTERNAL.
TRITONSERVER_Error* current_exception_as_error() noexcept;

// The error with its code's name before its text, in Triton's words ("Invalid argument: ..."): a stream's
// error carries no code of its own to the client. Takes the error over.
TRITONSERVER_Error* with_code_in_text(TRITONSERVER_Error* error) noexcept;

// Runs a hook's body: no exception crosses the C interface.
template <typename Body>
TRITONSERVER_Error* at_rim(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return nullptr;
  } catch (...) {
    return current_exception_as_error();
  }
}

}  // namespace seedbed::backend
