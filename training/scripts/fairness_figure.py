"""Writes docs/figures/fairness.svg from docs/results/fairness.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.report import fairness, figures

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder with results/, written to")
    docs = parser.parse_args().docs
    measured = json.loads((docs / "results" / "fairness.json").read_text())
    figures.save(fairness.figure(measured), docs / "figures" / "fairness.svg")


if __name__ == "__main__":
    main()
