#pragma once

#include <memory>

#include "finished_requests.h"
#include "inflight_limit.h"
#include "lingering_requests.h"
#include "owned_request.h"
#include "seedbed/engine/scheduler.h"
#include "server_exit.h"

namespace seedbed::backend {

// Turns what the engine tells about a request into decoupled responses. A response that cannot be sent ends
// the request like a cancellation: nobody is left to read it.
class ResponseSink final : public engine::RequestSink {
 public:
  // `lingering` outlives the sink.
  ResponseSink(std::shared_ptr<OwnedRequest> request, InflightLimit::Place place,
               std::shared_ptr<FinishedRequests> finished, std::shared_ptr<const ServerExit> exit,
               LingeringRequests& lingering);

  bool cancelled() override;
  void committed(int32_t start, const engine::Committed& tokens, const engine::Work& work) override;
  void draft(const engine::Draft& draft, const engine::Work& work) override;
  void progress(const engine::Work& work) override;
  void finished(engine::FinishReason reason, const std::string& detail, const engine::Work& work) override;

 private:
  void send(const Message& message) noexcept;

  std::shared_ptr<OwnedRequest> request_;
  InflightLimit::Place place_;
  std::shared_ptr<FinishedRequests> finished_;
  std::shared_ptr<const ServerExit> exit_;
  LingeringRequests& lingering_;
  bool unsendable_ = false;
};

}  // namespace seedbed::backend
