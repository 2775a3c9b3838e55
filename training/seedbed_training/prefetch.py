"""Batches with their noise by step, made ahead of the trainer in processes of their own.

A step's batch follows from seed and step alone, so the number of processes changes no bit.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import torch
from torch.utils.data import DataLoader

from .dataset import Batches, Dataset, cut_by_rows, cut_by_tokens
from .objectives import DrawnBatch, ObjectiveConfig, draw_batch
from .passes import Pass, most_rows

_AHEAD = 4  # batches that wait for the trainer, a process


class DrawnBatches:
    """The batch of a step, by its number."""

    def __init__(
        self,
        dataset: Dataset,
        objective: ObjectiveConfig,
        vocab_size: int,
        seed: int,
        batch_tokens: int,
        widths: tuple[int, ...] = (),
    ) -> None:
        """With `widths`, batches have few shapes, and `batch_tokens` are their rows."""
        if widths:
            rows = most_rows(dataset.prompt_lengths(), dataset.lengths(), objective.noise)
            cut = cut_by_rows(rows, widths, batch_tokens)
        else:
            cut = cut_by_tokens(dataset.lengths(), batch_tokens)
        self._batches = Batches(dataset, cut, seed)
        self._objective = objective
        self._vocab_size = vocab_size
        self._seed = seed
        # A batch in a shape has as many samples as its width allows.
        self._width_of = {batch_tokens // width: width for width in widths}

    def __getitem__(self, step: int) -> DrawnBatch:
        samples = self._batches[step]
        random = np.random.default_rng([self._seed, 1, step])
        width = self._width_of.get(len(samples))
        return draw_batch(samples, self._objective, self._vocab_size, random, width)


def prefetched(batches: DrawnBatches, first: int, processes: int) -> Iterator[DrawnBatch]:
    """The batches of the steps from `first` on, without end; 0 processes: made when asked for."""
    if processes == 0:
        yield from (batches[step] for step in itertools.count(first))
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=itertools.count(first),
        num_workers=processes,
        prefetch_factor=_AHEAD,
        collate_fn=_as_arrays,
        worker_init_fn=_leave_signals_to_the_trainer,
    )
    yield from map(_as_tensors, loader)


def _leave_signals_to_the_trainer(number: int) -> None:
    """A signal for the whole group ends the trainer when its step is done, and that ends us."""
    for received in (signal.SIGINT, signal.SIGTERM):
        signal.signal(received, signal.SIG_IGN)


# Arrays go through a pipe. Tensors would go through shared memory, which containers have little of.
def _as_arrays(drawn: DrawnBatch) -> list[dict[str, np.ndarray]]:
    passes = [drawn.batch] if drawn.edited is None else [drawn.batch, drawn.edited]
    return [{f.name: getattr(p, f.name).numpy() for f in fields(p)} for p in passes]


def _as_tensors(arrays: list[dict[str, np.ndarray]]) -> DrawnBatch:
    passes = [Pass(**{k: torch.from_numpy(v) for k, v in columns.items()}) for columns in arrays]
    return DrawnBatch(passes[0], passes[1] if len(passes) == 2 else None)
