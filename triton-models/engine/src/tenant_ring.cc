#include "tenant_ring.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "cost_curve.h"

namespace seedbed::engine {
namespace {

constexpr int64_t kQuantumRows = 16;

// A long prompt is first offered one part in so many of a round, lest it hold up the requests that stream.
constexpr int32_t kPrefillShare = 4;

RoundPart plan(RunningRequest& request, int64_t max_rows) {
  return {.request = &request,
          .slice = request.decoder->plan(*request.kv, static_cast<int32_t>(std::max<int64_t>(max_rows, 1)))};
}

double seconds_of(const LoadedModel& model, int64_t rows) {
  return model.cost_curve.empty() ? 0 : seconds_of(model.cost_curve, static_cast<int32_t>(rows));
}

}  // namespace

TenantRing::Ring::iterator TenantRing::find(const std::string& name) {
  return std::find_if(tenants_.begin(), tenants_.end(),
                      [&](const Tenant& tenant) { return tenant.name == name; });
}

void TenantRing::add(RunningRequest& request) {
  auto tenant = find(request.tenant);
  if (tenant == tenants_.end()) {
    // It arrived while a round ran without it: on average, in its middle.
    tenant = tenants_.insert(tenant, {.name = request.tenant, .pace = {.credit = -last_round_ / 2}});
  }
  tenant->weight = request.weight;
  tenant->requests.push_back(&request);
}

void TenantRing::remove(RunningRequest& request) {
  const auto tenant = find(request.tenant);
  tenant->requests.remove(&request);
  if (tenant->requests.empty()) tenants_.erase(tenant);
  if (tenants_.empty()) last_round_ = 0;
}

std::vector<RoundPart> TenantRing::next_round() {
  Round round;
  for (bool offered = true; offered;) {
    offered = false;
    auto next = tenants_.begin();
    // Who used up its deficit moves behind the tenants of this pass.
    for (size_t tenants_left = tenants_.size(); tenants_left > 0; --tenants_left) {
      const auto tenant = next++;
      std::optional<RoundPart> part = next_part(*tenant, round);
      if (!part) continue;
      offered = true;
      if (tenant->deficit <= 0) tenant->deficit += kQuantumRows * tenant->weight;
      while (part && tenant->deficit > 0) {
        take(std::move(*part), *tenant, round);
        part = next_part(*tenant, round);
      }
      if (tenant->deficit <= 0) tenants_.splice(tenants_.end(), tenants_, tenant);
    }
  }
  if (round.parts.empty()) return {};
  grow_prefill(round);
  close_accounts(round);
  for (RoundPart& part : round.parts) part.request->in_round = false;
  return std::move(round.parts);
}

std::optional<RoundPart> TenantRing::next_part(const Tenant& tenant, const Round& round) const {
  std::vector<RunningRequest*> candidates;
  for (RunningRequest* request : tenant.requests) {
    if (!request->in_round && (round.model == nullptr || request->model == round.model))
      candidates.push_back(request);
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const RunningRequest* a, const RunningRequest* b) { return a->priority > b->priority; });
  const int64_t room = room_for(tenant, round);
  if (room <= 0) return std::nullopt;
  for (RunningRequest* request : candidates) {
    RoundPart part = plan(*request, std::min(prefill_share(tenant, *request->model), room));
    if (round.parts.empty() || part.slice.rows() <= room) return part;
  }
  return std::nullopt;
}

int64_t TenantRing::room_for(const Tenant& tenant, const Round& round) const {
  if (round.parts.empty()) return std::numeric_limits<int32_t>::max();
  double seconds = std::numeric_limits<double>::infinity();
  for (const Tenant& other : tenants_) {
    if (&other != &tenant && other.pace.binds) seconds = std::min(seconds, other.pace.limit());
  }
  const LoadedModel& model = *round.model;
  const int64_t most = model.cost_curve.empty()
                           ? model.max_round_rows
                           : rows_within(seconds, model.cost_curve, model.max_round_rows);
  return most - round.rows;
}

int64_t TenantRing::prefill_share(const Tenant& tenant, const LoadedModel& model) const {
  const int64_t own = model.max_round_rows * tenant.weight / sum_of_weights();
  return std::max<int64_t>(model.max_round_rows / kPrefillShare,
                           own / static_cast<int64_t>(tenant.requests.size()));
}

void TenantRing::take(RoundPart part, Tenant& tenant, Round& round) {
  RunningRequest* request = part.request;
  if (round.parts.empty()) {
    round.model = request->model;
    open_accounts(*round.model);
  }
  round.rows += part.slice.rows();
  tenant.pace.rows += part.slice.rows();
  tenant.deficit -= part.slice.rows();
  request->in_round = true;
  tenant.requests.remove(request);
  tenant.requests.push_back(request);
  round.parts.push_back(std::move(part));
}

void TenantRing::grow_prefill(Round& round) {
  for (RoundPart& part : round.parts) {
    Tenant& tenant = *find(part.request->tenant);
    const int64_t room = room_for(tenant, round);
    if (room <= 0) continue;
    RoundPart larger = plan(*part.request, part.slice.rows() + room);
    const int64_t more = larger.slice.rows() - part.slice.rows();
    if (more <= 0 || more > room) continue;
    part = std::move(larger);
    round.rows += more;
    tenant.pace.rows += more;
    tenant.deficit -= more;
  }
}

void TenantRing::open_accounts(const LoadedModel& model) {
  const double full_round = seconds_of(model, model.max_round_rows);
  const auto weights = static_cast<double>(sum_of_weights());
  for (Tenant& tenant : tenants_) {
    std::map<const LoadedModel*, int64_t> demand;
    for (RunningRequest* request : tenant.requests)
      demand[request->model] += plan(*request, request->model->max_round_rows).slice.rows();
    double seconds_alone = 0;  // of one round of each of its models
    for (auto& [of, rows] : demand) {
      rows = std::min<int64_t>(rows, of->max_round_rows);
      seconds_alone += seconds_of(*of, rows);
    }
    const double slowest = weights / static_cast<double>(tenant.weight);
    Pace& pace = tenant.pace;
    pace.binds = slowest * seconds_alone < full_round;
    pace.demand = demand.contains(&model) ? demand[&model] : 0;
    pace.allowance = pace.demand == 0 ? 0 : slowest * seconds_of(model, pace.demand);
    pace.rows = 0;
    if (!pace.binds) pace.credit = 0;
  }
}

void TenantRing::close_accounts(const Round& round) {
  const bool nobody_waits = served_all(round);
  last_round_ = seconds_of(*round.model, round.rows);
  const double full_round = seconds_of(*round.model, round.model->max_round_rows);
  for (Tenant& tenant : tenants_) {
    // Nobody waits for a turn: what this round gave or owes is forgotten.
    if (nobody_waits) tenant.deficit = 0;
    Pace& pace = tenant.pace;
    if (!pace.binds) continue;
    if (pace.rows > 0)
      pace.credit += pace.allowance * static_cast<double>(pace.rows) / static_cast<double>(pace.demand);
    pace.credit -= last_round_;
    // Time that nobody wanted is not saved up, and never more than lets a full round in.
    pace.credit = std::min(pace.credit, nobody_waits ? 0 : full_round);
  }
}

bool TenantRing::served_all(const Round& round) const {
  size_t requests = 0;
  for (const Tenant& tenant : tenants_) requests += tenant.requests.size();
  return round.parts.size() == requests;
}

int64_t TenantRing::sum_of_weights() const {
  int64_t sum = 0;
  for (const Tenant& tenant : tenants_) sum += tenant.weight;
  return sum;
}

}  // namespace seedbed::engine
