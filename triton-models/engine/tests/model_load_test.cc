#include <gtest/gtest.h>

#include <fstream>

#include "digest.h"
#include "seedbed/engine/check.h"
#include "seedbed/engine/model.h"
#include "tiny_model.h"

namespace seedbed::engine {
namespace {

std::string refusal(const TinyModel& tiny, const ModelOptions& options = {.threads = 1}) {
  try {
    Model::load(tiny.path(), options);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

#define EXPECT_REFUSED(tiny, part)                               \
  do {                                                           \
    const std::string message = refusal(tiny);                   \
    EXPECT_NE(message.find(part), std::string::npos) << message; \
  } while (false)

TinyModel with_metadata(std::function<void(gguf_context*)> spoil) {
  return TinyModel(TinySizes{}, 1, {.metadata = std::move(spoil)});
}

TEST(ModelLoad, LoadsTheUnspoiledModel) { EXPECT_EQ(refusal(TinyModel(TinySizes{})), "nothing was thrown"); }

TEST(ModelLoad, RefusesAMissingFile) {
  for (const char* name :
       {"contract.json", "model.gguf", "golden.json", "tokenizer.json", "chat_template.jinja"}) {
    const TinyModel tiny(TinySizes{});
    std::filesystem::remove(tiny.path() / name);
    EXPECT_REFUSED(tiny, "file cannot be read");
    EXPECT_REFUSED(tiny, name);
  }
}

TEST(ModelLoad, RefusesAFileThatDiffersFromItsDigest) {
  for (const char* name : {"model.gguf", "golden.json", "tokenizer.json", "chat_template.jinja"}) {
    const TinyModel tiny(TinySizes{});
    std::ofstream(tiny.path() / name, std::ios::app) << " ";
    EXPECT_REFUSED(tiny, std::string("digest contradicts the contract: ") + name);
  }
}

// Every cut is sealed with a right digest: what is tested is the reader, not the digest.
TEST(ModelLoad, RefusesAFileCutAnywhere) {
  const TinyModel tiny(TinySizes{});
  const auto size = std::filesystem::file_size(tiny.path() / "model.gguf");
  std::vector<uintmax_t> lengths = {0,  1,   3,   4,    8,        20,        23,      24,
                                    25, 100, 500, 1000, size / 2, size - 33, size - 1};
  for (auto it = lengths.rbegin(); it != lengths.rend(); ++it) {
    std::filesystem::resize_file(tiny.path() / "model.gguf", *it);
    tiny.seal();
    const std::string message = refusal(tiny);
    EXPECT_TRUE(message.find("not a whole GGUF") != std::string::npos ||
                message.find("truncated") != std::string::npos)
        << *it << " bytes: " << message;
  }
}

TEST(ModelLoad, RefusesAFlippedByteOrLoadsAModel) {
  const TinyModel tiny(TinySizes{});
  const auto file = tiny.path() / "model.gguf";
  std::ifstream in(file, std::ios::binary);
  const std::string original((std::istreambuf_iterator<char>(in)), {});
  int refused = 0;
  for (size_t at = 0; at < 3000 && at < original.size(); at += 7) {
    std::string spoiled = original;
    spoiled[at] = static_cast<char>(spoiled[at] ^ 0x55);
    std::ofstream(file, std::ios::binary).write(spoiled.data(), static_cast<std::streamsize>(spoiled.size()));
    tiny.seal();
    refused += refusal(tiny) != "nothing was thrown";
  }
  EXPECT_GT(refused, 100);
}

TEST(ModelLoad, RefusesAnotherArchitecture) {
  const TinyModel tiny(TinySizes{}, 1,
                       {.contract = [](nlohmann::json& contract) { contract["architecture"] = "qwen2"; }});
  EXPECT_REFUSED(tiny, "architecture contradicts the contract: llama in model.gguf (contract: qwen2)");
}

TEST(ModelLoad, RefusesAContractOfOtherSizes) {
  const TinyModel words(TinySizes{}, 1,
                        {.contract = [](nlohmann::json& contract) { contract["vocab_size"] = 81; }});
  EXPECT_REFUSED(words, "vocab_size contradicts the contract: 80 in model.gguf (contract: 81)");
  const TinyModel context(TinySizes{}, 1,
                          {.contract = [](nlohmann::json& contract) { contract["context_length"] = 512; }});
  EXPECT_REFUSED(context, "context_length contradicts the contract: 1024 in model.gguf (contract: 512)");
}

TEST(ModelLoad, RefusesMissingKeysByName) {
  for (const char* key :
       {"general.architecture", "llama.block_count", "llama.context_length", "llama.embedding_length",
        "llama.feed_forward_length", "llama.attention.head_count", "llama.attention.head_count_kv",
        "llama.attention.layer_norm_rms_epsilon", "llama.rope.freq_base"}) {
    EXPECT_REFUSED(with_metadata([key](gguf_context* gguf) { gguf_remove_key(gguf, key); }),
                   std::string("model.gguf: key is missing: ") + key);
  }
}

TEST(ModelLoad, RefusesValuesThatCannotBe) {
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.block_count", 0); }),
                 "llama.block_count out of range: 0");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_str(g, "llama.block_count", "2"); }),
                 "llama.block_count has the wrong type: str (expected: integer)");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u64(g, "llama.block_count", UINT64_MAX); }),
                 "llama.block_count out of range");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.head_count", 5); }),
                 "embedding_length is no multiple of head_count: 64 and 5");
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.head_count_kv", 3); }),
      "head_count is no multiple of head_count_kv: 4 and 3");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.rope.dimension_count", 7); }),
                 "rope.dimension_count out of range: 7 (expected: even, 2..16)");
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.key_length", 1 << 23); }),
      "attention.key_length out of range: 8388608 (expected: 1..4194304 for 4 heads)");
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.value_length", 8); }),
      "attention.value_length is not supported: 8 (expected: 16)");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_f32(g, "llama.rope.freq_base", -1); }),
                 "llama.rope.freq_base out of range: -1");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.rope.freq_base", 10000); }),
                 "llama.rope.freq_base has the wrong type: u32 (expected: float32)");
}

