"""Trains one stage of seedling: `train.py ar|diffusion|edit|order --data FOLDER --out PATH
--steps N`.

Starts where --out stands if it exists; otherwise from the checkpoint --init, or from drawn weights.
SIGTERM and SIGINT end the run after the step under way, with a checkpoint and a status above 128.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint, paths
from seedbed_training.dataset import Dataset
from seedbed_training.model import ModelConfig, Transformer
from seedbed_training.objectives import BLOCK_DIFFUSION, EDITED_BLOCKS, NEXT_TOKEN, ORDERED_BLOCKS
from seedbed_training.passes import MASK
from seedbed_training.schedule import Schedule
from seedbed_training.stage import TimeBudget, run
from seedbed_training.trainer import Trainer, TrainerConfig, new_model

STAGES = {
    "ar": (NEXT_TOKEN, 2e-3),
    "diffusion": (BLOCK_DIFFUSION, 1e-3),
    "edit": (EDITED_BLOCKS, 3e-4),
    "order": (ORDERED_BLOCKS, 2e-4),
}
SHAPE = ("vocab_size", "context_length", "width", "layers", "heads", "kv_heads", "ffn_width")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="checkpoint to write, and to resume from: a .pt file, or a folder of pieces",
    )
    parser.add_argument(
        "--init", type=Path, help="checkpoint whose averaged weights start the stage"
    )
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float, help="of this stage, over all its resumptions")
    parser.add_argument("--batch-tokens", type=int, default=TrainerConfig.batch_tokens)
    parser.add_argument(
        "--widths",
        type=lambda text: tuple(int(width) for width in text.split(",")),
        default=(),
        help="rows to pad samples to, ascending, as 128,192,256; --batch-tokens are rows then",
    )
    parser.add_argument("--learning-rate", type=float, help="default: that of the stage")
    parser.add_argument(
        "--warmup", type=float, default=0.03, help="share of the steps on which the rate rises"
    )
    parser.add_argument(
        "--warmup-steps", type=int, default=200, help="with --minutes: steps on which it rises"
    )
    parser.add_argument(
        "--descent",
        type=float,
        default=0.4,
        help="share of the steps, or of the minutes, on which the rate falls",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--compile", action="store_true", help="needs --widths")
    parser.add_argument("--processes", type=int, default=0, help="that make batches; 0: this one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint-every", type=int, default=TrainerConfig.checkpoint_every)
    shape = parser.add_argument_group("shape of a model without --init")
    for field in fields(ModelConfig):
        if field.name in SHAPE:
            name = f"--{field.name.replace('_', '-')}"
            shape.add_argument(name, type=int, default=field.default)
    options = parser.parse_args()
    if options.compile and not options.widths:
        parser.error("--compile without --widths would compile each width of a batch anew")
    return options


def schedule_of(options: argparse.Namespace, peak: float) -> Schedule:
    if options.minutes:
        return Schedule.without_end(peak, options.warmup_steps)
    return Schedule(peak=peak, steps=options.steps, warmup=options.warmup, descent=options.descent)


def starting_model(options: argparse.Namespace) -> tuple[Transformer, int]:
    """The model that the stage starts from, and the FLOPs that it has cost."""
    if options.init:
        state = checkpoint.load(options.init)
        return checkpoint.model_of(state), state["flops"]
    shape = {name: getattr(options, name) for name in SHAPE}
    return new_model(ModelConfig(**shape), options.seed), 0


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads)
    objective, peak = STAGES[options.stage]
    drawing = 0
    if options.stage == "order":
        block_size, drawing = paths.recorded(options.data)
        objective = replace(objective, noise=replace(objective.noise, block_size=block_size))
    config = TrainerConfig(
        schedule_of(options, options.learning_rate or peak),
        objective,
        batch_tokens=options.batch_tokens,
        widths=options.widths,
        seed=options.seed,
        bfloat16=options.precision == "bfloat16",
        device=options.device,
        compile=options.compile,
        checkpoint_every=options.checkpoint_every,
    )
    dataset = Dataset(options.data)
    model, flops = starting_model(options)
    if dataset.largest_id() >= model.config.vocab_size:
        raise ValueError(
            f"largest id in {options.data}: {dataset.largest_id()} "
            f"(expected: below the model's vocabulary of {model.config.vocab_size})"
        )
    if objective.edits:
        model = model.with_marker(MASK)
    trainer = Trainer(model, config, flops + drawing)
    if checkpoint.exists(options.out):
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
    run(
        trainer,
        dataset,
        options.out,
        report,
        stop=lambda: bool(stopping),
        budget=TimeBudget(60 * options.minutes, options.descent) if options.minutes else None,
        processes=options.processes,
    )
    if stopping:
        sys.exit(128 + stopping[0])


if __name__ == "__main__":
    main()
