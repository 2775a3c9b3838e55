#include "triton_error.h"

#include "seedbed/engine/check.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::backend {

namespace {

void write_log(TRITONSERVER_LogLevel level, const std::string& message) noexcept {
  // A log that cannot be written has no second place to complain to.
  if (TRITONSERVER_Error* error = TRITONSERVER_LogMessage(level, "block_diffusion", 0, message.c_str()))
    TRITONSERVER_ErrorDelete(error);
}

}  // namespace

void check(TRITONSERVER_Error* error) {
  if (error == nullptr) return;
  TritonError exception(TRITONSERVER_ErrorCode(error), TRITONSERVER_ErrorMessage(error));
  TRITONSERVER_ErrorDelete(error);
  throw exception;
}

void log_error(const std::string& message) noexcept { write_log(TRITONSERVER_LOG_ERROR, message); }
void log_info(const std::string& message) noexcept { write_log(TRITONSERVER_LOG_INFO, message); }

void log_if_error(TRITONSERVER_Error* error, const char* attempted) noexcept {
  if (error == nullptr) return;
  try {
    log_error(std::string("could not ") + attempted + ": " + TRITONSERVER_ErrorMessage(error));
  } catch (...) {
    log_error(attempted);
  }
  TRITONSERVER_ErrorDelete(error);
}

TRITONSERVER_Error* current_exception_as_error() noexcept {
  try {
    throw;
  } catch (const TritonError& error) {
    return TRITONSERVER_ErrorNew(error.code(), error.what());
  } catch (const engine::RequestError& error) {
    return TRITONSERVER_ErrorNew(TRITONSERVER_ERROR_INVALID_ARG, error.what());
  } catch (const engine::ModelError& error) {
    return TRITONSERVER_ErrorNew(TRITONSERVER_ERROR_INVALID_ARG, error.what());
  } catch (const engine::Scheduler::Overloaded& error) {
    return TRITONSERVER_ErrorNew(TRITONSERVER_ERROR_UNAVAILABLE, error.what());
  } catch (const std::exception& error) {
    return TRITONSERVER_ErrorNew(TRITONSERVER_ERROR_INTERNAL, error.what());
  } catch (...) {
    return TRITONSERVER_ErrorNew(TRITONSERVER_ERROR_INTERNAL, "unknown exception");
  }
}

TRITONSERVER_Error* with_code_in_text(TRITONSERVER_Error* error) noexcept {
  TRITONSERVER_Error* named = at_rim([=] {
    const std::string text =
        std::string(TRITONSERVER_ErrorCodeString(error)) + ": " + TRITONSERVER_ErrorMessage(error);
    throw TritonError(TRITONSERVER_ErrorCode(error), text);
  });
  TRITONSERVER_ErrorDelete(error);
  return named;
}

}  // namespace seedbed::backend
