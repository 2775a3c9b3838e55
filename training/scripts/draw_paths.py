"""Draws pools of paths of a checkpoint and writes the best right ones as a data set."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.checkpoint import load_model
from seedbed_training.export import contract_document
from seedbed_training.paths import Pool, write_paths
from seedbed_training.sampler.contract import Contract
from seedbed_training.seedling import FACTS
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True, help="paths kept")
    parser.add_argument("--block-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load_model(options.checkpoint)
    began = time.monotonic()
    with Verifier() as verifier:
        write_paths(
            options.out,
            model,
            Contract.of(contract_document(model.config, FACTS)),
            SeedbedTokenizer(options.tokenizer),
            verifier,
            replace(Pool(), block_size=options.block_size),
            options.seed,
            options.count,
            lambda line: print(f"{time.monotonic() - began:.0f} s  {line}", flush=True),
        )


if __name__ == "__main__":
    main()
