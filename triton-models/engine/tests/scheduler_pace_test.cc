#include <gtest/gtest.h>

#include "cost_curve.h"
#include "scheduler_fixture.h"

namespace seedbed::engine {
namespace {

constexpr int32_t kRoundRows = 96;

// Seconds of a pass: as much as eight rows, and the rows. About what a small model takes on a processor.
const std::vector<CostPoint> kEveryRowCosts{{.rows = 1, .seconds = 9}, {.rows = 512, .seconds = 520}};
const std::vector<CostPoint> kOnlyRowsCost{{.rows = 1, .seconds = 1}, {.rows = 512, .seconds = 512}};
const std::vector<CostPoint> kRowsAreFree{{.rows = 1, .seconds = 9}, {.rows = 512, .seconds = 9}};

// Time is counted by the curve, never taken from a clock.
class Pace : public testing::Test {
 protected:
  void start(const std::vector<CostPoint>& cost_curve = kEveryRowCosts, int32_t round_rows = kRoundRows) {
    curve = cost_curve;
    scheduler =
        std::make_unique<Scheduler>(SchedulerOptions{.max_round_rows = round_rows, .cost_curve = cost_curve});
    model = add_model();
  }
  Scheduler::ModelHandle add_model() {
    auto hash_model = std::make_unique<HashModel>(contract, 32768);
    hash_model->before_round = [this](std::span<const Slice> round) {
      int32_t rows = 0;
      for (const Slice& slice : round) rows += slice.rows();
      seconds += seconds_of(curve, rows);
      rows_of_all += rows;
      if (on_round) on_round(rows);
    };
    gate.hold(*hash_model);
    return scheduler->add(std::move(hash_model));
  }

  void ask_beside(const Ask& ask, const Scheduler::ModelHandle& of) {
    others.push_back(submit(*scheduler, of, contract, ask));
  }
  // Enough streams of one tenant to keep every round full.
  void ask_many_beside(Ask ask, const Scheduler::ModelHandle& of) {
    for (ask.seed = 1000; ask.seed < 1050; ++ask.seed) ask_beside(ask, of);
  }

  struct Measured {
    double seconds = 0;
    int64_t rounds = 0;  // of the stream's model
    int64_t rows_of_others = 0;
  };
  // From the first round to the end of this stream, with which the others end too.
  Measured run(const Ask& ask) {
    Measured measured;
    const auto told = submit(*scheduler, model, contract, ask);
    told->on_finished = [&] {
      measured = {.seconds = seconds,
                  .rounds = scheduler->stats(model).rounds,
                  .rows_of_others = rows_of_all - told->positions_evaluated};
      for (const auto& other : others) other->cancel = true;
    };
    gate.open();
    told->wait();
    return measured;
  }

  double seconds_alone(const Ask& ask) const {
    double sum = 0;
    HashModel alone(contract);
    alone.before_round = [&](std::span<const Slice> round) {
      sum += seconds_of(curve, round.front().rows());
    };
    const GenerationRequest same = request(contract, ask, nullptr);
    generate(alone, same.prompt, same.parameters);
    return sum;
  }

  const Contract contract = endless_contract();
  std::vector<CostPoint> curve;
  Gate gate;
  double seconds = 0;                     // of all rounds; of the scheduler's thread
  int64_t rows_of_all = 0;                // likewise
  std::function<void(int32_t)> on_round;  // at its beginning, with its rows
  std::vector<std::shared_ptr<Told>> others;
  std::unique_ptr<Scheduler> scheduler;  // last, so that its thread ends first
  Scheduler::ModelHandle model;
};

struct Neighbours {
  Mode own = Mode::kExact;
  Mode busy = Mode::kExact;
  int32_t own_weight = 1;
  int32_t busy_weight = 1;
  int32_t prompt_length = 10;

