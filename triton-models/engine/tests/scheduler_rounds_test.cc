#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "scheduler_fixture.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

std::vector<Ask> asks_of_all_modes(const Contract& contract, int count) {
  std::vector<Ask> asks;
  for (int i = 0; i < count; ++i) {
    asks.push_back({.mode = contract.modes[static_cast<size_t>(i) % contract.modes.size()],
                    .prompt_length = 1 + i * 29 % 130,
                    .max_tokens = 5 + i % 37,
                    .seed = i,
                    .tenant = std::string(1, static_cast<char>('a' + i % 5)),
                    .weight = 1 + i % 3});
  }
  return asks;
}

class SchedulerRounds : public testing::TestWithParam<Attention> {};

TEST_P(SchedulerRounds, GiveConcurrentRequestsTheTokensThatTheyGetAlone) {
  const Contract contract = test_contract(GetParam());
  auto hash_model = std::make_unique<HashModel>(contract, 8192);
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(96));
  const auto model = scheduler.add(std::move(hash_model));
  const std::vector<Ask> asks = asks_of_all_modes(contract, 64);
  std::vector<std::shared_ptr<Told>> told;
  for (const Ask& ask : asks) told.push_back(submit(scheduler, model, contract, ask));
  gate.open();
  for (size_t i = 0; i < asks.size(); ++i) {
    told[i]->wait();
    expect_as_alone(*told[i], contract, asks[i]);
  }
  scheduler.remove(model);
  EXPECT_EQ(scheduler.stats(model).kv_positions_used, 0);
  EXPECT_EQ(scheduler.stats(model).inflight, 0);
}

TEST_P(SchedulerRounds, LetRequestsJoinAndLeaveAtAnyRound) {
  const Contract contract = test_contract(GetParam());
  Scheduler scheduler(rounds_of(40));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract, 700));
  const std::vector<Ask> asks = asks_of_all_modes(contract, 60);
  std::vector<std::shared_ptr<Told>> told(asks.size());
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (size_t i = caller; i < asks.size(); i += 4) {
        told[i] = submit(scheduler, model, contract, asks[i]);
        // Wait for one now and then, so that the next joins a round in which others are half done.
        if (i % 3 == 0) told[i]->wait();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  scheduler.remove(model);
  for (size_t i = 0; i < asks.size(); ++i) expect_as_alone(*told[i], contract, asks[i]);
}

INSTANTIATE_TEST_SUITE_P(BothKinds, SchedulerRounds,
                         testing::Values(Attention::kCausalContext, Attention::kBlockCausal),
                         [](const auto& kind) {
                           return kind.param == Attention::kCausalContext ? "CausalContext" : "BlockCausal";
                         });

TEST(SchedulerRound, HoldsAtMostTheConfiguredRowsUnlessOneSliceAloneHasMore) {
  const Contract contract = endless_contract();
  auto hash_model = std::make_unique<HashModel>(contract);
  std::atomic<int> full_rounds = 0;
  std::atomic<int> too_large = 0;
  hash_model->before_round = [&](std::span<const Slice> round) {
    int32_t rows = 0;
    for (const Slice& slice : round) rows += slice.rows();
    full_rounds += rows == 24;
    too_large += rows > 24 && round.size() > 1;
  };
  Gate gate;
  gate.hold(*hash_model);
  Scheduler scheduler(rounds_of(24));
  const auto model = scheduler.add(std::move(hash_model));
  std::vector<std::shared_ptr<Told>> told;
  for (int64_t seed = 0; seed < 20; ++seed) {
    told.push_back(submit(scheduler, model, contract,
                          {.mode = contract.modes[static_cast<size_t>(seed % 3)],
                           .prompt_length = 50,
                           .max_tokens = 30,
                           .seed = seed}));
  }
  gate.open();
  for (const auto& each : told) each->wait();
  EXPECT_EQ(too_large, 0);
  EXPECT_GT(full_rounds, 10);
}

TEST(SchedulerRound, RunsASliceThatAloneHasMoreRowsThanTheLimit) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(2));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const Ask ask{.mode = Mode::kDiffusion, .prompt_length = 5, .max_tokens = 30, .seed = 3};
  const auto told = submit(scheduler, model, contract, ask);
  told->wait();
  expect_as_alone(*told, contract, ask);
}

TEST(SchedulerRound, GivesAPromptTheRoomThatOthersLeave) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const auto told = submit(scheduler, model, contract, {.prompt_length = 320, .max_tokens = 1});
  told->wait();
  EXPECT_EQ(told->work.forward_passes, 5) << "chunks of 64 rows";
}

TEST(SchedulerRound, HoldsAShortPromptWholeWithTheMasksBehindIt) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(96));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const auto told =
      submit(scheduler, model, contract, {.mode = Mode::kExact, .prompt_length = 64, .max_tokens = 1});
  told->wait();
  EXPECT_EQ(told->work.forward_passes, 1);
  EXPECT_EQ(told->work.positions_evaluated, 64 + contract.default_policy.draft_length);
}

Contract contract_with_draft_yield() {
  Contract contract = test_contract(Attention::kCausalContext);
  contract.draft_yield = {{1, 1}, {16, 16}};
  return contract;
}

TEST(SchedulerDraftLength, IsTheContractsWhereNothingWasMeasured) {
  Scheduler scheduler({});
  const Contract contract = test_contract(Attention::kCausalContext);
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  EXPECT_EQ(scheduler.stats(model).draft_length, contract.default_policy.draft_length);
}

