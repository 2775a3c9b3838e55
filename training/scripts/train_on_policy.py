"""On-policy learning: rollouts, verdicts, a clipped policy step, and again.

Starts where --out stands if it exists, otherwise from --init. SIGTERM and SIGINT end the run after
the step under way, with a checkpoint. Every --measure-every steps the served policy is measured on
prompts of training compositions; those lines, with the steps', go to <out>.jsonl, which
collect_on_policy.py makes a result of.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict, fields
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint
from seedbed_training.dataset import Dataset
from seedbed_training.export import contract_document
from seedbed_training.on_policy import OnPolicyConfig
from seedbed_training.on_policy_trainer import OnPolicyTrainer
from seedbed_training.passes import MASK
from seedbed_training.sampler.contract import Contract
from seedbed_training.seedling import FACTS
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--anchors",
        type=Path,
        help="data set of right answers that each update also learns, as distill_data.py writes it",
    )
    for field in fields(OnPolicyConfig):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            choices=("surrogate", "length") if field.name == "reward" else None,
        )
    parser.add_argument(
        "--until", type=int, help="step to end at, before the schedule of --steps does"
    )
    parser.add_argument("--measure-every", type=int, default=10)
    parser.add_argument("--measured-prompts", type=int, default=160)
    parser.add_argument("--checkpoint-every", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    config = OnPolicyConfig(
        **{field.name: getattr(options, field.name) for field in fields(OnPolicyConfig)}
    )
    start = checkpoint.load(options.init)
    model = checkpoint.model_of(start).with_marker(MASK)
    contract = Contract.of(contract_document(model.config, FACTS))
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopping.append(received))
    log = options.out.with_suffix(".jsonl")

    def record(line: dict) -> None:
        with log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        shown = (f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in line.items())
        print(time.strftime("%H:%M:%S"), *shown, sep="  ", flush=True)

    with Verifier() as verifier:
        trainer = OnPolicyTrainer(
            model,
            contract,
            SeedbedTokenizer(options.tokenizer),
            verifier,
            config,
            start["flops"],
            Dataset(options.anchors) if options.anchors else None,
        )
        if options.out.exists():
            trainer.restore(checkpoint.load(options.out))
        else:
            record({"init": options.init.stem, **asdict(config)})
        began, first = time.monotonic(), trainer.step
        last = min(config.steps, options.until or config.steps)
        while trainer.step < last and not stopping:
            if trainer.step % options.measure_every == 0:
                record(trainer.measure(options.measured_prompts))
            measured = trainer.update()
            seconds = (time.monotonic() - began) / (trainer.step - first)
            left = round(seconds * (last - trainer.step) / 60)
            record({**measured, "minutes_left": left})
            if trainer.step % options.checkpoint_every == 0 or stopping:
                checkpoint.save(options.out, trainer.state())
        record(trainer.measure(options.measured_prompts))
        checkpoint.save(options.out, trainer.state())


if __name__ == "__main__":
    main()
