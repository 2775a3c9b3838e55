#pragma once

namespace seedbed::engine::cli {

// Each takes the words after its own name, prints to stdout, and throws what the engine throws.
void generate_command(int argc, char** argv);
void logits_command(int argc, char** argv);
void bench_command(int argc, char** argv);

}  // namespace seedbed::engine::cli
