"""Learning rate by step: linear warm-up, a plateau, a linear descent.

A plateau rather than a cosine: the length of a run can be changed while it runs (resume with other
`steps`) and everything before the descent stays what it would have been. So a run may also begin
without an end, and be given one when the time left tells how many steps there will be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

NO_END = 10**9  # steps of a schedule that has no end yet


@dataclass(frozen=True)
class Schedule:
    peak: float
    steps: int
    warmup: float = 0.03  # share of the steps
    descent: float = 0.4  # share of the steps
    final: float = 0.05  # share of the peak at the last step

    @classmethod
    def without_end(cls, peak: float, warmup_steps: int) -> Schedule:
        """Rises in `warmup_steps` and stays, until `ending`."""
        return cls(peak, NO_END, warmup=warmup_steps / NO_END, descent=0.0)

    @property
    def has_end(self) -> bool:
        return self.steps < NO_END

    def ending(self, step: int, descent_steps: int) -> Schedule:
        """This schedule as far as `step`, and from there down for `descent_steps`."""
        steps = step + descent_steps
        warmup_steps = self.warmup * self.steps
        return replace(
            self, steps=steps, warmup=warmup_steps / steps, descent=descent_steps / steps
        )

    def learning_rate(self, step: int) -> float:
        """The rate of the `step`-th update, counted from 0."""
        warmup_steps = max(1, round(self.warmup * self.steps))
        descent_steps = max(1, round(self.descent * self.steps))
        rising = min(1.0, (step + 1) / warmup_steps)
        left = min(1.0, max(0.0, (self.steps - step) / descent_steps))
        return self.peak * rising * (self.final + (1 - self.final) * left)
