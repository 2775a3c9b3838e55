"""Accuracy against parallelism: one checkpoint at many settings, and which of them to serve.

A point is a dictionary: `arm`, `checkpoint`, `setting` (request parameters), `pass_at_1` (0 to 1)
with `interval_95`, `tokens_per_forward`, `characters_per_forward`, `positions_per_token`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .comparison import per_forward
from .estimate import Estimate
from .sampler.contract import Parameters
from .sampler.prompt_lookup import PROMPT_LOOKUP

MODES = ("autoregressive", PROMPT_LOOKUP, "exact", "diffusion")
POLICIES = ("threshold", "confident_prefix")
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
BLOCK_SIZES = (4, 8, 16, 32)
DRAFT_LENGTHS = (4, 8, 12, 16, 24, 32)
SHARPNESS = 3  # of the weight of accuracy in the area under a curve
MOST_LOST = 5  # points of accuracy; what lost more is not part of a curve


def grid(
    modes: Sequence[str] = ("exact", "diffusion"),
    policies: Sequence[str] = POLICIES,
    thresholds: Sequence[float] = THRESHOLDS,
    block_sizes: Sequence[int] = BLOCK_SIZES,
    draft_lengths: Sequence[int] = DRAFT_LENGTHS,
) -> Iterator[dict]:
    """The settings of a curve."""
    for mode in modes:
        if mode == "autoregressive":
            yield {"mode": mode}
        elif mode == "diffusion":
            yield from (
                {"mode": mode, "policy": policy, "threshold": threshold, "block_size": block_size}
                for policy in policies
                for block_size in block_sizes
                for threshold in thresholds
            )
        else:
            yield from ({"mode": mode, "draft_length": length} for length in draft_lengths)


def request(setting: dict, max_tokens: int) -> Parameters:
    """A setting as a request; `steps` is of no meaning to its policies, but checked against the
    block."""
    return Parameters(max_tokens, steps=1, **setting)


def point(arm: str, checkpoint: str, setting: dict, measured: dict) -> dict:
    """The point of a setting, from what `comparison.measure_arm` says of it."""
    passed = Estimate.of(measured["right"])
    return {
        "arm": arm,
        "checkpoint": checkpoint,
        "setting": setting,
        "pass_at_1": passed.mean / 100,
        "interval_95": [passed.low / 100, passed.high / 100],
        "tokens_per_forward": per_forward(measured, "tokens"),
        "characters_per_forward": per_forward(measured, "characters"),
        "positions_per_token": sum(measured["positions"]) / sum(measured["tokens"]),
    }


def pareto_front(points: Sequence[dict]) -> list[dict]:
    """The points that no other beats in pass@1 or tokens per forward without losing in the other
    one, from the slowest to the fastest; of equal points the first."""
    front: list[dict] = []
    for each in sorted(points, key=lambda p: (-p["tokens_per_forward"], -p["pass_at_1"])):
        if not front or each["pass_at_1"] > front[-1]["pass_at_1"]:
            front.append(each)
    return front[::-1]


def area_under_parallelism(points: Sequence[dict], best: float) -> float:
    """The AUP of d3LLM over a Pareto front: tokens per forward times per cent of accuracy.

    The slowest point counts as a rectangle, what the others are faster as trapezoids in which
    accuracy y counts exp(-3 (1 - y / `best`)) of itself, so that speed which costs accuracy is
    worth less. `best` (0 to 1) is the highest pass@1 of all that are compared.
    """
    front = pareto_front(points)
    if not front:
        raise ValueError("points: none (expected: at least one)")
    slowest = front[0]
    curve = [
        (p["tokens_per_forward"], 100 * p["pass_at_1"] * _weight(p["pass_at_1"], best))
        for p in front
        if 100 * (slowest["pass_at_1"] - p["pass_at_1"]) <= MOST_LOST
    ]
    area = slowest["tokens_per_forward"] * 100 * slowest["pass_at_1"]
    for (left, low), (right, high) in pairwise(curve):
        area += (right - left) * (low + high) / 2
    return area


def choose_operating_point(points: Sequence[dict], baseline: float, tolerance: float) -> dict:
    """The point with most tokens per forward that is at most `tolerance` points (hundredths) below
    the pass@1 `baseline` (0 to 1); of equally fast ones the most accurate.

    Raises ValueError when none is.
    """
    if not 0 <= baseline <= 1:
        raise ValueError(f"baseline out of range: {baseline} (expected: 0..1)")
    rounding = 1e-9
    good = [p for p in points if 100 * (baseline - p["pass_at_1"]) <= tolerance + rounding]
    if not good:
        best = max((p["pass_at_1"] for p in points), default=None)
        raise ValueError(
            f"no point within {tolerance} points of {baseline}: the best of {len(points)} has "
            f"{best} (expected: at least one)"
        )
    return max(good, key=lambda p: (p["tokens_per_forward"], p["pass_at_1"]))


def _weight(accuracy: float, best: float) -> float:
    return min(1.0, math.exp(-SHARPNESS * (1 - accuracy / best))) if best > 0 else 0.0