TEST(SchedulerDraftLength, IsOneOfThoseThatWereMeasuredAndChangesNoToken) {
  const Contract contract = contract_with_draft_yield();
  Scheduler scheduler({.max_round_rows = 64});
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const int64_t chosen = scheduler.stats(model).draft_length;
  EXPECT_TRUE(chosen == 1 || chosen == 16) << chosen;
  for (int64_t seed = 0; seed < 6; ++seed) {
    const Ask ask{.mode = Mode::kExact, .prompt_length = 9, .max_tokens = 40, .seed = seed};
    const auto told = std::make_shared<Told>();
    GenerationRequest free = request(contract, ask, told);
    free.any_draft_length = true;
    GenerationRequest named = request(contract, ask, nullptr);
    named.parameters.draft_length = static_cast<int32_t>(chosen);
    HashModel other(contract);
    const Generation with_chosen = generate(other, named.prompt, named.parameters);
    scheduler.submit(model, std::move(free));
    told->wait();
    EXPECT_EQ(told->token_ids, alone(contract, ask).token_ids);
    EXPECT_EQ(told->work.positions_evaluated, with_chosen.work.positions_evaluated);
  }
}

TEST(SchedulerDraftLength, IsARequestsOwnWhereItNamesOne) {
  const Contract contract = contract_with_draft_yield();
  Scheduler scheduler({.max_round_rows = 64});
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const Ask ask{.mode = Mode::kExact, .prompt_length = 9, .max_tokens = 40, .seed = 1};
  const auto told = submit(scheduler, model, contract, ask);
  told->wait();
  expect_as_alone(*told, contract, ask);
}

TEST(SchedulerDraftLength, IsRefusedLikeTheContractsWhereTheContextIsShort) {
  Contract contract = contract_with_draft_yield();
  contract.context_length = 64;
  Scheduler scheduler({.max_round_rows = 64});
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const auto ask_for = [&](int32_t prompt_length) {
    const auto told = std::make_shared<Told>();
    GenerationRequest free =
        request(contract, {.mode = Mode::kExact, .prompt_length = prompt_length, .max_tokens = 10}, told);
    free.any_draft_length = true;
    scheduler.submit(model, std::move(free));
    told->wait();
    return told->finish;
  };
  const int32_t longest = 64 - 10 - contract.default_policy.draft_length;
  EXPECT_NE(ask_for(longest), FinishReason::kError);
  EXPECT_THROW(ask_for(longest + 1), RequestError);
}

TEST(SchedulerRound, SizeIsMeasuredWhenNotConfigured) {
  Scheduler scheduler({});
  const auto model = scheduler.add(std::make_unique<HashModel>(endless_contract()));
  const SchedulerStats stats = scheduler.stats(model);
  EXPECT_GE(stats.max_round_rows, 1);
  EXPECT_LE(stats.max_round_rows, 512);
  EXPECT_EQ(stats.kv_positions_used, 0);
}

TEST(SchedulerMessages, SendDraftsOnlyToWhomAsked) {
  const Contract contract = endless_contract();
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  const Ask ask{.mode = Mode::kDiffusion, .max_tokens = 30, .seed = 1};
  const auto without = submit(scheduler, model, contract, ask);
  const auto with = std::make_shared<Told>();
  GenerationRequest asking = request(contract, ask, with);
  asking.drafts = true;
  asking.parameters.threshold = 1;
  scheduler.submit(model, std::move(asking));
  without->wait();
  with->wait();
  EXPECT_TRUE(without->drafts.empty());
  EXPECT_GE(with->drafts.size(), 4U * 7U - 2U) << "one a round while a block is undecided";
  EXPECT_EQ(with->violation, "");
}

TEST(SchedulerMessages, ReportWorkWhileNothingIsCommitted) {
  const Contract contract = endless_contract();
  auto hash_model = std::make_unique<HashModel>(contract);
  hash_model->before_round = [](std::span<const Slice>) {
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  };
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::move(hash_model));
  const auto told = std::make_shared<Told>();
  GenerationRequest long_prompt = request(contract, {.prompt_length = 300, .max_tokens = 1}, told);
  long_prompt.report_interval = std::chrono::milliseconds(10);
  scheduler.submit(model, std::move(long_prompt));
  told->wait();
  EXPECT_GE(told->progress_messages, 4) << "each round but the last takes longer than the interval";
  EXPECT_EQ(told->violation, "");
}

TEST(SchedulerStats, SumTheWorkOfAllRequests) {
  const Contract contract = test_contract(Attention::kCausalContext);
  Scheduler scheduler(rounds_of(64));
  const auto model = scheduler.add(std::make_unique<HashModel>(contract));
  Work sum;
  std::vector<std::shared_ptr<Told>> told;
  for (const Ask& ask : asks_of_all_modes(contract, 12))
    told.push_back(submit(scheduler, model, contract, ask));
  scheduler.remove(model);
  for (const auto& each : told) {
    sum.input_tokens += each->work.input_tokens;
    sum.forward_passes += each->work.forward_passes;
    sum.positions_evaluated += each->work.positions_evaluated;
    sum.committed_tokens += each->work.committed_tokens;
  }
  const SchedulerStats stats = scheduler.stats(model);
  EXPECT_EQ(stats.work, sum);
  EXPECT_EQ(stats.rows, sum.positions_evaluated);
  EXPECT_GT(stats.rounds, 0);
  EXPECT_LE(stats.rounds, sum.forward_passes);
}

}  // namespace
}  // namespace seedbed::engine
