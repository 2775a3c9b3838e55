"""golden.json of a model version: logits of a few slices, and traces whose decisions leave room for
rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace

import numpy as np

from .sampler.contract import BLOCK_CAUSAL, FULL, Contract, Parameters
from .sampler.decoding import generate
from .sampler.rounds import LogitsSource, Slice

# A margin has to exceed twice the tolerance; half as much again keeps a trace usable on a CPU that
# rounds otherwise.
MARGIN_IN_TOLERANCES = 3.0


def logits_cases(
    contract: Contract,
    prompt: list[int],
    evaluate: Callable[[Slice], np.ndarray],
    last_rows: int = 6,
) -> list[dict]:
    """Slices of the kinds that the model's modes evaluate, each on an empty context."""
    slices = [
        replace(each, first_logits_row=max(0, min(each.first_logits_row, each.rows - 1)))
        for each in _slices(contract, prompt, last_rows)
    ]
    if contract.can_edit:
        slices += [replace(each, edits=True) for each in slices if each.clean_rows < each.rows]
    return [
        {
            **({"edits": True} if each.edits else {}),
            "token_ids": list(each.token_ids),
            "clean_rows": each.clean_rows,
            "first_logits_row": each.first_logits_row,
            "values": [[float(f"{value:.7g}") for value in row] for row in evaluate(each).tolist()],
        }
        for each in slices
    ]


def _slices(contract: Contract, prompt: list[int], last_rows: int) -> list[Slice]:
    """Clean rows alone, an active block alone, and clean rows followed by masks (the fold); clean
    rows only without a mode that asks masks; active rows only for kind `full`."""
    size = contract.block_size
    grid = size if contract.attention == BLOCK_CAUSAL else None
    clean = tuple(prompt[: len(prompt) // size * size] if grid else prompt)
    masks = (contract.mask_token_id,) * size
    half_open = tuple(
        prompt[i % len(prompt)] if i % 3 == 0 else contract.mask_token_id for i in range(size)
    )
    if contract.attention == FULL:
        return [
            Slice((), half_open, 0, size - last_rows),
            Slice((), clean + masks, 0, len(clean) - 2),
        ]
    alone = Slice((), clean, len(clean), len(clean) - last_rows, grid)
    if contract.modes == ("autoregressive",):
        return [alone, Slice((), clean[:1], 1, 0)]
    return [
        alone,
        Slice((), half_open, 0, size - last_rows, grid),
        Slice((), clean + masks, len(clean), len(clean) - 2, grid),
    ]


def find_traces(
    contract: Contract,
    source: LogitsSource,
    requests: Iterator[tuple[list[int], Parameters]],
    tolerance: float,
    wanted: int,
    attempts: int,
) -> list[dict]:
    """The first `wanted` requests whose traces have the margin; fewer after `attempts` requests."""
    found: list[dict] = []
    for _, (prompt, parameters) in zip(range(attempts), requests, strict=False):
        least_margin = MARGIN_IN_TOLERANCES * tolerance
        generation = generate(contract, prompt, parameters, source, least_margin=least_margin)
        # The last round may be the one that lacks the margin.
        if generation.finish_reason and generation.margin >= least_margin:
            found.append(
                {
                    "prompt": prompt,
                    "parameters": {
                        name: value
                        for name, value in asdict(parameters).items()
                        if value is not None
                    },
                    "token_ids": generation.token_ids,
                    "finish_reason": generation.finish_reason,
                    "margin": generation.margin if np.isfinite(generation.margin) else 1e9,
                    "forward_passes": generation.work[2],
                    "positions_evaluated": generation.work[3],
                }
            )
            if len(found) == wanted:
                break
    return found
