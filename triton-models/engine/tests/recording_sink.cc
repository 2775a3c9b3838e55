#include "recording_sink.h"

namespace seedbed::engine {
namespace {

class RecordingSink final : public RequestSink {
 public:
  explicit RecordingSink(std::shared_ptr<Told> told) : told_(std::move(told)) {}

  bool cancelled() override { return told_->cancel; }

  void committed(int32_t start, const Committed& tokens, const Work& work) override {
    note(work);
    if (start != static_cast<int32_t>(told_->token_ids.size()))
      told_->violation = "committed tokens do not follow on";
    if (tokens.token_ids.empty() || tokens.token_ids.size() != tokens.confidence.size())
      told_->violation = "odd committed tokens";
    told_->token_ids.insert(told_->token_ids.end(), tokens.token_ids.begin(), tokens.token_ids.end());
    told_->confidence.insert(told_->confidence.end(), tokens.confidence.begin(), tokens.confidence.end());
    if (told_->on_committed) told_->on_committed();
  }

  void draft(const Draft& draft, const Work& work) override {
    note(work);
    if (draft.start < static_cast<int32_t>(told_->token_ids.size()))
      told_->violation = "draft of committed tokens";
    told_->drafts.push_back(draft);
  }

  void progress(const Work& work) override {
    note(work);
    told_->progress_messages += 1;
  }

  void finished(FinishReason reason, const std::string& detail, const Work& work) override {
    note(work);
    if (reason == FinishReason::kNone) told_->violation = "finished without a reason";
    if (work.committed_tokens != static_cast<int64_t>(told_->token_ids.size()))
      told_->violation = "tokens counted but not sent";
    told_->finish = reason;
    told_->finish_detail = detail;
    if (told_->on_finished) told_->on_finished();
    told_->done.set_value();
  }

 private:
  void note(const Work& work) {
    if (told_->finish != FinishReason::kNone) told_->violation = "called after finished";
    if (work.positions_evaluated < told_->work.positions_evaluated) told_->violation = "work went backwards";
    told_->work = work;
    told_->positions_evaluated = work.positions_evaluated;
  }

  const std::shared_ptr<Told> told_;
};

}  // namespace

std::unique_ptr<RequestSink> recording_sink(const std::shared_ptr<Told>& told) {
  return std::make_unique<RecordingSink>(told);
}

}  // namespace seedbed::engine
