"""From a row of logits to a token and its confidence (docs/sampling.md, "From a row of logits")."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Drawn:
    token_id: int
    confidence: float  # probability at temperature 1
    # How far the choice was from another token: a gap of logits, or of u to an edge of the CDF.
    margin: float


class UnusableLogits(ArithmeticError):
    """A row with a NaN, or with every id forbidden."""


def draw(
    logits: np.ndarray, forbidden: tuple[int, ...], temperature: float, top_p: float, u: float
) -> Drawn:
    """Draws from F32 logits [vocab_size] with the position's own uniform number `u`."""
    row = np.asarray(logits, dtype=np.float32).astype(np.float64)
    row[list(forbidden)] = -np.inf
    if np.isnan(row).any() or row.max() == -np.inf:
        raise UnusableLogits(
            f"logits unusable: {int(np.isnan(row).sum())} of {len(row)} are NaN "
            "(expected: a finite maximum)"
        )
    probabilities = _softmax(row, 1.0)
    if temperature == 0:
        token_id = int(row.argmax())  # the first of equals
        runner_up = np.partition(row, -2)[-2] if len(row) > 1 else -np.inf
        return Drawn(token_id, float(probabilities[token_id]), float(row[token_id] - runner_up))
    tempered = _softmax(row, temperature)
    order = np.lexsort((np.arange(len(row)), -tempered))
    cumulated = np.cumsum(tempered[order])  # left to right
    kept = (
        len(order)
        if top_p == 1
        else int(np.argmax(cumulated >= top_p)) + 1
        if cumulated[-1] >= top_p
        else len(order)
    )
    mass = cumulated[kept - 1]
    above = cumulated[:kept] > u * mass
    place = int(np.argmax(above)) if above.any() else kept - 1
    token_id = int(order[place])
    return Drawn(
        token_id,
        float(probabilities[token_id]),
        _tempered_margin(row[order], cumulated, kept, place, u, top_p),
    )


def probability(logits: np.ndarray, forbidden: tuple[int, ...], token_id: int) -> float:
    """Of one token, at temperature 1, from F32 logits [vocab_size]."""
    row = np.asarray(logits, dtype=np.float32).astype(np.float64)
    row[list(forbidden)] = -np.inf
    return float(_softmax(row, 1.0)[token_id])


def _softmax(row: np.ndarray, temperature: float) -> np.ndarray:
    # libm's exp and a sum in id order: numpy's own exp and its pairwise sum differ from C++ in the
    # last bit.
    exponentials = np.fromiter(
        map(math.exp, ((row - row.max()) / temperature).tolist()), np.float64, len(row)
    )
    return exponentials / np.cumsum(exponentials)[-1]


def _tempered_margin(
    row: np.ndarray, cumulated: np.ndarray, kept: int, place: int, u: float, top_p: float
) -> float:
    """Smallest of: u to the edges around its token, the cut of top-p to its edges, the token's gap
    to its neighbours in order."""
    mass = cumulated[kept - 1]
    edges = [abs(u - cumulated[place] / mass)] if place < kept - 1 else [1.0]
    edges += [abs(u - cumulated[place - 1] / mass)] if place > 0 else []
    if top_p < 1:
        edges += [abs(cumulated[edge] - top_p) for edge in (kept - 1, kept - 2) if edge >= 0]
    if place > 0:
        edges.append(row[place - 1] - row[place])
    if place + 1 < kept:
        edges.append(row[place] - row[place + 1])
    return float(min(edges))
