#include "server_exit.h"

namespace seedbed::backend {

namespace {

// A server that exits answers no question any more, not even this one.
bool is_exiting(TRITONSERVER_Server* server) noexcept {
  bool live = false;
  TRITONSERVER_Error* error = TRITONSERVER_ServerIsLive(server, &live);
  if (error == nullptr) return false;
  const bool exiting = TRITONSERVER_ErrorCode(error) == TRITONSERVER_ERROR_UNAVAILABLE;
  TRITONSERVER_ErrorDelete(error);
  return exiting;
}

}  // namespace

void ServerExit::watch() noexcept {
  if (!noticed_ && is_exiting(server_)) noticed_ = Clock::now();
  if (noticed_ && Clock::now() - *noticed_ >= drain_) due_.store(true, std::memory_order_relaxed);
}

}  // namespace seedbed::backend
