#pragma once

#include <filesystem>
#include <memory>

#include "seedbed/engine/model.h"

namespace seedbed::engine {

// The self-test of a model version (docs/model-version.md, "golden.json"): replays recorded logits and traces
// and throws ModelError naming the case, the value that differs and by how much. Needs the arena for itself;
// leaves nothing in it.
void replay_golden(ForwardPass& model, const std::filesystem::path& golden_json);

// A model version that may serve: Model::load and replay_golden of its golden.json. Throws ModelError; frees
// everything on failure.
std::unique_ptr<Model> load_verified(const std::filesystem::path& directory, const ModelOptions& options);

}  // namespace seedbed::engine
