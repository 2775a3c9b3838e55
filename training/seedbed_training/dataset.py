"""Reads a data set of samples and cuts it into batches of similar length.

A folder holds `tokens.u16` (little-endian ids, samples end to end, each with its end token) and
`index.npy` (int64 [samples, 3]: start, prompt length, total length). A data set of paths (paths.py)
also has `revealed_in.u8`, a number for each token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HELD_OUT_SAMPLES = 512


@dataclass(frozen=True)
class Sample:
    token_ids: np.ndarray  # int64 [total], the end token last
    prompt_length: int
    # uint8 [total - prompt_length]: the round of its block in which each token was revealed.
    revealed_in: np.ndarray | None = None


class Dataset:
    """Samples by number; the last `HELD_OUT_SAMPLES` are for validation and never in a training
    batch."""

    def __init__(self, folder: Path) -> None:
        self._tokens = np.memmap(folder / "tokens.u16", dtype="<u2", mode="r")
        self._index = np.load(folder / "index.npy")
        paths = folder / "revealed_in.u8"
        self._revealed_in = np.memmap(paths, dtype=np.uint8, mode="r") if paths.exists() else None
        if len(self._index) <= 2 * HELD_OUT_SAMPLES:
            raise ValueError(
                f"samples in {folder}: {len(self._index)} "
                f"(expected: more than {2 * HELD_OUT_SAMPLES})"
            )

    def __len__(self) -> int:
        return len(self._index) - HELD_OUT_SAMPLES

    def __getitem__(self, number: int) -> Sample:
        start, prompt_length, total = (int(value) for value in self._index[number])
        revealed_in = None
        if self._revealed_in is not None:
            revealed_in = np.array(self._revealed_in[start + prompt_length : start + total])
        token_ids = self._tokens[start : start + total].astype(np.int64)
        return Sample(token_ids, prompt_length, revealed_in)

    def lengths(self) -> np.ndarray:
        """Total lengths of the training samples."""
        return self._index[: len(self), 2]

    def held_out(self) -> list[Sample]:
        return [self[number] for number in range(len(self), len(self._index))]


def batches(
    dataset: Dataset, batch_tokens: int, seed: int, start: int = 0
) -> Iterator[list[Sample]]:
    """Endless batches of about `batch_tokens` tokens, beginning with the `start`-th.

    The order depends on the seed only, so a resumed run sees the batches that an uninterrupted one
    would have seen.
    """
    number = 0
    epoch = 0
    while True:
        for members in _epoch(
            dataset.lengths(), batch_tokens, np.random.default_rng([seed, epoch])
        ):
            if number >= start:
                yield [dataset[int(member)] for member in members]
            number += 1
        epoch += 1


def _epoch(lengths: np.ndarray, batch_tokens: int, random: np.random.Generator) -> list[np.ndarray]:
    """Random pools, sorted by length inside a pool, cut into batches, and the batches shuffled."""
    pool_size = max(1, 64 * batch_tokens // max(1, int(lengths.mean())))
    order = random.permutation(len(lengths))
    result = []
    for first in range(0, len(order), pool_size):
        pool = order[first : first + pool_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        filled = np.cumsum(lengths[pool]) // batch_tokens
        result += np.split(pool, np.flatnonzero(np.diff(filled)) + 1)
    random.shuffle(result)
    return result
