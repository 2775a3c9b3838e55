#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "seedbed/backend/triton_abi.h"
#include "seedbed/engine/decoder.h"

namespace seedbed::backend {

struct ResponseFactoryDelete {
  void operator()(TRITONBACKEND_ResponseFactory* factory) const noexcept;
};
using ResponseFactory = std::unique_ptr<TRITONBACKEND_ResponseFactory, ResponseFactoryDelete>;

enum class TokenState : uint8_t { kDraft = 0, kCommitted = 1 };

// The five output tensors of docs/triton-protocol.md. Refers to the caller's data.
struct Message {
  int32_t start = 0;
  std::span<const int32_t> token_ids;
  std::span<const float> confidence;  // as many as token_ids
  TokenState state = TokenState::kCommitted;
  engine::Work work;
};

// A request taken over from Triton: owns it and its response factory until it is given back. It is answered
// once, by refuse() or finish(), and given back once, by give_back() or the destructor, with Triton's final
// flag. One that was never answered is refused then. One thread at a time.
class OwnedRequest {
 public:
  // Prepares everything that can fail; the request is still Triton's. Throws TritonError.
  OwnedRequest(TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request* request);
  void take_over() noexcept { owned_ = true; }
  ~OwnedRequest() { give_back(); }
  OwnedRequest(const OwnedRequest&) = delete;
  OwnedRequest& operator=(const OwnedRequest&) = delete;

  // Remembers which outputs the client asked for; without it all are sent. Throws TritonError.
  void select_outputs();

  TRITONBACKEND_Request* get() const { return request_; }
  bool is_cancelled() noexcept;
  void send(const Message& message);                // throws TritonError
  void refuse(TRITONSERVER_Error* error) noexcept;  // takes the error over
  void finish(engine::FinishReason reason, const std::string& detail, const Message& message) noexcept;
  void give_back() noexcept;  // a second call does nothing

 private:
  struct ResponseDelete {
    void operator()(TRITONBACKEND_Response* response) const noexcept;
  };
  using Response = std::unique_ptr<TRITONBACKEND_Response, ResponseDelete>;

  Response make_response(const Message& message);
  void report(bool success) noexcept;

  TRITONBACKEND_ModelInstance* instance_;
  TRITONBACKEND_Request* request_;
  ResponseFactory factory_;
  uint64_t taken_over_ns_;  // steady clock
  std::array<bool, 5> wanted_;
  bool owned_ = false;
  bool answered_ = false;
};

}  // namespace seedbed::backend
