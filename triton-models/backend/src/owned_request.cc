#include "owned_request.h"

#include <chrono>
#include <cstring>
#include <string_view>

#include "triton_error.h"

namespace seedbed::backend {

namespace {

enum Output : size_t { kTokenIds, kStart, kConfidence, kState, kWork };
constexpr std::array<const char*, 5> kOutputNames{"token_ids", "start", "confidence", "state", "work"};

uint64_t steady_now_ns() noexcept {
  return static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

template <typename T>
void add_output(TRITONBACKEND_Response* response, const char* name, TRITONSERVER_DataType type,
                std::span<const T> values) {
  const int64_t shape = static_cast<int64_t>(values.size());
  TRITONBACKEND_Output* output = nullptr;
  check(TRITONBACKEND_ResponseOutput(response, &output, name, type, &shape, 1));
  void* buffer = nullptr;
  TRITONSERVER_MemoryType memory_type = TRITONSERVER_MEMORY_CPU;
  int64_t memory_type_id = 0;
  check(TRITONBACKEND_OutputBuffer(output, &buffer, values.size_bytes(), &memory_type, &memory_type_id));
  if (memory_type == TRITONSERVER_MEMORY_GPU) {
    throw TritonError(TRITONSERVER_ERROR_UNSUPPORTED,
                      std::string("output buffer in GPU memory: ") + name + " (expected: CPU)");
  }
  if (!values.empty()) std::memcpy(buffer, values.data(), values.size_bytes());
}

}  // namespace

void ResponseFactoryDelete::operator()(TRITONBACKEND_ResponseFactory* factory) const noexcept {
  log_if_error(TRITONBACKEND_ResponseFactoryDelete(factory), "delete a response factory");
}

void OwnedRequest::ResponseDelete::operator()(TRITONBACKEND_Response* response) const noexcept {
  log_if_error(TRITONBACKEND_ResponseDelete(response), "delete a response");
}

OwnedRequest::OwnedRequest(TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request* request)
    : instance_(instance), request_(request), taken_over_ns_(steady_now_ns()) {
  TRITONBACKEND_ResponseFactory* factory = nullptr;
  check(TRITONBACKEND_ResponseFactoryNew(&factory, request));
  factory_.reset(factory);
  wanted_.fill(true);
}

void OwnedRequest::select_outputs() {
  uint32_t count = 0;
  check(TRITONBACKEND_RequestOutputCount(request_, &count));
  if (count == 0) return;
  wanted_.fill(false);
  for (uint32_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    check(TRITONBACKEND_RequestOutputName(request_, i, &name));
    for (size_t output = 0; output < kOutputNames.size(); ++output) {
      if (std::string_view(name) == kOutputNames[output]) wanted_[output] = true;
    }
  }
}

bool OwnedRequest::is_cancelled() noexcept {
  bool cancelled = false;
  log_if_error(TRITONBACKEND_ResponseFactoryIsCancelled(factory_.get(), &cancelled),
               "ask whether a request is cancelled");
  return cancelled;
}

OwnedRequest::Response OwnedRequest::make_response(const Message& message) {
  TRITONBACKEND_Response* created = nullptr;
  check(TRITONBACKEND_ResponseNewFromFactory(&created, factory_.get()));
  Response response(created);
  const engine::Work& work = message.work;
  const std::array<int64_t, 6> counters{work.input_tokens,     work.cached_input_tokens,
                                        work.forward_passes,   work.positions_evaluated,
                                        work.committed_tokens, work.edits};
  const uint8_t state = static_cast<uint8_t>(message.state);
  const auto add = [&](Output output, TRITONSERVER_DataType type, auto values) {
    if (wanted_[output]) add_output(created, kOutputNames[output], type, values);
  };
  add(kTokenIds, TRITONSERVER_TYPE_INT32, message.token_ids);
  add(kStart, TRITONSERVER_TYPE_INT32, std::span<const int32_t>(&message.start, 1));
  add(kConfidence, TRITONSERVER_TYPE_FP32, message.confidence);
  add(kState, TRITONSERVER_TYPE_UINT8, std::span<const uint8_t>(&state, 1));
  add(kWork, TRITONSERVER_TYPE_INT64, std::span<const int64_t>(counters));
  return response;
}

void OwnedRequest::send(const Message& message) {
  Response response = make_response(message);
  check(TRITONBACKEND_ResponseSend(response.release(), 0, nullptr));
}

void OwnedRequest::refuse(TRITONSERVER_Error* unnamed) noexcept {
  TRITONSERVER_Error* error = with_code_in_text(unnamed);
  TRITONBACKEND_Response* response = nullptr;
  // Without a response there is still the final flag, so that the client does not wait for ever.
  if (TRITONSERVER_Error* failure = TRITONBACKEND_ResponseNewFromFactory(&response, factory_.get())) {
    log_if_error(failure, "create an error response");
  } else {
    log_if_error(TRITONBACKEND_ResponseSend(response, 0, error), "send an error response");
  }
  TRITONSERVER_ErrorDelete(error);
  report(false);
}

void OwnedRequest::finish(engine::FinishReason reason, const std::string& detail,
                          const Message& message) noexcept {
  Response response;
  try {
    response = make_response(message);
    check(
        TRITONBACKEND_ResponseSetStringParameter(response.get(), "finish_reason", engine::to_string(reason)));
    check(TRITONBACKEND_ResponseSetStringParameter(response.get(), "finish_detail", detail.c_str()));
  } catch (...) {
    refuse(current_exception_as_error());
    return;
  }
  log_if_error(TRITONBACKEND_ResponseSend(response.release(), 0, nullptr), "send the last response");
  report(reason == engine::FinishReason::kStop || reason == engine::FinishReason::kLength);
}

void OwnedRequest::report(bool success) noexcept {
  answered_ = true;
  const uint64_t now_ns = steady_now_ns();
  log_if_error(TRITONBACKEND_ModelInstanceReportStatistics(instance_, request_, success, taken_over_ns_,
                                                           taken_over_ns_, now_ns, now_ns),
               "report a request's statistics");
  log_if_error(TRITONBACKEND_ModelInstanceReportBatchStatistics(instance_, 1, taken_over_ns_, taken_over_ns_,
                                                                now_ns, now_ns),
               "report an execution's statistics");
}

void OwnedRequest::give_back() noexcept {
  if (!owned_) return;
  owned_ = false;
  if (!answered_) refuse(TRITONSERVER_ErrorNew(TRITONSERVER_ERROR_INTERNAL, "request dropped by the engine"));
  log_if_error(TRITONBACKEND_ResponseFactorySendFlags(factory_.get(), TRITONSERVER_RESPONSE_COMPLETE_FINAL),
               "end a request");
  log_if_error(TRITONBACKEND_RequestRelease(request_, TRITONSERVER_REQUEST_RELEASE_ALL), "release a request");
  factory_.reset();
}

}  // namespace seedbed::backend
