"""A share of prompts, or a difference of two, with its 95 % bootstrap interval over
prompts; in per cent or points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, outcomes: Sequence[int]) -> Estimate:
        values = np.array(outcomes, dtype=float)
        random = np.random.default_rng(0)
        means = [random.choice(values, len(values)).mean() for _ in range(_RESAMPLES)]
        low, high = np.percentile(means, (2.5, 97.5))
        return cls(float(100 * values.mean()), float(100 * low), float(100 * high))

    @classmethod
    def of_difference(cls, outcomes: Sequence[int], others: Sequence[int]) -> Estimate:
        """Paired: both on the same prompts in the same order."""
        return cls.of(np.array(outcomes, dtype=float) - np.array(others, dtype=float))

    @property
    def text(self) -> str:
        return f"{self.mean:.1f} ({self.low:.1f} to {self.high:.1f})"

    @property
    def signed(self) -> str:
        return f"{signed(self.mean)} ({signed(self.low)} to {signed(self.high)})"


def signed(value: float) -> str:
    """One decimal with its sign; none for what rounds to 0."""
    rounded = round(value, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"
