#include "admission.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace seedbed::engine {
namespace {

using Requests = std::vector<std::unique_ptr<RunningRequest>>;

constexpr int32_t kMostTimesPassedOver = 16;

bool must_be_next(const RunningRequest& request) { return request.times_passed_over >= kMostTimesPassedOver; }

std::vector<RunningRequest*> fair_order(const Requests& waiting, const Requests& running) {
  std::map<std::pair<const LoadedModel*, std::string>, double> positions_held;
  for (const auto& request : running)
    positions_held[{request->model, request->tenant}] += request->kv->capacity();
  std::vector<std::tuple<bool, double, int32_t, RunningRequest*>> order;
  for (const auto& request : waiting) {
    const double held = positions_held[{request->model, request->tenant}] / request->weight;
    order.emplace_back(!must_be_next(*request), held, -request->priority, request.get());
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a)) <
           std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b));
  });
  std::vector<RunningRequest*> requests;
  for (const auto& entry : order) requests.push_back(std::get<3>(entry));
  return requests;
}

// The first in fair order that fits now; null when none does.
RunningRequest* admit_one(const Requests& waiting, const Requests& running) {
  std::set<const LoadedModel*> closed;  // someone must be next there
  std::vector<RunningRequest*> passed_over;
  for (RunningRequest* request : fair_order(waiting, running)) {
    if (closed.contains(request->model)) continue;
    request->kv = request->model->pass->arena().acquire(request->decoder->span_positions());
    if (request->kv) {
      for (RunningRequest* other : passed_over) other->times_passed_over += other->model == request->model;
      return request;
    }
    if (must_be_next(*request)) closed.insert(request->model);
    passed_over.push_back(request);
  }
  return nullptr;
}

}  // namespace

std::vector<RunningRequest*> admit(Requests& waiting, Requests& running) {
  std::vector<RunningRequest*> admitted;
  while (!waiting.empty()) {
    RunningRequest* request = admit_one(waiting, running);
    if (request == nullptr) break;
    const auto place = std::find_if(waiting.begin(), waiting.end(),
                                    [&](const auto& owner) { return owner.get() == request; });
    running.push_back(std::move(*place));
    waiting.erase(place);
    admitted.push_back(request);
  }
  return admitted;
}

}  // namespace seedbed::engine
