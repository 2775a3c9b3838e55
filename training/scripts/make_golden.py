"""Writes triton-models/golden: `python scripts/make_golden.py
sampler|checkpoints|converted`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

GOLDEN = Path(__file__).resolve().parents[2] / "triton-models" / "golden"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("sampler", "checkpoints", "converted"))
    parser.add_argument("--out", type=Path, default=GOLDEN)
    options = parser.parse_args()
    torch.set_num_threads(1)  # small products: a second thread costs more than it gives
    if options.what == "sampler":
        from seedbed_training.golden_sampler import write_cases

        write_cases(options.out / "sampler")
        return
    if options.what == "converted":
        from seedbed_training.golden_converted import write_all_converted

        print("\n".join(write_all_converted(options.out)))
        return
    from seedbed_training.golden_tiny import trace_count, write_checkpoints

    for name in write_checkpoints(options.out):
        print(f"{name}: {trace_count(options.out / name)} traces")


if __name__ == "__main__":
    main()