TEST(ModelLoad, RefusesWhatItWouldComputeWrongly) {
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_str(g, "llama.rope.scaling.type", "yarn"); }),
      "llama.rope.scaling.type is not supported: yarn (expected: none)");
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.expert_count", 8); }),
                 "llama.expert_count is not supported: 8 (expected: 0)");
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.sliding_window", 128); }),
      "key is not supported: llama.attention.sliding_window");
  EXPECT_EQ(refusal(with_metadata([](gguf_context* g) { gguf_set_val_str(g, "general.name", "tiny"); })),
            "nothing was thrown");
}

TEST(ModelLoad, RefusesAMissingTensorByName) {
  for (const char* name :
       {"token_embd.weight", "blk.1.attn_k.weight", "blk.0.ffn_norm.weight", "output_norm.weight"}) {
    const TinyModel tiny(TinySizes{}, 1,
                         {.leaves_out = [name](const std::string& tensor) { return tensor == name; }});
    EXPECT_REFUSED(tiny, std::string("model.gguf: tensor is missing: ") + name);
  }
  const TinyModel bias(TinySizes{.architecture = "qwen2"}, 1, {.leaves_out = [](const std::string& tensor) {
                         return tensor == "blk.1.attn_v.bias";
                       }});
  EXPECT_REFUSED(bias, "model.gguf: tensor is missing: blk.1.attn_v.bias [32, 1]");
  const TinyModel norm(
      TinySizes{.architecture = "qwen3", .explicit_head_size = 24}, 1,
      {.leaves_out = [](const std::string& tensor) { return tensor == "blk.1.attn_q_norm.weight"; }});
  EXPECT_REFUSED(norm, "model.gguf: tensor is missing: blk.1.attn_q_norm.weight [24, 1]");
}

TEST(ModelLoad, RefusesTensorsOfAnotherShape) {
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.feed_forward_length", 95); }),
      "model.gguf: tensor has the wrong shape: blk.0.ffn_gate.weight [64, 96] (expected: [64, 95])");
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.head_count_kv", 4); }),
      "model.gguf: tensor has the wrong shape: blk.0.attn_k.weight [64, 32] (expected: [64, 64])");
  EXPECT_REFUSED(
      with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.attention.key_length", 32); }),
      "model.gguf: tensor has the wrong shape: blk.0.attn_q.weight [64, 64] (expected: [64, 128])");
}

TEST(ModelLoad, RefusesTensorsThatNobodyReads) {
  EXPECT_REFUSED(with_metadata([](gguf_context* g) { gguf_set_val_u32(g, "llama.block_count", 1); }),
                 "model.gguf: tensor is unknown: blk.1.");
}

TEST(ModelLoad, RefusesTypesItCannotRead) {
  EXPECT_REFUSED(
      TinyModel(TinySizes{.type = GGML_TYPE_BF16}),
      "model.gguf: tensor has the wrong type: token_embd.weight bf16 (expected: f32, f16 or q8_0)");
}

TEST(ModelLoad, RefusesOptionsOutOfRange) {
  const TinyModel tiny(TinySizes{});
  EXPECT_EQ(refusal(tiny, {.threads = 0}), "threads out of range: 0 (expected: 1..512)");
  EXPECT_NE(
      refusal(tiny, {.arena_positions = 1000}).find("arena_positions out of range: 1000 (expected: 1056.."),
      std::string::npos);
}

TEST(Digest, IsSha256) {
  const TemporaryFolder folder;
  const auto digest = [&](const std::string& text) {
    std::ofstream(folder.path() / "file", std::ios::binary) << text;
    return sha256_of_file(folder.path() / "file");
  };
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(digest(std::string(size_t{1} << 20, 'a')).size(), 64u) << "a whole number of read buffers";
}

}  // namespace
}  // namespace seedbed::engine
