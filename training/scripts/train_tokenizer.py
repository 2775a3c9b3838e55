"""Trains the tokenizer on generated samples: `python scripts/train_tokenizer.py --out FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.corpus import plain_samples
from seedbed_training.tokenizer import train


def main() -> None:
    """Parses the options and writes tokenizer.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="tokenizer.json to write")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=60_000, help="samples to train on")
    options = parser.parse_args()
    samples = plain_samples(options.seed, options.count)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(train(s.prompt + s.completion for s in samples))
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
