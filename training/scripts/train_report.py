"""Writes docs/training.md and docs/figures from docs/results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.report import page

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder with results/, written to")
    page.write(parser.parse_args().docs)


if __name__ == "__main__":
    main()
