"""Writes the README.md of versions again, after an evaluation: `python scripts/write_model_card.py
--results ../docs/results/ablation.json ../triton-models/repository/seedling-v1/1 ...`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import model_card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="+", type=Path, help="folders with model.gguf")
    parser.add_argument("--results", type=Path, help="what evaluate_ablation.py wrote")
    options = parser.parse_args()
    if options.results and not options.results.exists():
        parser.error(f"no results: {options.results} (expected: a file of evaluate_ablation.py)")
    for version in options.versions:
        print(f"wrote {model_card.write(version, options.results)}")


if __name__ == "__main__":
    main()
