"""Writes evaluation prompts of held-out compositions as JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.evaluation import draw_prompts
from seedbed_training.verifier import Verifier


def main() -> None:
    """Parses the options and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True, help="JSONL file to write")
    options = parser.parse_args()
    with Verifier() as verifier:
        prompts = draw_prompts(options.seed, options.count, verifier)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w") as out:
        for prompt in prompts:
            out.write(json.dumps(prompt) + "\n")
    print(f"wrote {options.out}: {len(prompts)} prompts")


if __name__ == "__main__":
    main()
