"""Exports a checkpoint of seedling as a model version: `python scripts/export_model.py --checkpoint
FILE --data FOLDER --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.sampler.contract import POLICIES
from seedbed_training.seedling import POLICY, export_seedling


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--out", type=Path, required=True, help="for example triton-models/repository/seedling-v1/1"
    )
    parser.add_argument("--policy", choices=POLICIES, default=POLICY.policy)
    parser.add_argument("--threshold", type=float, default=POLICY.threshold)
    parser.add_argument("--edit-threshold", type=float, default=POLICY.edit_threshold)
    parser.add_argument("--edit-rounds", type=int, default=POLICY.edit_rounds)
    parser.add_argument("--draft-length", type=int, default=POLICY.draft_length)
    parser.add_argument(
        "--weights", choices=("f16", "q8_0"), default="f16", help="q8_0 takes half the space"
    )
    parser.add_argument("--attempts", type=int, default=100, help="to find golden traces of a mode")
    options = parser.parse_args()
    torch.set_num_threads(1)
    policy = replace(
        POLICY,
        policy=options.policy,
        threshold=options.threshold,
        edit_threshold=options.edit_threshold,
        edit_rounds=options.edit_rounds,
        draft_length=options.draft_length,
    )
    counts = export_seedling(
        options.checkpoint, options.data, options.out, policy, options.weights, options.attempts
    )
    for what, count in counts.items():
        print(f"{what}: {count} traces")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
