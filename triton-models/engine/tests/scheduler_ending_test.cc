#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <thread>

#include "scheduler_fixture.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

TEST(SchedulerCancellation, FreesTheSpanWithinTwoRounds) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const auto other = submit(scheduler, model, contract, {.max_tokens = 2000, .seed = 1});
  const auto told = std::make_shared<Told>();
  std::atomic<int64_t> cancelled_at = -1;
  SchedulerStats at_end;
  told->on_committed = [&] {
    if (told->token_ids.size() < 7) return;
    told->cancel = true;
    cancelled_at = scheduler.stats(model).rounds;
  };
  told->on_finished = [&] { at_end = scheduler.stats(model); };
  scheduler.submit(model, request(contract, {.max_tokens = 2000, .seed = 2}, told));
  told->wait();
  EXPECT_EQ(told->finish, FinishReason::kCancelled);
  EXPECT_EQ(told->token_ids.size(), 7U);
  EXPECT_LE(at_end.rounds - cancelled_at, 2);
  EXPECT_EQ(at_end.kv_positions_used, 2010) << "only the other request's";
  other->cancel = true;
  scheduler.remove(model);
  EXPECT_EQ(scheduler.stats(model).kv_positions_used, 0);
}

TEST(SchedulerCancellation, EndsARequestThatStillWaitsForKv) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract, 2100));
  const auto running = submit(scheduler, model, contract, {.max_tokens = 2000, .seed = 1});
  const auto told = std::make_shared<Told>();
  told->cancel = false;
  scheduler.submit(model, request(contract, {.max_tokens = 1000, .seed = 2}, told));
  told->cancel = true;
  told->wait();
  EXPECT_EQ(told->finish, FinishReason::kCancelled);
  EXPECT_EQ(told->work.forward_passes, 0);
  running->cancel = true;
  scheduler.remove(model);
}

TEST(SchedulerRefusal, NamesARequestThatNeverFitsTheArena) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract, 100));
  const auto told = std::make_shared<Told>();
  try {
    scheduler.submit(model, request(contract, {.prompt_length = 90, .max_tokens = 20}, told));
    FAIL() << "accepted";
  } catch (const RequestError& error) {
    EXPECT_STREQ(error.what(), "KV positions of the request out of range: 110 (expected: 1..100)");
  }
  EXPECT_EQ(told.use_count(), 1) << "the sink is gone";
  EXPECT_EQ(scheduler.stats(model).inflight, 0);
  submit(scheduler, model, contract, {.prompt_length = 80, .max_tokens = 20})->wait();
}

TEST(SchedulerRefusal, LeavesNothingBehindAfterABadRequest) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(64, 1));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const auto told = std::make_shared<Told>();
  const auto refuse = [&](auto change) {
    GenerationRequest bad = request(contract, {}, told);
    change(bad);
    EXPECT_THROW(scheduler.submit(model, std::move(bad)), RequestError);
  };
  refuse([](GenerationRequest& bad) { bad.prompt.clear(); });
  refuse([](GenerationRequest& bad) { bad.prompt[0] = 40; });
  refuse([](GenerationRequest& bad) { bad.parameters.max_tokens = 0; });
  refuse([](GenerationRequest& bad) { bad.parameters.temperature = NAN; });
  refuse([](GenerationRequest& bad) { bad.weight = 0; });
  refuse([](GenerationRequest& bad) { bad.priority = 10; });
  refuse([](GenerationRequest& bad) { bad.report_interval = std::chrono::milliseconds(9); });
  EXPECT_EQ(scheduler.stats(model).inflight, 0);
  submit(scheduler, model, contract, {})->wait();
}

TEST(SchedulerRefusal, SaysWhenTooManyRequestsAreInFlight) {
  const Contract contract = endless_contract();
  auto hash_model = std::make_unique<HashModel>(contract);
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(64, 2));
  const auto model = scheduler.add(std::move(hash_model));
  const auto first = submit(scheduler, model, contract, {.seed = 1});
  const auto second = submit(scheduler, model, contract, {.seed = 2});
  EXPECT_THROW(submit(scheduler, model, contract, {.seed = 3}), Scheduler::Overloaded);
  gate.open();
  first->wait();
  second->wait();
}

TEST(SchedulerFailure, OfAForwardPassEndsOnlyTheRequestsOfItsRound) {
  const Contract contract = endless_contract();
  auto hash_model = std::make_unique<HashModel>(contract);
  std::atomic<bool> broken = true;
  hash_model->before_round = [&](std::span<const Slice>) {
    if (broken.exchange(false)) throw std::runtime_error("device lost");
  };
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::move(hash_model));
  const auto healthy = scheduler.add(std::make_unique<HashModel>(contract));
  const auto failing = submit(scheduler, model, contract, {.seed = 1});
  const Ask ask{.seed = 2};
  const auto elsewhere = submit(scheduler, healthy, contract, ask);
  gate.open();
  failing->wait();
  EXPECT_EQ(failing->finish, FinishReason::kError);
  EXPECT_EQ(failing->finish_detail, "device lost");
  elsewhere->wait();
  expect_as_alone(*elsewhere, contract, ask);
  const auto later = submit(scheduler, model, contract, ask);
  later->wait();
  expect_as_alone(*later, contract, ask);
  scheduler.remove(model);
  EXPECT_EQ(scheduler.stats(model).kv_positions_used, 0);
}

