"""Arms measured on the same prompts, and the difference between them with an interval."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from . import checkpoint
from .evaluation import judge, summarize
from .export import contract_document
from .intervals import interval
from .model import Transformer
from .sampler.contract import Contract, Parameters
from .sampler.prompt_lookup import make_evaluated_decoder
from .sampler.together import decode_together
from .seedling import FACTS
from .tokenizer import SeedbedTokenizer
from .verifier import Verifier

MAX_TOKENS = 192

Asked = TypeVar("Asked", bound=Parameters)


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


def measure_arms(
    arms: list[str],
    out: Path,
    asked: dict,
    measure: Callable[[Transformer, Contract, str], dict],
) -> dict:
    """What `out` holds once each of `arms`, NAME=CHECKPOINT:SETTING, is measured: `asked`, and by
    name under `arms` what `measure` gives for a model, its contract and the setting.

    Arms that `out` already holds are not measured again. Raises ValueError when it holds answers to
    something else than `asked`.
    """
    results = json.loads(out.read_text()) if out.exists() else {**asked, "arms": {}}
    if {name: results.get(name) for name in asked} != asked:
        raise ValueError(f"{out} holds other prompts (expected: {_shortened(asked)})")
    for arm in arms:
        name, _, rest = arm.partition("=")
        file, _, setting = rest.partition(":")
        if name in results["arms"]:
            continue
        began = time.monotonic()
        model, contract = load_arm(Path(file))
        results["arms"][name] = {
            "checkpoint": Path(file).stem,
            "setting": setting,
            "flops": checkpoint.load(Path(file))["flops"],
            **measure(model, contract, setting),
        }
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results) + "\n")
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return results


def _shortened(asked: dict) -> dict:
    return {name: value for name, value in asked.items() if not isinstance(value, list)}


def load_arm(file: Path) -> tuple[Transformer, Contract]:
    """The model of a checkpoint as it would be served, with the contract it would have."""
    model = checkpoint.round_to_half(checkpoint.load_model(file))
    facts = replace(FACTS, can_edit=model.config.marks_visible)
    return model, Contract.of(contract_document(model.config, facts))


def measure_arm(
    model: Transformer,
    contract: Contract,
    tokenizer: SeedbedTokenizer,
    verifier: Verifier,
    prompts: list[dict],
    parameters: Parameters,
) -> dict:
    """Per prompt: right or not, tokens, forward passes, characters, positions, edits."""
    requests = [(tokenizer.encode(prompt["prompt"]), parameters) for prompt in prompts]
    ended = dict(decode_together(model, contract, requests, make=make_evaluated_decoder))
    decoders = [ended[number] for number in range(len(prompts))]
    texts = [tokenizer.decode(decoder.output) for decoder in decoders]
    completions = [
        {"id": prompt["id"], "completion": text}
        for prompt, text in zip(prompts, texts, strict=True)
    ]
    verdicts = judge(prompts, completions, verifier)
    return {
        "kinds": summarize(prompts, verdicts)["kinds"],
        "right": [int(verdicts[prompt["id"]].passed) for prompt in prompts],
        "tokens": [len(decoder.output) for decoder in decoders],
        "forwards": [decoder.work.forward_passes for decoder in decoders],
        "characters": [len(text) for text in texts],
        "positions": [decoder.work.positions_evaluated for decoder in decoders],
        "edits": [decoder.work.edits for decoder in decoders],
    }


def pass_at_1(arm: dict, of: str = "right") -> tuple[float, float, float]:
    """Mean and 95 % interval, in per cent, of the column `of`: 0 or 1 a prompt."""
    right = np.array(arm[of], dtype=float)
    return (100 * right.mean(), *interval(right))


def difference(arm: dict, other: dict, of: str = "right") -> tuple[float, float, float]:
    """`pass_at_1` of `arm` minus that of `other`, in points, with the paired interval."""
    paired = np.array(arm[of], dtype=float) - np.array(other[of], dtype=float)
    return (100 * paired.mean(), *interval(paired))


def per_forward(arm: dict, unit: str) -> float:
    """`unit`: tokens or characters."""
    return sum(arm[unit]) / sum(arm["forwards"])


def compared(arms: dict[str, dict]) -> list[str]:
    """A Markdown table; the first arm is the baseline."""
    baseline = next(iter(arms.values()))
    lines = [
        "| arm | training FLOPs | pass@1, % | minus the first, points | tokens a forward "
        "| characters a forward | edits |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, arm in arms.items():
        passed, delta = pass_at_1(arm), difference(arm, baseline)
        lines.append(
            f"| {name} | {arm['flops']:.2e} | {passed[0]:.1f} ({passed[1]:.1f}..{passed[2]:.1f}) "
            f"| {delta[0]:+.1f} ({delta[1]:+.1f}..{delta[2]:+.1f}) "
            f"| {per_forward(arm, 'tokens'):.2f} | {per_forward(arm, 'characters'):.1f} "
            f"| {sum(arm['edits'])} |"
        )
    return lines
