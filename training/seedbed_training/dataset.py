"""Reads a data set of samples and cuts it into batches of similar length.

A folder holds `tokens.u16` (little-endian ids, samples end to end, each with its end token) and
`index.npy` (int64 [samples, 3]: start, prompt length, total length). A data set of paths (paths.py)
also has `revealed_in.u8`, a number for each token; one for the edit stage may have `edits_only.npy`
(bool [samples]).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    # Only a text to correct: the model does not learn to write it.
    edits_only: bool = False


def read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and index."""
    return np.memmap(folder / "tokens.u16", dtype="<u2", mode="r"), np.load(folder / "index.npy")


def write(folder: Path, samples: Sequence[tuple[Sequence[int], int]]) -> np.ndarray:
    """Writes samples (ids with the end token, prompt length) in their order; returns the index."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [np.asarray(ids, dtype="<u2") for ids, _ in samples]
    np.concatenate(rows).tofile(folder / "tokens.u16")
    totals = np.array([len(ids) for ids in rows], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(totals[:-1])])
    index = np.column_stack([starts, [prompt_length for _, prompt_length in samples], totals])
    np.save(folder / "index.npy", index)
    return index


class Dataset:
    """Samples by number; the last `HELD_OUT_SAMPLES` are for validation and never in a training
    batch."""

    def __init__(self, folder: Path) -> None:
        self._tokens, self._index = read(folder)
        paths = folder / "revealed_in.u8"
        self._revealed_in = np.memmap(paths, dtype=np.uint8, mode="r") if paths.exists() else None
        flags = folder / "edits_only.npy"
        self._edits_only = np.load(flags) if flags.exists() else np.zeros(len(self._index), bool)
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
        return Sample(token_ids, prompt_length, revealed_in, bool(self._edits_only[number]))

    def lengths(self) -> np.ndarray:
        """Total lengths of the training samples."""
        return self._index[: len(self), 2]

    def prompt_lengths(self) -> np.ndarray:
        return self._index[: len(self), 1]

    def largest_id(self) -> int:
        return int(self._tokens.max())

    def held_out(self) -> list[Sample]:
        return [self[number] for number in range(len(self), len(self._index))]


# The batches of an epoch, each as the numbers of its samples, in the order in which they come.
Cut = Callable[[np.random.Generator], list[np.ndarray]]


class Batches:
    """Endless batches by number.

    The order depends on the seed only, so a resumed run sees the batches that an uninterrupted one
    would have seen, and each process that is asked for a batch makes the same one.
    """

    def __init__(self, dataset: Dataset, cut: Cut, seed: int) -> None:
        self._dataset = dataset
        self._cut = cut
        self._seed = seed
        self._epoch, self._first, self._members = -1, 0, []  # the epoch at hand, its first batch

    def __getitem__(self, number: int) -> list[Sample]:
        if number < self._first:
            self._epoch, self._first, self._members = -1, 0, []
        while number >= self._first + len(self._members):
            self._first += len(self._members)
            self._epoch += 1
            self._members = self._cut(np.random.default_rng([self._seed, self._epoch]))
            if not self._members:
                raise ValueError("no batch in an epoch (expected: samples for at least one)")
        return [self._dataset[int(member)] for member in self._members[number - self._first]]


def cut_by_tokens(lengths: np.ndarray, batch_tokens: int) -> Cut:
    """Batches of about `batch_tokens` tokens: random pools, sorted by length inside a pool, cut
    into batches, and the batches shuffled."""
    pool_size = max(1, 64 * batch_tokens // max(1, int(lengths.mean())))

    def cut(random: np.random.Generator) -> list[np.ndarray]:
        order = random.permutation(len(lengths))
        result = []
        for first in range(0, len(order), pool_size):
            pool = order[first : first + pool_size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            filled = np.cumsum(lengths[pool]) // batch_tokens
            result += np.split(pool, np.flatnonzero(np.diff(filled)) + 1)
        random.shuffle(result)
        return result

    return cut


def cut_by_rows(rows: np.ndarray, widths: Sequence[int], batch_rows: int) -> Cut:
    """Batches in few shapes, for compiled code: each sample, of at most `rows` rows, goes to the
    smallest width that holds it, and `batch_rows // width` samples of a width are a batch.

    What fills no batch of its width goes to the next one; the few that fill none of the last wait
    for another epoch, whose order is another.
    """
    if rows.max() > widths[-1]:
        raise ValueError(f"rows of a sample: {rows.max()} (expected: at most {widths[-1]})")
    if batch_rows < widths[-1]:
        raise ValueError(f"rows of a batch: {batch_rows} (expected: at least {widths[-1]})")
    width_of = np.searchsorted(widths, rows)

    def cut(random: np.random.Generator) -> list[np.ndarray]:
        order = random.permutation(len(rows))
        result = []
        members = order[:0]
        for number, width in enumerate(widths):
            members = np.concatenate([members, order[width_of[order] == number]])
            size = batch_rows // width
            whole = len(members) // size * size
            result += list(members[:whole].reshape(-1, size))
            members = members[whole:]
        random.shuffle(result)
        return result

    return cut
