"""Bootstrap intervals over prompts."""

import random
from collections.abc import Sequence

RESAMPLES = 2000


def of_mean(values: Sequence[float], level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the mean; the seed makes a repeated evaluation say the same."""
    if not values:
        raise ValueError("values are empty (expected: at least one)")
    rng = random.Random(seed)
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(RESAMPLES))
    cut = (1 - level) / 2
    return means[int(cut * RESAMPLES)], means[min(RESAMPLES - 1, int((1 - cut) * RESAMPLES))]
