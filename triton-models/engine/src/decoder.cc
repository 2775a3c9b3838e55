#include "seedbed/engine/decoder.h"

#include <utility>

#include "autoregressive_decoder.h"
#include "diffusion_decoder.h"
#include "exact_decoder.h"
#include "seedbed/engine/check.h"

namespace seedbed::engine {

const char* to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone:
      return "none";
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kError:
      return "error";
  }
  fail<EngineError>("finish reason without a name: ", static_cast<int>(reason));
}

std::unique_ptr<Decoder> Decoder::create(const Contract& contract, std::vector<int32_t> prompt,
                                         const DecodeParameters& parameters) {
  contract.validate(prompt, parameters);
  switch (parameters.mode) {
    case Mode::kAutoregressive:
      return std::make_unique<AutoregressiveDecoder>(contract, std::move(prompt), parameters);
    case Mode::kExact:
      return std::make_unique<ExactDecoder>(contract, std::move(prompt), parameters);
    case Mode::kDiffusion:
      return std::make_unique<DiffusionDecoder>(contract, std::move(prompt), parameters);
  }
  fail<EngineError>("mode without a decoder: ", static_cast<int>(parameters.mode));
}

}  // namespace seedbed::engine
