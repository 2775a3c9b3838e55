#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "scheduler_fixture.h"

namespace seedbed::engine {
namespace {

int64_t positions(const std::vector<std::shared_ptr<Told>>& requests) {
  int64_t sum = 0;
  for (const auto& told : requests) sum += told->positions_evaluated;
  return sum;
}

class Fairness : public testing::Test {
 protected:
  // A model whose rounds begin when the gate opens, so that the order of submission does not matter.
  void start(int32_t max_round_rows, int32_t arena_positions = 8192) {
    auto hash_model = std::make_unique<HashModel>(contract, arena_positions);
    gate.hold(*hash_model);
    scheduler = std::make_unique<Scheduler>(rounds_of(max_round_rows));
    model = scheduler->add(std::move(hash_model));
  }
  std::shared_ptr<Told> ask(const Ask& ask) { return submit(*scheduler, model, contract, ask); }

  const Contract contract = endless_contract();
  Gate gate;
  std::unique_ptr<Scheduler> scheduler;
  Scheduler::ModelHandle model;
};

// While both tenants have more requests than a round holds, one with three times the weight gets three times
// the positions.
class WeightedShares : public testing::TestWithParam<Mode> {};

TEST_P(WeightedShares, OfPositionsFollowTheWeights) {
  const Contract contract = endless_contract();
  const Ask heavy{.mode = GetParam(), .prompt_length = 4, .max_tokens = 64, .tenant = "heavy", .weight = 3};
  const Ask light{.mode = GetParam(), .prompt_length = 4, .max_tokens = 56, .tenant = "light", .weight = 1};
  const GenerationRequest longer = request(contract, heavy, nullptr);
  const int32_t heavy_span = Decoder::create(contract, longer.prompt, longer.parameters)->span_positions();
  auto hash_model = std::make_unique<HashModel>(contract, 8192);
  int64_t heavy_rows = 0;
  int64_t light_rows = 0;
  hash_model->before_round = [&](std::span<const Slice> round) {
    for (const Slice& slice : round)
      (slice.kv->capacity() == heavy_span ? heavy_rows : light_rows) += slice.rows();
  };
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(24));
  const auto model = scheduler.add(std::move(hash_model));
  std::vector<std::shared_ptr<Told>> told;
  for (int64_t i = 0; i < 60; ++i) {
    Ask ask = i % 2 == 0 ? heavy : light;
    ask.seed = i;
    told.push_back(submit(scheduler, model, contract, ask));
  }
  double ratio = 0;
  // All others still run when the first of the heavy tenant ends, since rounds go over its requests in turn.
  told.front()->on_finished = [&] {
    ratio = static_cast<double>(heavy_rows) / static_cast<double>(light_rows);
    for (const auto& each : told) each->cancel = true;
  };
  gate.open();
  scheduler.remove(model);
  EXPECT_GT(light_rows, 300);
  EXPECT_GT(ratio, 2.7);
  EXPECT_LT(ratio, 3.3);
}

INSTANTIATE_TEST_SUITE_P(AllModes, WeightedShares,
                         testing::Values(Mode::kAutoregressive, Mode::kExact, Mode::kDiffusion),
                         [](const auto& mode) { return to_string(mode.param); });

TEST_F(Fairness, LetsATenantWithOneRequestTakePartInEveryRoundBesideOneWithMany) {
  start(8);
  std::vector<std::shared_ptr<Told>> many;
  for (int64_t i = 0; i < 40; ++i)
    many.push_back(ask({.prompt_length = 4, .max_tokens = 60, .seed = i, .tenant = "many"}));
  const auto one = ask({.prompt_length = 4, .max_tokens = 40, .seed = 99, .tenant = "one"});
  int64_t rounds = 0;
  one->on_finished = [&] { rounds = scheduler->stats(model).rounds; };
  gate.open();
  one->wait();
  for (const auto& told : many) told->cancel = true;
  scheduler->remove(model);
  EXPECT_LE(rounds, 60) << "its 40 tokens take at least 40 rounds";
}

TEST_F(Fairness, CountsTheRowsOfAPromptAgainstItsTenant) {
  start(32);
  std::vector<std::shared_ptr<Told>> prompts;
  std::vector<std::shared_ptr<Told>> tokens;
  for (int64_t i = 0; i < 10; ++i) {
    prompts.push_back(ask({.prompt_length = 600, .max_tokens = 1, .seed = i, .tenant = "prompts"}));
    for (int64_t j = 0; j < 5; ++j) {
      tokens.push_back(
          ask({.prompt_length = 4, .max_tokens = 40, .seed = 100 + 5 * i + j, .tenant = "tokens"}));
    }
  }
  // Positions of a prompt are told only when it ends.
  int64_t share_of_tokens = 0;
  prompts.front()->on_finished = [&] { share_of_tokens = positions(tokens); };
  gate.open();
  prompts.front()->wait();
  scheduler->remove(model);
  EXPECT_GT(share_of_tokens, 400) << "a prompt of 600 rows is paid for";
}

TEST_F(Fairness, ServesTheLargerPriorityOfATenantFirst) {
  start(1);
  const auto low = ask({.prompt_length = 4, .max_tokens = 30, .seed = 1, .priority = 0});
  const auto high = ask({.prompt_length = 4, .max_tokens = 30, .seed = 2, .priority = 9});
  int64_t low_when_high_ended = -1;
  high->on_finished = [&] { low_when_high_ended = low->positions_evaluated; };
  gate.open();
  high->wait();
  low->wait();
  EXPECT_GE(low_when_high_ended, 0);
  EXPECT_LE(low_when_high_ended, 5) << "at most what ran before the other was submitted";
}

TEST_F(Fairness, RunsTheModelsOfAProcessInTurn) {
  start(16);
  auto other_hash_model = std::make_unique<HashModel>(contract);
  const auto other = scheduler->add(std::move(other_hash_model));
  std::vector<std::shared_ptr<Told>> here;
  std::vector<std::shared_ptr<Told>> there;
  for (int64_t i = 0; i < 32; ++i) {
    here.push_back(ask({.prompt_length = 4, .max_tokens = 60, .seed = i, .tenant = "a"}));
    there.push_back(submit(*scheduler, other, contract,
                           {.prompt_length = 4, .max_tokens = 60, .seed = i, .tenant = "b"}));
  }
  int64_t share_of_here = 0;
  int64_t share_of_there = 0;
  here.front()->on_finished = [&] {
    share_of_here = positions(here);
    share_of_there = positions(there);
  };
  gate.open();
  here.front()->wait();
  scheduler->remove(other);
  scheduler->remove(model);
  ASSERT_GT(share_of_there, 200);
  EXPECT_NEAR(static_cast<double>(share_of_here) / static_cast<double>(share_of_there), 1.0, 0.2);
}

TEST_F(Fairness, AdmitsALargeRequestBesideAnEndlessStreamOfSmallOnes) {
  start(64, 200);
  int small_ones = 0;
  std::shared_ptr<Told> large;
  std::mutex mutex;  // of the list
  std::vector<std::shared_ptr<Told>> small;
  // Each small request submits its successor when it ends, so two of them always hold or want KV.
  std::function<void(int64_t)> submit_small = [&](int64_t seed) {
    auto told = std::make_shared<Told>();
    told->on_finished = [&, seed] {
      if (large->finish == FinishReason::kNone && ++small_ones < 2000) submit_small(seed + 2);
    };
    {
      const std::lock_guard lock(mutex);
      small.push_back(told);
    }
    scheduler->submit(
        model,
        request(contract,
                {.prompt_length = 10, .max_tokens = 5 + static_cast<int32_t>(seed % 7), .seed = seed}, told));
  };
  large = std::make_shared<Told>();
  submit_small(0);
  submit_small(1);
  scheduler->submit(model, request(contract, {.prompt_length = 150, .max_tokens = 45, .seed = 3}, large));
  gate.open();
  large->wait();
  scheduler->remove(model);
  EXPECT_EQ(large->finish_detail, "max_tokens");
  EXPECT_GT(small_ones, 2);
  EXPECT_LT(small_ones, 60);
}

}  // namespace
}  // namespace seedbed::engine
