#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

#include "scheduler_fixture.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {
namespace {

struct Submitted {
  Ask ask;
  std::shared_ptr<Told> told;
};

// Models come and go, some of them failing now and then, while callers submit, cancel and ask for drafts at
// random.
class RandomTraffic {
 public:
  RandomTraffic(const Contract& contract, uint32_t seed) : contract_(contract), random_(seed) {
    for (size_t i = 0; i < 3; ++i) models_.push_back(add_model());
  }

  void run(int callers, int steps_each) {
    std::vector<std::thread> threads;
    for (int caller = 0; caller < callers; ++caller) {
      threads.emplace_back([this, steps_each, seed = random_()] { call(std::mt19937(seed), steps_each); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& model : models_) scheduler_.remove(model);
  }

  // All of it must have ended, once, with the beginning of what it gets alone.
  void check() {
    int whole = 0;
    for (const Submitted& each : submitted_) {
      each.told->wait();
      ASSERT_EQ(each.told->violation, "");
      const Generation expected = alone(contract_, each.ask);
      ASSERT_LE(each.told->token_ids.size(), expected.token_ids.size());
      ASSERT_TRUE(
          std::equal(each.told->token_ids.begin(), each.told->token_ids.end(), expected.token_ids.begin()));
      ASSERT_EQ(each.told->finish == FinishReason::kError, each.told->finish_detail == "device lost");
      const bool ran_to_its_end =
          each.told->finish == expected.finish && each.told->finish_detail == expected.finish_detail;
      ASSERT_TRUE(!ran_to_its_end || each.told->token_ids == expected.token_ids);
      whole += ran_to_its_end;
    }
    EXPECT_GT(whole, 20);
    for (const auto& model : all_models_) {
      EXPECT_EQ(scheduler_.stats(model).inflight, 0);
      EXPECT_EQ(scheduler_.stats(model).waiting, 0);
      EXPECT_EQ(scheduler_.stats(model).kv_positions_used, 0);
    }
  }

 private:
  Scheduler::ModelHandle add_model() {
    auto hash_model = std::make_unique<HashModel>(contract_, 600);
    hash_model->before_round = [rounds = 0](std::span<const Slice>) mutable {
      if (++rounds % 97 == 0) throw std::runtime_error("device lost");
    };
    const auto model = scheduler_.add(std::move(hash_model));
    all_models_.push_back(model);
    return model;
  }

  void call(std::mt19937 random, int steps) {
    for (int step = 0; step < steps; ++step) {
      const uint32_t dice = random() % 40;
      if (dice == 0) {
        replace_model(random() % 3);
      } else if (dice < 6) {
        cancel_one(random());
      } else if (dice < 9) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
      } else {
        submit_one(random);
      }
    }
  }

  void replace_model(size_t index) {
    Scheduler::ModelHandle old;
    {
      const std::lock_guard lock(mutex_);
      old = models_[index];
      models_[index] = add_model();
    }
    scheduler_.remove(old);
  }

  void cancel_one(uint32_t dice) {
    const std::lock_guard lock(mutex_);
    if (!submitted_.empty()) submitted_[dice % submitted_.size()].told->cancel = true;
  }

  void submit_one(std::mt19937& random) {
    Submitted one;
    one.ask = {.mode = contract_.modes[random() % contract_.modes.size()],
               .prompt_length = 1 + static_cast<int32_t>(random() % 200),
               .max_tokens = 1 + static_cast<int32_t>(random() % 60),
               .seed = static_cast<int64_t>(random() % 1000),
               .tenant = std::string(1, static_cast<char>('a' + random() % 6)),
               .weight = 1 + static_cast<int32_t>(random() % 4),
               .priority = static_cast<int32_t>(random() % 10)};
    one.told = std::make_shared<Told>();
    GenerationRequest made = request(contract_, one.ask, one.told);
    made.drafts = random() % 2 == 0;
    made.report_interval = std::chrono::milliseconds(10);
    if (random() % 5 == 0) made.parameters.max_positions = 1 + static_cast<int64_t>(random() % 400);
    if (random() % 50 == 0) made.parameters.max_tokens = -1;
    Scheduler::ModelHandle model;
    {
      const std::lock_guard lock(mutex_);
      model = models_[random() % 3];
    }
    try {
      scheduler_.submit(model, std::move(made));
    } catch (const Scheduler::Overloaded&) {
      return;
    } catch (const RequestError&) {
      return;
    }
    const std::lock_guard lock(mutex_);
    submitted_.push_back(one);
  }

  const Contract contract_;
  std::mt19937 random_;
  Scheduler scheduler_{rounds_of(48, 40)};
  std::mutex mutex_;  // of what follows
  std::vector<Scheduler::ModelHandle> models_;
  std::vector<Scheduler::ModelHandle> all_models_;
  std::vector<Submitted> submitted_;
};

class SchedulerUnderRandomTraffic : public testing::TestWithParam<uint32_t> {};

TEST_P(SchedulerUnderRandomTraffic, EndsEveryRequestOnceAndLeavesNothingBehind) {
  const Attention attention = GetParam() % 2 == 0 ? Attention::kCausalContext : Attention::kBlockCausal;
  RandomTraffic traffic(test_contract(attention), GetParam());
  traffic.run(4, 150);
  traffic.check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SchedulerUnderRandomTraffic, testing::Range<uint32_t>(0, 6));

}  // namespace
}  // namespace seedbed::engine
