#include "seedbed/engine/check.h"
#include "seedbed/engine/contract.h"

// The words of contract.json and of request parameters.
namespace seedbed::engine {

const char* to_string(Mode mode) {
  switch (mode) {
    case Mode::kAutoregressive:
      return "autoregressive";
    case Mode::kExact:
      return "exact";
    case Mode::kDiffusion:
      return "diffusion";
  }
  return "unknown";
}

const char* to_string(Policy policy) {
  switch (policy) {
    case Policy::kThreshold:
      return "threshold";
    case Policy::kConfidentPrefix:
      return "confident_prefix";
    case Policy::kFixedSteps:
      return "fixed_steps";
  }
  return "unknown";
}

const char* to_string(Attention attention) {
  switch (attention) {
    case Attention::kBlockCausal:
      return "block_causal";
    case Attention::kCausalContext:
      return "causal_context";
    case Attention::kFull:
      return "full";
  }
  return "unknown";
}

Attention parse_attention(const std::string& text) {
  for (const Attention attention : {Attention::kBlockCausal, Attention::kCausalContext, Attention::kFull}) {
    if (text == to_string(attention)) return attention;
  }
  fail<ModelError>("attention is unknown: ", text, " (expected: block_causal, causal_context, full)");
}

Mode parse_mode(const std::string& text) {
  for (const Mode mode : {Mode::kAutoregressive, Mode::kExact, Mode::kDiffusion}) {
    if (text == to_string(mode)) return mode;
  }
  fail<RequestError>("mode is unknown: ", text, " (expected: autoregressive, exact, diffusion)");
}

Policy parse_policy(const std::string& text) {
  for (const Policy policy : {Policy::kThreshold, Policy::kConfidentPrefix, Policy::kFixedSteps}) {
    if (text == to_string(policy)) return policy;
  }
  fail<RequestError>("policy is unknown: ", text, " (expected: threshold, confident_prefix, fixed_steps)");
}

}  // namespace seedbed::engine
