"""Trains one stage of seedling: `train.py ar|diffusion|edit|order --data FOLDER --out FILE
--steps N`.

Starts where --out stands if it exists; otherwise from the checkpoint --init, or from drawn weights.
SIGTERM and SIGINT end the run after the step under way, with a checkpoint.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint
from seedbed_training.dataset import Dataset
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import BLOCK_DIFFUSION, EDITED_BLOCKS, NEXT_TOKEN, ORDERED_BLOCKS
from seedbed_training.passes import MASK
from seedbed_training.schedule import Schedule
from seedbed_training.trainer import Trainer, TrainerConfig, new_model, run

STAGES = {
    "ar": (NEXT_TOKEN, 2e-3),
    "diffusion": (BLOCK_DIFFUSION, 1e-3),
    "edit": (EDITED_BLOCKS, 3e-4),
    "order": (ORDERED_BLOCKS, 2e-4),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--out", type=Path, required=True, help="checkpoint to write, and to resume from"
    )
    parser.add_argument(
        "--init", type=Path, help="checkpoint whose averaged weights start the stage"
    )
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--learning-rate", type=float, help="default: that of the stage")
    parser.add_argument(
        "--warmup", type=float, default=0.03, help="share of the steps on which the rate rises"
    )
    parser.add_argument(
        "--descent", type=float, default=0.4, help="share of the steps on which the rate falls"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    objective, peak = STAGES[options.stage]
    schedule = Schedule(
        peak=options.learning_rate or peak,
        steps=options.steps,
        warmup=options.warmup,
        descent=options.descent,
    )
    config = TrainerConfig(
        schedule, objective, batch_tokens=options.batch_tokens, seed=options.seed
    )
    dataset = Dataset(options.data)
    if options.init:
        model, flops = checkpoint.load_model(options.init), checkpoint.load(options.init)["flops"]
    else:
        model, flops = new_model(ModelConfig(), options.seed), 0
    if objective.edits:
        model = model.with_marker(MASK)
    trainer = Trainer(model, config, flops)
    if options.out.exists():
        trainer.restore(checkpoint.load(options.out))

    def report(line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)

    report(
        f"{options.stage}: {model.parameter_count():,} parameters, {len(dataset):,} samples, "
        f"from step {trainer.step}"
    )
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopping.append(received))
    run(trainer, dataset, options.out, report, stop=lambda: bool(stopping))


if __name__ == "__main__":
    main()
