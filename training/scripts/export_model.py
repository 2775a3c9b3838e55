"""Exports a checkpoint of seedling as a model version: `python scripts/export_model.py --checkpoint
FILE --data FOLDER --out FOLDER`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import model_card
from seedbed_training.sampler.contract import MODES, POLICIES, checked_draft_yield
from seedbed_training.seedling import FACTS, POLICY, export_seedling


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
    drafts = parser.add_mutually_exclusive_group()
    drafts.add_argument(
        "--draft-yield",
        type=Path,
        help='JSON, measured before: {"draft_yield": [[length, tokens per forward], ...]}',
    )
    drafts.add_argument(
        "--draft-prompts",
        type=int,
        default=64,
        help="prompts to measure it with; 0: the engine always drafts --draft-length",
    )
    parser.add_argument(
        "--stage",
        action="append",
        default=[],
        metavar="NAME=CHECKPOINT",
        help="of the version's training, in order; the last is --checkpoint (for the model card)",
    )
    parser.add_argument(
        "--after", type=Path, help="folder of the version whose stages came before those"
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="of evaluate_ablation.py, for the model card; see write_model_card.py",
    )
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
    given = None
    if options.draft_yield:
        pairs = json.loads(options.draft_yield.read_text())["draft_yield"]
        given = checked_draft_yield(pairs, FACTS.max_block_size, MODES)
    counts = export_seedling(
        options.checkpoint,
        options.data,
        options.out,
        policy,
        options.weights,
        options.attempts,
        measured_yield=given,
        yield_prompts=options.draft_prompts,
    )
    for what, count in counts.items():
        print(f"{what}: {count} traces")
    stages = [tuple(stage.split("=", 1)) for stage in options.stage]
    model_card.write_training(options.out, options.checkpoint, stages, options.data, options.after)
    card = model_card.write(options.out, options.results)
    print(f"wrote {options.out} and {card}")


if __name__ == "__main__":
    main()
