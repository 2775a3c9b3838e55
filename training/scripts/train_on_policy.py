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
from dataclasses import asdict, replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint
from seedbed_training.export import contract_document
from seedbed_training.on_policy import OnPolicyConfig
from seedbed_training.on_policy_trainer import OnPolicyTrainer
from seedbed_training.passes import MASK
from seedbed_training.sampler.contract import Contract
from seedbed_training.seedling import FACTS
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    default = OnPolicyConfig()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--prompts", type=int, default=default.prompts)
    parser.add_argument("--threshold", type=float, default=default.threshold)
    parser.add_argument("--block-size", type=int, default=default.block_size)
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--reward", choices=("surrogate", "length"), default=default.reward)
    parser.add_argument("--measure-every", type=int, default=10)
    parser.add_argument("--measured-prompts", type=int, default=160)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    config = replace(
        default,
        steps=options.steps,
        prompts=options.prompts,
        threshold=options.threshold,
        block_size=options.block_size,
        learning_rate=options.learning_rate,
        reward=options.reward,
        seed=options.seed,
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
            model, contract, SeedbedTokenizer(options.tokenizer), verifier, config, start["flops"]
        )
        if options.out.exists():
            trainer.restore(checkpoint.load(options.out))
        else:
            record({"init": options.init.stem, **asdict(config)})
        began, first = time.monotonic(), trainer.step
        while trainer.step < config.steps and not stopping:
            if trainer.step % options.measure_every == 0:
                record(trainer.measure(options.measured_prompts))
            measured = trainer.update()
            seconds = (time.monotonic() - began) / (trainer.step - first)
            left = round(seconds * (config.steps - trainer.step) / 60)
            record({**measured, "minutes_left": left})
            if trainer.step % 10 == 0 or stopping:
                checkpoint.save(options.out, trainer.state())
        record(trainer.measure(options.measured_prompts))
        checkpoint.save(options.out, trainer.state())


if __name__ == "__main__":
    main()
