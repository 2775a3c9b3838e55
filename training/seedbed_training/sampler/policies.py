"""Which undecided positions of a block become visible (docs/sampling.md, "Policies")."""

from __future__ import annotations

import math

from .contract import Parameters


def reveal(
    confidence: dict[int, float], step: int, parameters: Parameters
) -> tuple[list[int], float]:
    """Positions to reveal, of the undecided positions with their confidences, and the margin of
    that choice.

    `step` counts the denoise rounds of the block from 0. Reveals at least one position;
    `confidence` is not empty.
    """
    ranked = sorted(confidence, key=lambda position: (-confidence[position], position))
    if parameters.policy == "threshold":
        margin = min(abs(value - parameters.threshold) for value in confidence.values())
        chosen = [position for position in ranked if confidence[position] > parameters.threshold]
        if chosen:
            return sorted(chosen), margin
        return ranked[:1], min(margin, _gap(confidence, ranked, 1))
    if parameters.policy == "confident_prefix":
        return _confident_prefix(confidence, parameters.threshold)
    count = math.ceil(len(ranked) / max(1, parameters.steps - step))
    return sorted(ranked[:count]), _gap(confidence, ranked, count)


def _confident_prefix(confidence: dict[int, float], threshold: float) -> tuple[list[int], float]:
    first, *rest = sorted(confidence)
    chosen, margin = [first], math.inf
    for position in rest:
        margin = min(margin, abs(confidence[position] - threshold))
        if confidence[position] <= threshold:
            break
        chosen.append(position)
    return chosen, margin


def _gap(confidence: dict[int, float], ranked: list[int], count: int) -> float:
    """Distance between the last that is chosen and the first that is not."""
    return (
        confidence[ranked[count - 1]] - confidence[ranked[count]]
        if count < len(ranked)
        else math.inf
    )