TEST(SchedulerFailure, OfOneSequencesLogitsLeavesItsNeighboursAlone) {
  const Contract contract = endless_contract();
  auto hash_model = std::make_unique<HashModel>(contract);
  std::atomic<int> largest_round = 0;
  // The sequence with a prompt of 23 gets a NaN in the round after its fifth token.
  hash_model->after_round = [&](std::span<const Slice> round, std::span<float> logits) {
    largest_round = std::max<int>(largest_round, static_cast<int>(round.size()));
    size_t row = 0;
    for (const Slice& slice : round) {
      if (slice.kv->capacity() == 23 + 20 && slice.kv->length() == 28) logits[row * 40 + 3] = NAN;
      row += static_cast<size_t>(slice.logits_rows());
    }
  };
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::move(hash_model));
  std::vector<std::shared_ptr<Told>> neighbours;
  for (int64_t seed = 0; seed < 6; ++seed)
    neighbours.push_back(submit(scheduler, model, contract, {.seed = seed}));
  const auto spoiled = submit(scheduler, model, contract, {.prompt_length = 23, .seed = 9});
  gate.open();
  spoiled->wait();
  EXPECT_EQ(spoiled->finish, FinishReason::kError);
  EXPECT_EQ(spoiled->finish_detail, "logits row has a NaN");
  EXPECT_EQ(spoiled->token_ids.size(), 6U);
  EXPECT_EQ(spoiled->violation, "");
  for (int64_t seed = 0; seed < 6; ++seed) {
    neighbours[static_cast<size_t>(seed)]->wait();
    expect_as_alone(*neighbours[static_cast<size_t>(seed)], contract, {.seed = seed});
  }
  EXPECT_GT(largest_round, 2);
}

TEST(SchedulerWorkLimit, IsNeverExceededUnderLoad) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(48));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  std::vector<std::shared_ptr<Told>> told;
  for (int64_t seed = 0; seed < 30; ++seed) {
    told.push_back(std::make_shared<Told>());
    GenerationRequest limited = request(contract,
                                        {.mode = contract.modes[static_cast<size_t>(seed % 3)],
                                         .prompt_length = 30,
                                         .max_tokens = 100,
                                         .seed = seed},
                                        told.back());
    limited.parameters.max_positions = 1 + seed * 10;
    scheduler.submit(model, std::move(limited));
  }
  int limited = 0;
  for (int64_t seed = 0; seed < 30; ++seed) {
    const Told& each = *told[static_cast<size_t>(seed)];
    told[static_cast<size_t>(seed)]->wait();
    EXPECT_LE(each.work.positions_evaluated, 1 + seed * 10);
    limited += each.finish == FinishReason::kLength && each.finish_detail == "work_limit";
  }
  EXPECT_GT(limited, 20);
}

TEST(SchedulerRemoval, WaitsForRunningRequestsAndRefusesNewOnesWhileOthersGoOn) {
  const Contract contract = endless_contract();
  auto hash_model = std::make_unique<HashModel>(contract);
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::move(hash_model));
  const auto other = scheduler.add(std::make_unique<HashModel>(contract));
  const Ask ask{.max_tokens = 50, .seed = 1};
  const auto running = submit(scheduler, model, contract, ask);
  std::thread remover([&] { scheduler.remove(model); });
  // Until the removal has begun, further requests are accepted and finish too.
  for (bool refused = false; !refused;) {
    try {
      submit(scheduler, model, contract, {.max_tokens = 1});
      std::this_thread::yield();
    } catch (const Scheduler::Overloaded& overloaded) {
      refused = std::string(overloaded.what()) == "model is unloading";
    }
  }
  gate.open();
  remover.join();
  EXPECT_EQ(scheduler.stats(model).inflight, 0);
  running->wait();
  expect_as_alone(*running, contract, ask);
  EXPECT_THROW(submit(scheduler, model, contract, {}), Scheduler::Overloaded);
  submit(scheduler, other, contract, {})->wait();
}

TEST(SchedulerRemoval, OfTheSchedulerEndsEveryRequest) {
  const Contract contract = endless_contract();
  std::vector<std::shared_ptr<Told>> told;
  {
    Scheduler scheduler(rounds_of(64));
    const auto model = scheduler.add(std::make_unique<HashModel>(contract, 4000));
    for (int64_t seed = 0; seed < 5; ++seed)
      told.push_back(submit(scheduler, model, contract, {.max_tokens = 3500, .seed = seed}));
  }
  for (const auto& each : told) {
    each->wait();
    EXPECT_EQ(each->finish, FinishReason::kCancelled);
    EXPECT_EQ(each->finish_detail, "shutting down");
  }
}

}  // namespace
}  // namespace seedbed::engine
