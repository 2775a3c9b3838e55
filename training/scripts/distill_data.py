"""Writes the model's own verified greedy answers as a data set: `python scripts/distill_data.py
--checkpoint FILE --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.checkpoint import load_model
from seedbed_training.distillation import write_answers
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000, help="right answers wanted")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    began = time.monotonic()

    def report(right: int, tried: int) -> None:
        seconds = time.monotonic() - began
        left = seconds / max(1, right) * max(0, options.count - right)
        print(
            f"{right}/{options.count} right answers of {tried} "
            f"({100 * right / tried:.1f} %), {left / 60:.0f} min left",
            flush=True,
        )

    with Verifier(timeout_ms=5000) as verifier:
        write_answers(
            options.out,
            load_model(options.checkpoint),
            SeedbedTokenizer(options.tokenizer),
            verifier,
            options.seed,
            options.count,
            report,
        )


if __name__ == "__main__":
    main()
