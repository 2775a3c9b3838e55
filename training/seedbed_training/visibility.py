"""Who sees whom: one rule for training passes and for serving slices (docs/sampling.md,
"visibility").

Every row carries a position, a limit and a group. A row sees a clean row when that row's position
is at most its limit, and a noisy row when both are in the same group. Clean rows have group
`CLEAN`; noisy rows of one block (of one view) share a group.
"""

from __future__ import annotations

import torch
from torch import Tensor

CLEAN = -1


def visibility(positions: Tensor, limits: Tensor, groups: Tensor) -> Tensor:
    """Boolean [batch, rows, rows] (query, key) from position, limit and group of each row, all
    [batch, rows]."""
    clean_key = groups[:, None, :] == CLEAN
    within_limit = positions[:, None, :] <= limits[:, :, None]
    same_group = groups[:, None, :] == groups[:, :, None]
    return (clean_key & within_limit) | (~clean_key & same_group)


def slice_visibility(
    rows: int, clean_rows: int, context: int = 0, grid: int | None = None
) -> Tensor:
    """Boolean [rows, context + rows]: what the rows of a slice see of the kept context and of each
    other.

    The slice's first row stands at position `context`. `grid` is the block size of `block_causal`;
    None is `causal_context`.
    """
    positions = torch.arange(context + rows)
    is_clean = positions < context + clean_rows
    limits = positions if grid is None else (positions // grid + 1) * grid - 1
    limits = torch.where(is_clean, limits, torch.tensor(context + clean_rows - 1))
    groups = torch.where(is_clean, torch.tensor(CLEAN), torch.tensor(0))
    return visibility(positions[None], limits[None], groups[None])[0, context:]
