#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hash_model.h"
#include "recording_sink.h"
#include "seedbed/engine/generation.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::engine {

// Keeps the first round of its models from starting before everything was submitted.
class Gate {
 public:
  void open() { opened_.set_value(); }
  void hold(HashModel& model) {
    model.before_round = [passed = passed_, next = model.before_round](std::span<const Slice> round) {
      passed.wait();
      if (next) next(round);
    };
  }

 private:
  std::promise<void> opened_;
  const std::shared_future<void> passed_ = opened_.get_future().share();
};

// Rows cost nothing, so that rounds are as full as they can be; and nothing is measured, so that the first
// pass of a model is its first round.
inline SchedulerOptions rounds_of(int32_t max_round_rows, int32_t max_inflight = 256) {
  return {.max_inflight = max_inflight,
          .max_round_rows = max_round_rows,
          .cost_curve = {{.rows = 1, .seconds = 0}}};
}

struct Ask {
  Mode mode = Mode::kAutoregressive;
  int32_t prompt_length = 10;
  int32_t max_tokens = 20;
  int64_t seed = 0;
  std::string tenant = "";
  int32_t weight = 1;
  int32_t priority = 0;
};

inline GenerationRequest request(const Contract& contract, const Ask& ask,
                                 const std::shared_ptr<Told>& told) {
  GenerationRequest request;
  request.prompt = test_prompt(ask.prompt_length, static_cast<uint64_t>(ask.seed));
  request.parameters = contract.default_policy;
  request.parameters.mode = ask.mode;
  request.parameters.temperature = ask.seed % 2 == 0 ? 0 : 0.8;
  request.parameters.threshold = 0.5;
  request.parameters.edit_threshold = ask.seed % 3 == 0 ? 0.3 : 1;
  request.parameters.edit_rounds = static_cast<int32_t>(ask.seed % 4);
  request.parameters.seed = ask.seed;
  request.parameters.max_tokens = ask.max_tokens;
  request.tenant = ask.tenant;
  request.weight = ask.weight;
  request.priority = ask.priority;
  request.sink = recording_sink(told);
  return request;
}

inline std::shared_ptr<Told> submit(Scheduler& scheduler, const Scheduler::ModelHandle& model,
                                    const Contract& contract, const Ask& ask) {
  auto told = std::make_shared<Told>();
  scheduler.submit(model, request(contract, ask, told));
  return told;
}

// The same request alone.
inline Generation alone(const Contract& contract, const Ask& ask) {
  HashModel model(contract);
  const GenerationRequest same = request(contract, ask, nullptr);
  return generate(model, same.prompt, same.parameters);
}

inline void expect_as_alone(const Told& told, const Contract& contract, const Ask& ask) {
  const Generation expected = alone(contract, ask);
  EXPECT_EQ(told.token_ids, expected.token_ids) << "seed " << ask.seed;
  EXPECT_EQ(told.confidence, expected.confidence) << "seed " << ask.seed;
  EXPECT_EQ(told.finish, expected.finish) << told.finish_detail;
  EXPECT_EQ(told.finish_detail, expected.finish_detail);
  EXPECT_EQ(told.work.positions_evaluated, expected.work.positions_evaluated);
  EXPECT_EQ(told.violation, "");
}

}  // namespace seedbed::engine
