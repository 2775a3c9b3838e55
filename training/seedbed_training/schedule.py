"""Learning rate by step: linear warm-up, a plateau, a linear descent.

A plateau rather than a cosine: the length of a run can be changed while it runs (resume with other
`steps`) and everything before the descent stays what it would have been.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    peak: float
    steps: int
    warmup: float = 0.03  # share of the steps
    descent: float = 0.4  # share of the steps
    final: float = 0.05  # share of the peak at the last step

    def learning_rate(self, step: int) -> float:
        """The rate of the `step`-th update, counted from 0."""
        warmup_steps = max(1, round(self.warmup * self.steps))
        descent_steps = max(1, round(self.descent * self.steps))
        rising = min(1.0, (step + 1) / warmup_steps)
        left = min(1.0, max(0.0, (self.steps - step) / descent_steps))
        return self.peak * rising * (self.final + (1 - self.final) * left)
