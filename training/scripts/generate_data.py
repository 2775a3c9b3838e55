"""Writes a training set of verified samples: `python scripts/generate_data.py --out FOLDER`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.corpus import write_dataset
from seedbed_training.tokenizer import SeedbedTokenizer


def main() -> None:
    """Parses the options, generates, and shows progress with the time left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--tokenizer", type=Path, help="default: tokenizer.json in --out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400_000, help="unique samples")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    tokenizer = SeedbedTokenizer(options.tokenizer or options.out / "tokenizer.json")
    start = last = time.monotonic()

    def progress(done: int, refused: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 2 or done >= options.count:
            last = now
            rate = done / (now - start)
            left = (options.count - done) / rate if rate else 0
            print(
                f"\r{done:,}/{options.count:,} samples, {refused} refused, {rate:,.0f}/s, "
                f"{left:.0f} s left   ",
                end="",
                file=sys.stderr,
                flush=True,
            )

    meta = write_dataset(
        options.out, tokenizer, options.seed, options.count, options.workers, progress
    )
    print(
        f"\nwrote {options.out}: {meta['samples']:,} samples, {meta['tokens']:,} tokens, "
        f"{meta['compositions']:,} compositions",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
