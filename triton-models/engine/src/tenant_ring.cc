#include "tenant_ring.h"

#include <algorithm>
#include <utility>

namespace seedbed::engine {
namespace {

constexpr int64_t kQuantumRows = 16;

// A long prompt is first offered one part in so many of a round, lest it hold up the requests that stream.
constexpr int32_t kPrefillShare = 4;

RoundPart plan(RunningRequest& request, int64_t max_rows) {
  return {.request = &request,
          .slice = request.decoder->plan(*request.kv, static_cast<int32_t>(std::max<int64_t>(max_rows, 1)))};
}

}  // namespace

TenantRing::Ring::iterator TenantRing::find(const std::string& name) {
  return std::find_if(tenants_.begin(), tenants_.end(),
                      [&](const Tenant& tenant) { return tenant.name == name; });
}

void TenantRing::add(RunningRequest& request) {
  auto tenant = find(request.tenant);
  if (tenant == tenants_.end()) tenant = tenants_.insert(tenant, Tenant{.name = request.tenant});
  tenant->weight = request.weight;
  tenant->requests.push_back(&request);
}

void TenantRing::remove(RunningRequest& request) {
  const auto tenant = find(request.tenant);
  tenant->requests.remove(&request);
  if (tenant->requests.empty()) tenants_.erase(tenant);
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
  grow_prefill(round);
  forgive_if_all_served(round);
  for (RoundPart& part : round.parts) part.request->in_round = false;
  return std::move(round.parts);
}

std::optional<RoundPart> TenantRing::next_part(const Tenant& tenant, const Round& round) {
  std::vector<RunningRequest*> candidates;
  for (RunningRequest* request : tenant.requests) {
    if (!request->in_round && (round.model == nullptr || request->model == round.model))
      candidates.push_back(request);
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const RunningRequest* a, const RunningRequest* b) { return a->priority > b->priority; });
  for (RunningRequest* request : candidates) {
    const int64_t share = request->model->max_round_rows / kPrefillShare;
    if (round.parts.empty()) return plan(*request, share);
    RoundPart part = plan(*request, std::min(share, round.room));
    if (part.slice.rows() <= round.room) return part;
  }
  return std::nullopt;
}

void TenantRing::take(RoundPart part, Tenant& tenant, Round& round) {
  RunningRequest* request = part.request;
  if (round.parts.empty()) {
    round.model = request->model;
    round.room = request->model->max_round_rows;
  }
  round.room -= part.slice.rows();
  tenant.deficit -= part.slice.rows();
  request->in_round = true;
  tenant.requests.remove(request);
  tenant.requests.push_back(request);
  round.parts.push_back(std::move(part));
}

void TenantRing::grow_prefill(Round& round) {
  for (RoundPart& part : round.parts) {
    if (round.room <= 0) return;
    RoundPart larger = plan(*part.request, part.slice.rows() + round.room);
    const int64_t more = larger.slice.rows() - part.slice.rows();
    if (more <= 0 || more > round.room) continue;
    part = std::move(larger);
    round.room -= more;
    find(part.request->tenant)->deficit -= more;
  }
}

void TenantRing::forgive_if_all_served(const Round& round) {
  size_t requests = 0;
  for (const Tenant& tenant : tenants_) requests += tenant.requests.size();
  if (round.parts.size() < requests) return;
  for (Tenant& tenant : tenants_) tenant.deficit = 0;
}

}  // namespace seedbed::engine
