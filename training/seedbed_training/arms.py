"""Arms on a command line and in a file of results: checkpoints under settings, NAME=CHECKPOINT or
NAME=CHECKPOINT:SETTING, each measured once on the same prompts."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import torch

from . import checkpoint
from .export import contract_document
from .model import Transformer
from .sampler.contract import Contract, Parameters
from .seedling import FACTS

MAX_TOKENS = 192

Asked = TypeVar("Asked", bound=Parameters)


@dataclass(frozen=True)
class Arm:
    """A checkpoint as it would be served, with the contract that it would have."""

    model: Transformer
    contract: Contract
    flops: int  # that the checkpoint has cost

    @classmethod
    def load(cls, file: Path) -> Arm:
        state = checkpoint.load(file)
        model = checkpoint.round_to_half(checkpoint.model_of(state))
        facts = replace(FACTS, can_edit=model.config.marks_visible)
        return cls(model, Contract.of(contract_document(model.config, facts)), state["flops"])


def parser(
    description: str, count: int, arm: str = "NAME=CHECKPOINT:SETTING"
) -> argparse.ArgumentParser:
    """The options of every evaluation; `count` prompts unless another number is asked for."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("arms", nargs="+", metavar=arm)
    options.add_argument("--seed", type=int, required=True, help="of everything that is drawn")
    options.add_argument("--count", type=int, default=count, help="prompts")
    options.add_argument("--tokenizer", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True, help="a file in docs/results")
    options.add_argument("--threads", type=int, default=2)
    return options


def parsed(options: argparse.ArgumentParser) -> argparse.Namespace:
    """The command line; sets the number of threads."""
    values = options.parse_args()
    torch.set_num_threads(values.threads)
    return values


def parameters_of(setting: str, kind: type[Asked] = Parameters) -> Asked:
    """Request parameters from `name=value,...`; raises ValueError naming what is unknown.

    The mode may also be `prompt_lookup`, which no engine offers.
    """
    types = {field.name: type(field.default) for field in fields(kind)}
    chosen: dict = {"max_tokens": MAX_TOKENS}
    for part in filter(None, setting.split(",")):
        name, _, value = part.partition("=")
        if types.get(name) not in (str, int, float):
            known = [known for known, type_ in types.items() if type_ in (str, int, float)]
            raise ValueError(f"parameter unknown: {name!r} (expected: one of {', '.join(known)})")
        chosen[name] = types[name](value)
    return kind(**chosen)


def recorded(out: Path, asked: dict, nothing: dict) -> dict:
    """What `out` holds, else `asked` with `nothing`.

    Raises ValueError when it holds answers to something else than `asked`.
    """
    results = json.loads(out.read_text()) if out.exists() else {**asked, **nothing}
    if {name: results.get(name) for name in asked} != asked:
        short = {name: value for name, value in asked.items() if not isinstance(value, list)}
        raise ValueError(f"{out} holds other prompts (expected: {short})")
    return results


def record(out: Path, results: dict, indent: int | None = None) -> None:
    """In one step, so that an interruption loses at most what is being measured."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".unfinished")
    unfinished.write_text(json.dumps(results, indent=indent) + "\n")
    os.replace(unfinished, out)


def measure_arms(
    arms: list[str], out: Path, asked: dict, measure: Callable[[Arm, str], dict]
) -> None:
    """Writes to `out`: `asked`, and by name under `arms` what `measure` gives for an arm and its
    setting. Arms that `out` already holds are not measured again."""
    results = recorded(out, asked, {"arms": {}})
    for text in arms:
        name, _, rest = text.partition("=")
        file, _, setting = rest.partition(":")
        if name in results["arms"]:
            continue
        began = time.monotonic()
        arm = Arm.load(Path(file))
        results["arms"][name] = {
            "checkpoint": Path(file).stem,
            "setting": setting,
            "flops": arm.flops,
            **measure(arm, setting),
        }
        record(out, results)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
