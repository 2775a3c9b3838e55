#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "seedbed/engine/contract.h"
#include "seedbed/engine/model.h"
#include "seedbed/engine/scheduler.h"

namespace seedbed::engine {

// Rows that one forward pass should have at most: the knee of the curve, which is the smallest number of rows
// that already has most of the best rows per second, since a larger round would only make everybody in it
// wait longer. But so many, where a pass stays short enough, that a short prompt and the masks behind it are
// not cut: past the knee rows cost the same in one pass as in several, while cuts cost the request rounds.
// `curve` is in order of rows, not empty.
int32_t choose_round_rows(std::span<const CostPoint> curve);

// Seconds of a pass of so many rows: on the line between two points; past the last one in proportion to the
// rows.
double seconds_of(std::span<const CostPoint> curve, int32_t rows);

// The most rows, up to `most`, whose pass takes no longer; 0 when one takes longer.
int32_t rows_within(double seconds, std::span<const CostPoint> curve, int32_t most);

// Rows of a forward pass of mode `exact` once drafts are accepted: the pending token, a draft that is one
// token shorter than the masks, and the masks. A pass after a refusal has fewer.
constexpr int32_t rows_of_draft(int32_t draft_length) { return 2 * draft_length; }

// Draft length that makes the most tokens per second of a sequence alone: tokens per forward pass over the
// cost of its rows. Of lengths that are equal but for what a measurement of a few passes can tell, the
// shortest: its rows are billed. `yields` and `curve` are not empty.
int32_t choose_draft_length(std::span<const DraftYield> yields, std::span<const CostPoint> curve);

// Draft length of a request that names none: `fastest`, but never so long that the request would not fit
// where it does with the contract's own. So no machine refuses what another one takes. `arena_positions` is
// the capacity of the KV arena.
int32_t draft_length_that_fits(int32_t fastest, const Contract& contract, int64_t prompt_length,
                               int64_t max_tokens, int64_t arena_positions);

// Times forward passes of growing numbers of rows, of which none takes less time than a smaller one; empty
// when the arena has no positions.
std::vector<CostPoint> measure_cost_curve(ForwardPass& model);

}  // namespace seedbed::engine
