#include "response_sink.h"

#include <utility>

#include "triton_error.h"

namespace seedbed::backend {

namespace {

// A message without tokens, at the end of what is committed.
Message work_only(const engine::Work& work) {
  Message message;
  message.start = static_cast<int32_t>(work.committed_tokens);
  message.work = work;
  return message;
}

}  // namespace

ResponseSink::ResponseSink(std::shared_ptr<OwnedRequest> request, InflightLimit::Place place,
                           std::shared_ptr<FinishedRequests> finished, std::shared_ptr<const ServerExit> exit,
                           LingeringRequests& lingering)
    : request_(std::move(request)),
      place_(std::move(place)),
      finished_(std::move(finished)),
      exit_(std::move(exit)),
      lingering_(lingering) {}

bool ResponseSink::cancelled() { return unsendable_ || exit_->is_due() || request_->is_cancelled(); }

void ResponseSink::committed(int32_t start, const engine::Committed& tokens, const engine::Work& work) {
  send({.start = start,
        .token_ids = tokens.token_ids,
        .confidence = tokens.confidence,
        .state = TokenState::kCommitted,
        .work = work});
}

void ResponseSink::draft(const engine::Draft& draft, const engine::Work& work) {
  send({.start = draft.start,
        .token_ids = draft.token_ids,
        .confidence = draft.confidence,
        .state = TokenState::kDraft,
        .work = work});
}

void ResponseSink::progress(const engine::Work& work) { send(work_only(work)); }

void ResponseSink::finished(engine::FinishReason reason, const std::string& detail,
                            const engine::Work& work) {
  // Before the answer: who has read the last response may send the next request at once.
  place_.give_back();
  finished_->count(reason);
  const bool cut_off = reason == engine::FinishReason::kCancelled && exit_->is_due();
  request_->finish(reason, cut_off ? "server_exit" : detail, work_only(work));
  lingering_.keep(std::move(request_));
}

void ResponseSink::send(const Message& message) noexcept {
  if (unsendable_) return;
  log_if_error(at_rim([&] {
                 unsendable_ = true;
                 request_->send(message);
                 unsendable_ = false;
               }),
               "send a response");
}

}  // namespace seedbed::backend
