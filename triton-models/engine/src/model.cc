#include "seedbed/engine/model.h"

#include <chrono>
#include <new>
#include <utility>

#include "digest.h"
#include "forward_graph.h"
#include "ggml-cpu.h"
#include "kv_tensors.h"
#include "round_inputs.h"
#include "seedbed/engine/check.h"
#include "sleeping_barrier.h"
#include "thread_governor.h"
#include "weights.h"

namespace seedbed::engine {
namespace {

struct ThreadpoolDeleter {
  void operator()(ggml_threadpool* threadpool) const { ggml_threadpool_free(threadpool); }
};
using Threadpool = std::unique_ptr<ggml_threadpool, ThreadpoolDeleter>;

Threadpool start_threads(int32_t threads) {
  ggml_threadpool_params params = ggml_threadpool_params_default(threads);
  params.poll = 1;  // a few milliseconds awake after a round, which is what the scheduler takes between two;
                    // then asleep
  return Threadpool(ggml_threadpool_new(&params));
}

void check_digests(const std::filesystem::path& directory, const Contract& contract) {
  for (const auto& [name, expected] : contract.sha256) {
    const std::string digest = sha256_of_file(directory / name);
    MODEL_CHECK(digest == expected, "digest contradicts the contract: ", name, " is ", digest,
                " (contract: ", expected, ")");
  }
}

void check_options(const ModelOptions& options, const Contract& contract) {
  MODEL_CHECK(options.threads >= 1 && options.threads <= GGML_MAX_N_THREADS,
              "threads out of range: ", options.threads, " (expected: 1..", GGML_MAX_N_THREADS, ")");
  // The longest request: in `exact` scratch rows stand past the context (docs/sampling.md, "Limits").
  const int64_t least = int64_t{contract.context_length} + contract.max_block_size;
  MODEL_CHECK(options.arena_positions >= least && options.arena_positions < INT32_MAX,
              "arena_positions out of range: ", options.arena_positions, " (expected: ", least, "..",
              INT32_MAX - 1, " for a context of ", contract.context_length, ")");
}

}  // namespace

struct Model::State {
  State(Contract contract_, LoadedWeights loaded_, const ModelOptions& options)
      : contract(std::move(contract_)),
        loaded(std::move(loaded_)),
        kv(allocate_kv(loaded.hyperparameters, options.arena_positions)),
        arena(options.arena_positions),
        threadpool(start_threads(options.threads)),
        backend(ggml_backend_cpu_init()),
        governor(options.threads),
        graph(loaded.hyperparameters, loaded.weights, kv) {
    ENGINE_CHECK(threadpool != nullptr && backend != nullptr, "out of memory for the CPU backend");
    ggml_backend_cpu_set_threadpool(backend.get(), threadpool.get());
    ggml_backend_cpu_set_use_ref(backend.get(), true);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Contract contract;
  const LoadedWeights loaded;
  const KvTensors kv;
  KvArena arena;
  Threadpool threadpool;
  ggml_backend_ptr backend;
  ThreadGovernor governor;
  ForwardGraph graph;

  void compute(ggml_cgraph* nodes);
};

void Model::State::compute(ggml_cgraph* nodes) {
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds slept_before(seedbed_barrier_slept_nanoseconds());
  ggml_backend_cpu_set_n_threads(backend.get(), governor.threads());
  const ggml_status status = ggml_backend_graph_compute(backend.get(), nodes);
  ENGINE_CHECK(status == GGML_STATUS_SUCCESS, "forward pass failed: ", ggml_status_to_string(status));
  governor.computed(std::chrono::steady_clock::now() - start,
                    std::chrono::nanoseconds(seedbed_barrier_slept_nanoseconds()) - slept_before);
}

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::~Model() = default;

std::unique_ptr<Model> Model::load(const std::filesystem::path& directory, const ModelOptions& options) {
  Contract contract = Contract::load(directory / "contract.json");
  check_options(options, contract);
  check_digests(directory, contract);
  try {
    LoadedWeights loaded = load_weights(directory / "model.gguf", contract);
    return std::unique_ptr<Model>(
        new Model(std::make_unique<State>(std::move(contract), std::move(loaded), options)));
  } catch (const std::bad_alloc&) {
    fail<ModelError>("out of memory while loading ", directory.string());
  }
}

const Contract& Model::contract() const { return state_->contract; }
KvArena& Model::arena() { return state_->arena; }

std::span<const float> Model::forward(std::span<Slice> slices) {
  const RoundInputs round = lay_out_round(slices, state_->contract, state_->arena);
  state_->compute(state_->graph.build(round));
  const ggml_tensor* logits = state_->graph.logits();
  if (logits == nullptr) return {};
  return {static_cast<const float*>(logits->data),
          static_cast<size_t>(round.wanted_logits_rows) * static_cast<size_t>(state_->contract.vocab_size)};
}

}  // namespace seedbed::engine
