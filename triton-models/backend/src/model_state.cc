#include "model_state.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "request_parameters.h"
#include "response_sink.h"
#include "seedbed/engine/golden.h"
#include "settings.h"
#include "triton_error.h"

namespace seedbed::backend {

namespace {

std::filesystem::path version_directory(TRITONBACKEND_Model* model, uint64_t version) {
  TRITONBACKEND_ArtifactType type = TRITONBACKEND_ARTIFACT_FILESYSTEM;
  const char* location = nullptr;
  check(TRITONBACKEND_ModelRepository(model, &type, &location));
  if (type != TRITONBACKEND_ARTIFACT_FILESYSTEM) {
    throw TritonError(TRITONSERVER_ERROR_UNSUPPORTED,
                      "model repository of unknown kind: " + std::to_string(type) + " (expected: a folder)");
  }
  return std::filesystem::path(location) / std::to_string(version);
}

ModelSettings read_settings(TRITONBACKEND_Model* model) {
  TRITONSERVER_Message* owned = nullptr;
  check(TRITONBACKEND_ModelConfig(model, 1, &owned));
  const auto remove = [](TRITONSERVER_Message* message) {
    log_if_error(TRITONSERVER_MessageDelete(message), "delete a message");
  };
  const std::unique_ptr<TRITONSERVER_Message, decltype(remove)> config(owned, remove);
  const char* json = nullptr;
  size_t bytes = 0;
  check(TRITONSERVER_MessageSerializeToJson(config.get(), &json, &bytes));
  return ModelSettings::parse({json, bytes});
}

}  // namespace

ModelState::ModelState(TRITONBACKEND_Model* model) : backend_(BackendState::of(model)) {
  const char* name = nullptr;
  check(TRITONBACKEND_ModelName(model, &name));
  name_ = name;
  check(TRITONBACKEND_ModelVersion(model, &version_));
  const ModelSettings settings = read_settings(model);
  inflight_ = std::make_shared<InflightLimit>(settings.max_inflight);
  TRITONSERVER_Server* server = nullptr;
  check(TRITONBACKEND_ModelServer(model, &server));
  exit_ = std::make_shared<ServerExit>(server, backend_.drain());

  auto verified =
      engine::load_verified(version_directory(model, version_),
                            {.threads = settings.threads, .arena_positions = settings.arena_positions});
  contract_ = verified->contract();
  handle_ = backend_.scheduler().add(std::move(verified));  // last: it is removed by the destructor only
}

ModelState::~ModelState() {
  tick_ = {};
  log_if_error(at_rim([this] { backend_.scheduler().remove(handle_); }),
               "remove a version from the scheduler");
  // The metrics go last, as a member: a version that the page no longer shows has given its memory back.
}

void ModelState::attach(TRITONBACKEND_Model* model) {
  auto state = std::make_unique<ModelState>(model);
  check(TRITONBACKEND_ModelSetState(model, state.get()));
  // Last, when nothing can fail any more.
  state.release()->start_ticking();
}

void ModelState::log_choices() const {
  const engine::SchedulerStats stats = backend_.scheduler().stats(handle_);
  log_info(name_ + ": at most " + std::to_string(stats.max_round_rows) + " rows in a forward pass; drafts of " +
           std::to_string(stats.draft_length) + " positions (contract: " +
           std::to_string(contract_.default_policy.draft_length) + ", " +
           (contract_.draft_yield.empty() ? "no draft_yield to choose by" : "chosen by draft_yield") + ")");
}

void ModelState::start_ticking() noexcept {
  log_if_error(at_rim([this] { log_choices(); }), "say what was chosen for a version");
  // A version without metrics still serves.
  log_if_error(at_rim([this] {
                 metrics_ = backend_.metric_families().add(
                     {.model = name_,
                      .version = version_,
                      .stats = [this] { return backend_.scheduler().stats(handle_); },
                      .finished = finished_});
               }),
               "create the metrics of a version");
  log_if_error(at_rim([this] {
                 tick_ = backend_.ticker().add([this] {
                   exit_->watch();
                   if (metrics_ != nullptr) metrics_->update();
                 });
               }),
               "watch a version");
}

void ModelState::detach(TRITONBACKEND_Model* model) {
  void* state = nullptr;
  check(TRITONBACKEND_ModelState(model, &state));
  delete static_cast<ModelState*>(state);
}

ModelState& ModelState::of(TRITONBACKEND_ModelInstance* instance) {
  TRITONBACKEND_Model* model = nullptr;
  check(TRITONBACKEND_ModelInstanceModel(instance, &model));
  void* state = nullptr;
  check(TRITONBACKEND_ModelState(model, &state));
  return *static_cast<ModelState*>(state);
}

void ModelState::execute(TRITONBACKEND_ModelInstance* instance, std::span<TRITONBACKEND_Request*> requests) {
  std::vector<std::shared_ptr<OwnedRequest>> owned;
  owned.reserve(requests.size());
  for (TRITONBACKEND_Request* request : requests)
    owned.push_back(std::make_shared<OwnedRequest>(instance, request));
  for (const auto& request : owned) request->take_over();
  // From here on the requests are ours and every failure is a response.
  for (const auto& request : owned) {
    TRITONSERVER_Error* refusal = at_rim([&] { submit(request); });
    if (refusal == nullptr) continue;
    request->refuse(refusal);
    backend_.lingering().keep(request);
  }
}

void ModelState::submit(std::shared_ptr<OwnedRequest> request) {
  request->select_outputs();
  engine::GenerationRequest generation = parse_request(request->get(), contract_);
  generation.sink =
      std::make_unique<ResponseSink>(request, inflight_->take(), finished_, exit_, backend_.lingering());
  backend_.scheduler().submit(handle_, std::move(generation));
}

}  // namespace seedbed::backend
