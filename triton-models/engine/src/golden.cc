#include "seedbed/engine/golden.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "golden_case.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/generation.h"

namespace seedbed::engine {
namespace {

void replay(ForwardPass& model, const LogitsCase& recorded) {
  const auto vocabulary = static_cast<size_t>(model.contract().vocab_size);
  std::optional<KvArena::Span> kv = model.arena().acquire(static_cast<int32_t>(recorded.token_ids.size()));
  MODEL_CHECK(kv.has_value(), recorded.name, ": no room in the KV arena for ", recorded.token_ids.size(),
              " positions");
  Slice slice{.kv = &*kv,
              .token_ids = recorded.token_ids,
              .clean_rows = recorded.clean_rows,
              .block_size = model.contract().block_size,
              .first_logits_row = recorded.first_logits_row,
              .edits = recorded.edits};
  const std::span<const float> logits = model.forward({&slice, 1});
  MODEL_CHECK(logits.size() == recorded.values.size(), recorded.name, ": ", logits.size(),
              " logits (expected: ", recorded.values.size(), ")");
  for (size_t i = 0; i < logits.size(); ++i) {
    const double difference = std::abs(static_cast<double>(logits[i]) - recorded.values[i]);
    // Written so that a NaN fails.
    MODEL_CHECK(difference <= model.contract().tolerance, recorded.name, ": logit of id ", i % vocabulary,
                " in row ", recorded.first_logits_row + static_cast<int32_t>(i / vocabulary), " differs by ",
                difference, ": ", logits[i], " (expected: ", recorded.values[i], ", tolerance ",
                model.contract().tolerance, ")");
  }
}

void compare_tokens(const Trace& recorded, const std::vector<int32_t>& token_ids) {
  const auto [ours, theirs] =
      std::mismatch(token_ids.begin(), token_ids.end(), recorded.token_ids.begin(), recorded.token_ids.end());
  if (ours == token_ids.end() && theirs == recorded.token_ids.end()) return;
  const auto shown = [](const std::vector<int32_t>& ids, size_t at) {
    return at < ids.size() ? std::to_string(ids[at]) : "none";
  };
  const auto at = static_cast<size_t>(ours - token_ids.begin());
  fail<ModelError>(recorded.name, ": token ", at, " differs: ", shown(token_ids, at),
                   " (expected: ", shown(recorded.token_ids, at), ", margin ", recorded.margin, ")");
}

void replay(ForwardPass& model, const Trace& recorded) {
  Generation generation;
  try {
    generation = generate(model, recorded.prompt, recorded.parameters);
  } catch (const RequestError& error) {
    fail<ModelError>(recorded.name, ": ", error.what());
  } catch (const EngineError& error) {
    fail<ModelError>(recorded.name, ": ", error.what());
  }
  compare_tokens(recorded, generation.token_ids);
  MODEL_CHECK(to_string(generation.finish) == recorded.finish_reason, recorded.name,
              ": finish reason differs: ", to_string(generation.finish),
              " (expected: ", recorded.finish_reason, ")");
  const Work& work = generation.work;
  MODEL_CHECK(work.positions_evaluated == recorded.positions_evaluated, recorded.name,
              ": positions evaluated differ: ", work.positions_evaluated,
              " (expected: ", recorded.positions_evaluated, ")");
  // A prompt that does not fit into one chunk may have been cut differently when it was recorded.
  const int32_t beside_prompt = std::max(recorded.parameters.block_size, recorded.parameters.draft_length);
  if (static_cast<int32_t>(recorded.prompt.size()) + beside_prompt > kMaxPrefillRows) return;
  MODEL_CHECK(work.forward_passes == recorded.forward_passes, recorded.name,
              ": forward passes differ: ", work.forward_passes, " (expected: ", recorded.forward_passes, ")");
}

}  // namespace

void replay_golden(ForwardPass& model, const std::filesystem::path& golden_json) {
  const Golden golden = Golden::load(golden_json, model.contract());
  MODEL_CHECK(!golden.logits.empty(), "golden: no logits to compare");
  for (const LogitsCase& recorded : golden.logits) replay(model, recorded);
  size_t compared = 0;
  for (const Trace& recorded : golden.traces) {
    if (recorded.margin <= 2 * model.contract().tolerance) continue;
    replay(model, recorded);
    compared += 1;
  }
  MODEL_CHECK(compared > 0, "golden: no trace to compare: ", golden.traces.size(),
              " traces (expected: one with a margin above ", 2 * model.contract().tolerance, ")");
}

}  // namespace seedbed::engine
