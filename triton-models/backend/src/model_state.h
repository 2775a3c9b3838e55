#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "backend_state.h"
#include "finished_requests.h"
#include "inflight_limit.h"
#include "owned_request.h"
#include "seedbed/backend/triton_abi.h"
#include "seedbed/engine/contract.h"
#include "seedbed/engine/scheduler.h"
#include "server_exit.h"

namespace seedbed::backend {

// A loaded version: its weights are with the scheduler, this holds the handle. From
// TRITONBACKEND_ModelInitialize to TRITONBACKEND_ModelFinalize, which Triton calls after the last request was
// released.
class ModelState {
 public:
  // Loads and verifies the version; throws ModelError or TritonError with the reason and leaves nothing
  // behind.
  static void attach(TRITONBACKEND_Model* model);
  static void detach(TRITONBACKEND_Model* model);
  static ModelState& of(TRITONBACKEND_ModelInstance* instance);

  explicit ModelState(TRITONBACKEND_Model* model);
  ~ModelState();
  ModelState(const ModelState&) = delete;
  ModelState& operator=(const ModelState&) = delete;

  // Takes all requests over, or, when it throws, none. Returns at once; every answer comes from the
  // scheduler's thread, refusals from this one.
  void execute(TRITONBACKEND_ModelInstance* instance, std::span<TRITONBACKEND_Request*> requests);

 private:
  void log_choices() const;
  void start_ticking() noexcept;
  void submit(std::shared_ptr<OwnedRequest> request);

  BackendState& backend_;
  std::string name_;
  uint64_t version_ = 0;
  engine::Contract contract_;
  engine::Scheduler::ModelHandle handle_;
  std::shared_ptr<InflightLimit> inflight_;
  std::shared_ptr<FinishedRequests> finished_ = std::make_shared<FinishedRequests>();
  std::shared_ptr<ServerExit> exit_;
  std::unique_ptr<VersionMetrics> metrics_;  // null in a server without them
  Ticker::Registration tick_;
};

}  // namespace seedbed::backend
