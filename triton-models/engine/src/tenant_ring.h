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
// A round belongs to one model, that of the first request picked. It ends early where more rows would slow a
// tenant that has little to evaluate beyond its share of the machine's time: see Pace. Not thread-safe: owned
// by the scheduler's thread.
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
  // What keeps a tenant's requests at least at weight / sum of weights of the pace that they have alone, from
  // their arrival on: others' slices are left out of a round that would take longer than that allows. It
  // binds where rows cost time, for a tenant that could not fill a round of its own. Times are seconds by the
  // models' cost curves. docs/decisions/2026-11-26-a-share-is-of-time.md
  struct Pace {
    double credit = 0;  // time that earlier rounds left unused; negative where they took too much

    // Of the round that is being filled.
    bool binds = false;
    int64_t demand = 0;    // rows of all its slices, at most a full round
    double allowance = 0;  // seconds that a round which evaluates them may take
    int64_t rows = 0;      // taken

    double limit() const { return credit + allowance; }
  };
  struct Tenant {
    std::string name;
    int64_t weight = 1;
    int64_t deficit = 0;                       // rows
    std::list<RunningRequest*> requests = {};  // longest not served first
    Pace pace = {};
  };
  struct Round {
    const LoadedModel* model = nullptr;  // none before the first part
    int64_t rows = 0;
    std::vector<RoundPart> parts;
  };
  using Ring = std::list<Tenant>;

  // The tenant's next slice that fits into the round, empty when there is none.
  std::optional<RoundPart> next_part(const Tenant& tenant, const Round& round) const;
  // Rows that the round may still get from this tenant.
  int64_t room_for(const Tenant& tenant, const Round& round) const;
  // Rows of a prompt that are offered before the others had their turn.
  int64_t prefill_share(const Tenant& tenant, const LoadedModel& model) const;
  void take(RoundPart part, Tenant& tenant, Round& round);
  void grow_prefill(Round& round);
  void open_accounts(const LoadedModel& model);
  void close_accounts(const Round& round);
  bool served_all(const Round& round) const;
  int64_t sum_of_weights() const;
  Ring::iterator find(const std::string& name);

  Ring tenants_;           // those with requests; whose turn it is comes first
  double last_round_ = 0;  // its seconds; 0 when nobody waited for it
};

}  // namespace seedbed::engine
