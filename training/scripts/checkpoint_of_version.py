"""Makes a checkpoint of a shipped version, for a stage to start from: `python
scripts/checkpoint_of_version.py --version FOLDER --out FILE`.

The weights are those that F16 holds, and there is no state of an optimiser: a start, not a
continuation. What the version has cost is read from its training.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint
from seedbed_training.model_card import TRAINING, folder_of
from seedbed_training.stored_model import StoredModel, stored_config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", type=Path, required=True, help="folder with model.gguf")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    file = options.version / "model.gguf"
    model = StoredModel(file, stored_config(file)).whole()
    training = json.loads((folder_of(options.version) / TRAINING).read_text())
    weights = model.state_dict()
    state = {"model_config": model.config.as_dict(), "flops": training["flops"]}
    checkpoint.save(options.out, {**state, "model": weights, "average": weights})


if __name__ == "__main__":
    main()
