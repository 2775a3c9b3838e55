"""A data set for the edit stage: the model's own answers, and texts in others' styles that it only
learns to correct: `python scripts/mix_edit_data.py --answers FOLDER --others FOLDER --count N --out
FOLDER`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.dataset import HELD_OUT_SAMPLES, Dataset, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--others", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True, help="of the others")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    answers, others = Dataset(options.answers), Dataset(options.others)
    if not 0 < options.count <= len(others):
        parser.error(f"--count out of range: {options.count} (expected: 1..{len(others)})")
    samples = [others[number] for number in range(options.count)]
    samples += [answers[number] for number in range(len(answers))]
    samples += answers.held_out()[-HELD_OUT_SAMPLES:]
    write(options.out, [(sample.token_ids, sample.prompt_length) for sample in samples])
    np.save(options.out / "edits_only.npy", np.arange(len(samples)) < options.count)
    meta = {
        "samples": len(samples),
        "edits_only": options.count,
        "tokens": sum(len(sample.token_ids) for sample in samples),
    }
    (options.out / "meta.json").write_text(json.dumps(meta) + "\n")


if __name__ == "__main__":
    main()
