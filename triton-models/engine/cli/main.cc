#include <exception>
#include <iostream>
#include <string>

#include "commands.h"
#include "seedbed/engine/check.h"

namespace {

constexpr const char* kUsage = R"(usage: seedbed-engine COMMAND --model FOLDER [OPTION VALUE]...

FOLDER holds one model version: model.gguf, contract.json and the files that it names.

generate   continues a prompt; prints JSON
  --tokens 1,2,3       the prompt ("-": from standard input)
  --max-tokens 128     most tokens of output
  --mode, --policy, --threshold, --steps, --edit-threshold, --edit-rounds, --block-size, --draft-length, --temperature, --top-p, --seed, --max-positions
                       as in docs/triton-protocol.md; what is not given comes from the contract

logits     one forward pass on an empty context; prints JSON, a row of logits for each wanted row
  --tokens 1,2,3       the rows
  --clean-rows N       how many of them are clean (default: all)
  --first-logits-row N (default: 0)
  --block-size N       grid of a block_causal model (default: the contract's)

bench      milliseconds of a forward pass against its rows
  --rows 1,2,...       rows of a round
  --contexts 0,256     positions kept before them
  --sequences 1        how many sequences share the rows
  --repetitions 20     passes of which the median is printed
  --json               JSON instead of a table

All take --threads (default: 2).
)";

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  try {
    if (command == "generate") {
      seedbed::engine::cli::generate_command(argc - 2, argv + 2);
    } else if (command == "logits") {
      seedbed::engine::cli::logits_command(argc - 2, argv + 2);
    } else if (command == "bench") {
      seedbed::engine::cli::bench_command(argc - 2, argv + 2);
    } else {
      const bool asked = command == "--help" || command == "help";
      (asked ? std::cout : std::cerr) << kUsage;
      return asked ? 0 : 2;
    }
  } catch (const seedbed::engine::RequestError& error) {
    std::cerr << "seedbed-engine: " << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "seedbed-engine: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
