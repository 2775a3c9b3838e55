#include "seedbed/engine/generation.h"

#include <optional>
#include <utility>

#include "seedbed/engine/check.h"

namespace seedbed::engine {

Generation generate(ForwardPass& model, std::vector<int32_t> prompt, const DecodeParameters& parameters,
                    int32_t max_rows) {
  const std::unique_ptr<Decoder> decoder = Decoder::create(model.contract(), std::move(prompt), parameters);
  std::optional<KvArena::Span> kv = model.arena().acquire(decoder->span_positions());
  ENGINE_CHECK(kv.has_value(), "no room in the KV arena: ", decoder->span_positions(),
               " positions (largest gap: ", model.arena().largest_gap(), ")");
  Generation generation;
  while (generation.finish == FinishReason::kNone) {
    Slice slice = decoder->plan(*kv, max_rows);
    if (decoder->exceeds_work_limit(slice)) {
      generation.finish = FinishReason::kLength;
      generation.finish_detail = kWorkLimit;
      break;
    }
    Step step = decoder->absorb(slice, model.forward({&slice, 1}));
    generation.token_ids.insert(generation.token_ids.end(), step.committed.token_ids.begin(),
                                step.committed.token_ids.end());
    generation.confidence.insert(generation.confidence.end(), step.committed.confidence.begin(),
                                 step.committed.confidence.end());
    generation.finish = step.finish;
    generation.finish_detail = std::move(step.finish_detail);
  }
  generation.work = decoder->work();
  return generation;
}

}  // namespace seedbed::engine
