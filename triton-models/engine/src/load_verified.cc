#include "seedbed/engine/golden.h"

namespace seedbed::engine {

std::unique_ptr<Model> load_verified(const std::filesystem::path& directory, const ModelOptions& options) {
  std::unique_ptr<Model> model = Model::load(directory, options);
  replay_golden(*model, directory / "golden.json");
  return model;
}

}  // namespace seedbed::engine
