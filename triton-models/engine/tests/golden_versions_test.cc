#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "seedbed/engine/golden.h"

namespace seedbed::engine {
namespace {

// Logits of these versions come from transformers, their traces from the reference sampler.
class GoldenVersion : public testing::TestWithParam<const char*> {};

TEST_P(GoldenVersion, IsVerifiedWhenItIsLoaded) {
  const auto model = load_verified(std::filesystem::path(SEEDBED_GOLDEN_DIR) / GetParam(),
                                   {.threads = 1, .arena_positions = 4096});
  EXPECT_EQ(model->arena().used(), 0);
}

INSTANTIATE_TEST_SUITE_P(Tiny, GoldenVersion,
                         testing::Values("tiny-llama-b", "tiny-llama-c", "tiny-llama-c-f16",
                                         "tiny-llama-c-q8_0", "tiny-qwen2-b", "tiny-qwen2-c"),
                         [](const auto& version) {
                           std::string name = version.param;
                           for (char& letter : name) letter = letter == '-' ? '_' : letter;
                           return name;
                         });

}  // namespace
}  // namespace seedbed::engine
