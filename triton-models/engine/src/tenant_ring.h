#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "running_request.h"

namespace seedbed::engine {

struct RoundPart {
  RunningRequest* request = nullptr;
  Slice slice;
};

// Which requests take part in the next round: deficit round robin over tenants, over all models. A tenant
// whose turn it is gains a quantum of rows times its weight and is served while its deficit is positive, so
// that its last slice may overdraw it; the overdraft is paid at its next turns. A tenant with a deficit of
// which nothing more fits keeps its place for the next round, since a request takes part in a round only
// once. Within a tenant the larger priority goes first, then who was served longest ago.
//
// A round belongs to one model, that of the first request picked. Not thread-safe: owned by the scheduler's
// thread.
class TenantRing {
 public:
  // The request holds a KV span and stays valid until remove().
  void add(RunningRequest& request);
  void remove(RunningRequest& request);

  // Empty only when the ring is. The rows sum up to at most the model's max_round_rows, unless the first part
  // alone has more. A prefill chunk is first offered a share of the round, and then the room that others
  // leave.
  std::vector<RoundPart> next_round();

 private:
  struct Tenant {
    std::string name;
    int64_t weight = 1;
    int64_t deficit = 0;                       // rows
    std::list<RunningRequest*> requests = {};  // longest not served first
  };
  struct Round {
    const LoadedModel* model = nullptr;  // none before the first part
    int64_t room = 0;                    // rows
    std::vector<RoundPart> parts;
  };
  using Ring = std::list<Tenant>;

  // The tenant's next slice that fits into the round, empty when there is none.
  static std::optional<RoundPart> next_part(const Tenant& tenant, const Round& round);
  static void take(RoundPart part, Tenant& tenant, Round& round);
  void grow_prefill(Round& round);
  // Nobody waits for a turn: what this round gave or owes is forgotten.
  void forgive_if_all_served(const Round& round);
  Ring::iterator find(const std::string& name);

  Ring tenants_;  // those with requests; whose turn it is comes first
};

}  // namespace seedbed::engine
