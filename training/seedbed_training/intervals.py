"""How sure a mean over prompts is."""

from __future__ import annotations

import numpy as np

_RESAMPLES = 2000


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over prompts, times 100."""
    random = np.random.default_rng(0)
    means = [random.choice(values, len(values)).mean() for _ in range(_RESAMPLES)]
    return tuple(float(100 * edge) for edge in np.percentile(means, (2.5, 97.5)))
