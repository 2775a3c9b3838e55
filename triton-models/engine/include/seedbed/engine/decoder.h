#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "seedbed/engine/contract.h"
#include "seedbed/engine/model.h"

namespace seedbed::engine {

// Cumulative, per request; the order is the wire order of docs/triton-protocol.md.
struct Work {
  int64_t input_tokens = 0;
  int64_t cached_input_tokens = 0;
  int64_t forward_passes = 0;
  int64_t positions_evaluated = 0;
  int64_t committed_tokens = 0;
  int64_t edits = 0;

  bool operator==(const Work&) const = default;
};

struct Committed {
  std::vector<int32_t> token_ids;
  std::vector<float> confidence;
};

// The whole active block, to replace the previous draft; mask id where undecided.
struct Draft {
  int32_t start = 0;  // index of the first token in the output
  std::vector<int32_t> token_ids;
  std::vector<float> confidence;  // 0 where undecided
};

enum class FinishReason { kNone, kStop, kLength, kCancelled, kError };
const char* to_string(FinishReason reason);

// The detail that goes with kLength when the next slice does not fit into max_positions.
inline constexpr const char* kWorkLimit = "work_limit";

struct Step {
  Committed committed;  // may be empty
  FinishReason finish = FinishReason::kNone;
  std::string finish_detail;
};

// A round that holds a part of a prompt has at most so many rows of that sequence: it bounds the buffers of a
// forward pass, not its bits, which are the same for any cut.
inline constexpr int32_t kMaxPrefillRows = 512;

// One request's state between rounds: decides the rows of its next slice and what their logits mean. Pure: no
// model, no clock, no lock. docs/sampling.md is the specification; one subclass per mode.
class Decoder {
 public:
  // Throws RequestError through Contract::validate. The contract must outlive the decoder.
  static std::unique_ptr<Decoder> create(const Contract& contract, std::vector<int32_t> prompt,
                                         const DecodeParameters& parameters);
  virtual ~Decoder() = default;

  // KV positions that this request can ever write, scratch rows included.
  virtual int32_t span_positions() const = 0;

  // The next slice, with at most `max_rows` rows where the prompt can still be cut (never fewer than it needs
  // to make progress). Calling it again without absorb() gives the same slice, or another cut of the prompt.
  virtual Slice plan(KvArena::Span& kv, int32_t max_rows) const = 0;

  // True when the slice does not fit into max_positions: instead of the round the request ends with kLength,
  // kWorkLimit.
  virtual bool exceeds_work_limit(const Slice& slice) const = 0;

  // Logits F32 [slice.logits_rows(), vocab_size] of the slice that plan() gave. Keeps KV rows and updates
  // work(). Throws EngineError when a row of logits cannot be drawn from; the decoder is then of no further
  // use.
  virtual Step absorb(const Slice& slice, std::span<const float> logits) = 0;

  virtual Draft draft() const = 0;  // empty when the mode has none, or before the block was first evaluated
  virtual const Work& work() const = 0;
};

}  // namespace seedbed::engine
