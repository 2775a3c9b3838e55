"""Makes a checkpoint of a shipped version, for a stage to start from: `python
scripts/checkpoint_of_version.py --version FOLDER --flops N --out FILE`.

The weights are those that F16 holds, and there is no state of an optimiser: a start, not a
continuation.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint
from seedbed_training.stored_model import StoredModel, stored_config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", type=Path, required=True, help="folder with model.gguf")
    parser.add_argument("--flops", type=int, required=True, help="that the version has cost")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    file = options.version / "model.gguf"
    model = StoredModel(file, stored_config(file)).whole()
    weights = model.state_dict()
    checkpoint.save(
        options.out,
        {
            "model_config": model.config.as_dict(),
            "flops": options.flops,
            "model": weights,
            "average": weights,
        },
    )


if __name__ == "__main__":
    main()