  double own_share() const { return static_cast<double>(own_weight) / (own_weight + busy_weight); }
};

void PrintTo(const Neighbours& neighbours, std::ostream* out) {
  *out << to_string(neighbours.own) << " of weight " << neighbours.own_weight << ", prompt "
       << neighbours.prompt_length << ", beside " << to_string(neighbours.busy) << " of weight "
       << neighbours.busy_weight;
}

class PaceBesideABusyTenant : public Pace, public testing::WithParamInterface<Neighbours> {};

TEST_P(PaceBesideABusyTenant, IsAStreamsShareOfTheTimeAndTheRestIsUsed) {
  const Neighbours& neighbours = GetParam();
  start();
  ask_many_beside({.mode = neighbours.busy,
                   .prompt_length = 40,
                   .max_tokens = 400,
                   .tenant = "busy",
                   .weight = neighbours.busy_weight},
                  model);
  const Ask one{.mode = neighbours.own,
                .prompt_length = neighbours.prompt_length,
                .max_tokens = 64,
                .seed = 7,
                .tenant = "one",
                .weight = neighbours.own_weight};
  const Measured measured = run(one);
  EXPECT_LE(measured.seconds, 1.25 * seconds_alone(one) / neighbours.own_share());
  // The others got what full rounds would have brought them in their part of the time.
  const double rows_per_second = kRoundRows / seconds_of(curve, kRoundRows);
  EXPECT_GE(static_cast<double>(measured.rows_of_others),
            0.9 * rows_per_second * (1 - neighbours.own_share()) * measured.seconds);
}

INSTANTIATE_TEST_SUITE_P(
    AllModes, PaceBesideABusyTenant,
    testing::Values(Neighbours{}, Neighbours{.own_weight = 3}, Neighbours{.busy_weight = 3},
                    Neighbours{.own_weight = 10}, Neighbours{.prompt_length = 60},
                    Neighbours{.own_weight = 3, .prompt_length = 60}, Neighbours{.prompt_length = 400},
                    Neighbours{.own = Mode::kAutoregressive},
                    Neighbours{.own = Mode::kAutoregressive, .own_weight = 3},
                    Neighbours{.own = Mode::kAutoregressive, .busy = Mode::kAutoregressive},
                    Neighbours{.busy = Mode::kAutoregressive},
                    Neighbours{.own = Mode::kDiffusion, .busy = Mode::kDiffusion}));

class PaceOfAShortStream : public Pace, public testing::WithParamInterface<int32_t> {};

TEST_P(PaceOfAShortStream, CountsFromItsArrivalInTheMiddleOfAFullRound) {
  start();
  ask_many_beside({.mode = Mode::kExact, .prompt_length = 40, .max_tokens = 400, .tenant = "busy"}, model);
  const Ask one{.mode = Mode::kExact, .max_tokens = 8, .seed = 7, .tenant = "one", .weight = GetParam()};
  const auto told = std::make_shared<Told>();
  double arrived = 0;
  double ended = 0;
  told->on_finished = [&] {
    ended = seconds;
    for (const auto& other : others) other->cancel = true;
  };
  on_round = [&](int32_t rows) {
    if (arrived > 0 || rows < kRoundRows - 8) return;
    arrived = seconds - seconds_of(curve, rows) / 2;
    scheduler->submit(model, request(contract, one, told));
  };
  gate.open();
  told->wait();
  const double share = GetParam() / (1.0 + GetParam());
  // Which slices the rounds hold depends on how many of the others had come when the first round began.
  EXPECT_LE(ended - arrived, seconds_alone(one) / share + seconds_of(curve, 48)) << "and four slices";
}

INSTANTIATE_TEST_SUITE_P(Weights, PaceOfAShortStream, testing::Values(1, 3));

TEST_F(Pace, BesideABusyTenantOfAnotherModelIsAStreamsShareOfTheTime) {
  start();
  ask_many_beside({.mode = Mode::kExact, .prompt_length = 40, .max_tokens = 400, .tenant = "busy"},
                  add_model());
  const Ask one{.mode = Mode::kExact, .max_tokens = 64, .seed = 7, .tenant = "one"};
  EXPECT_LE(run(one).seconds, 1.25 * 2 * seconds_alone(one));
}

TEST_F(Pace, OfTwoStreamsWithVeryDifferentSlicesIsEachOnesShareOfTheTime) {
  start();
  ask_beside({.mode = Mode::kDiffusion, .max_tokens = 400, .seed = 1, .tenant = "eight rows"}, model);
  const Ask one{.mode = Mode::kAutoregressive, .max_tokens = 64, .seed = 7, .tenant = "one row"};
  const Measured measured = run(one);
  EXPECT_LE(measured.seconds, 1.25 * 2 * seconds_alone(one));
  EXPECT_GE(static_cast<double>(measured.rows_of_others),
            8 / seconds_of(curve, 8) * measured.seconds / (1.25 * 2));
}

TEST_F(Pace, OfAStreamWhoseSlicesHaveMoreRowsThanARoundIsItsShareOfTheTime) {
  start(kOnlyRowsCost, 4);
  ask_beside({.mode = Mode::kDiffusion, .max_tokens = 400, .seed = 1, .tenant = "eight rows"}, model);
  const Ask one{.mode = Mode::kAutoregressive, .max_tokens = 64, .seed = 7, .tenant = "one row"};
  const Measured measured = run(one);
  EXPECT_LE(measured.seconds, 1.25 * 2 * seconds_alone(one));
  EXPECT_GE(static_cast<double>(measured.rows_of_others), measured.seconds / (1.25 * 2));
}

TEST_F(Pace, NeedsNoRoomWhereRowsAreFree) {
  start(kRowsAreFree);
  ask_many_beside({.prompt_length = 4, .max_tokens = 400, .tenant = "busy"}, model);
  EXPECT_GE(run({.prompt_length = 4, .max_tokens = 64, .tenant = "one"}).rows_of_others, 50 * 60)
      << "every stream is in every round";
}

TEST_F(Pace, OfManyTenantsWithARowEachKeepsRoundsFull) {
  start();
  ask_many_beside({.mode = Mode::kExact, .prompt_length = 4, .max_tokens = 400, .tenant = "busy"}, model);
  for (int64_t i = 0; i < 19; ++i) {
    ask_beside({.prompt_length = 4, .max_tokens = 100, .seed = i, .tenant = "tenant " + std::to_string(i)},
               model);
  }
  const Measured measured = run({.prompt_length = 4, .max_tokens = 64, .seed = 99, .tenant = "one"});
  EXPECT_GE(static_cast<double>(measured.rows_of_others),
            0.8 * kRoundRows * static_cast<double>(measured.rounds));
}

}  // namespace
}  // namespace seedbed::engine
