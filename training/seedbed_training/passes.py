"""Training passes: next tokens, and masked blocks beside a clean stream (kind C).

A pass is the rows that go through the model, who sees whom, and which rows are asked for which
token. Rows of the clean stream predict the next position, noisy rows their own.

A noisy block sees the clean tokens strictly before its first position and itself; nothing sees a
noisy block but itself. That is exactly a serving slice whose clean rows end where the block begins,
so no future or own clean token can leak.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from .dataset import Sample
from .tokenizer import END, MASK, PAD
from .visibility import CLEAN, visibility

_PADDING_GROUP = -2
NO_TARGET = -1


@dataclass(frozen=True)
class BlockNoise:
    """How noisy blocks are drawn."""

    block_sizes: tuple[int, ...] = (8, 12, 16, 16, 16, 16, 24, 32)
    views: int = 2  # independent noisy copies of each completion beside one clean stream
    fully_masked: float = (
        0.35  # share of blocks with every position masked: what decoding starts from
    )
    grid_at_prompt_end: float = (
        0.5  # share of views whose grid starts there (`diffusion`); others start anywhere (`exact`)
    )
    after_end_weight: float = 0.1  # positions after the end token: decoding ignores them
    unmasked: float = 0.0  # share of blocks without a mask, for edits alone

    @property
    def longest_block(self) -> int:
        return max(self.block_sizes)


@dataclass(frozen=True)
class PathNoise:
    """States of recorded paths instead of drawn masks; samples must have `revealed_in`.

    A block's state is what stood before one of its rounds; it is asked for the tokens that the path
    revealed from there up to a later round (a jump).
    """

    block_size: int = 16  # that the paths were drawn with
    views: int = 2
    jumps_to_end: float = 0.5  # share of blocks asked for everything that is left
    after_end_weight: float = 0.1

    @property
    def longest_block(self) -> int:
        return self.block_size


@dataclass(frozen=True)
class Pass:
    """All tensors [batch, rows]. `target` is `NO_TARGET` where a row is asked for nothing."""

    token_ids: Tensor
    positions: Tensor
    limits: Tensor
    groups: Tensor
    target: Tensor
    weight: Tensor  # of the cross-entropy
    edited: Tensor  # rows of blocks that hold wrong visible tokens (edit_noise.py)

    @property
    def noisy(self) -> Tensor:
        return self.groups >= 0

    @property
    def marked(self) -> Tensor:
        """Rows of edited blocks that hold a visible token: it may be wrong, and they are asked."""
        return self.edited & (self.token_ids != MASK)

    @property
    def padding(self) -> Tensor:
        return self.groups == _PADDING_GROUP

    @property
    def asked(self) -> Tensor:
        """Rows that are asked for a token."""
        return self.target != NO_TARGET

    def to(self, device: torch.device | str) -> Pass:
        return Pass(*(getattr(self, field.name).to(device) for field in fields(self)))

    def visible(self) -> Tensor:
        return visibility(self.positions, self.limits, self.groups)


class Rows:
    """Collects the rows of one sample; `add` takes a column or one value for all of them."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []

    def add(self, token_ids, positions, limits, group, target, weight) -> None:
        columns = (token_ids, positions, limits, group, target, weight)
        self.parts.append(
            np.stack(
                np.broadcast_arrays(*(np.asarray(column, dtype=np.float64) for column in columns))
            )
        )

    def table(self) -> np.ndarray:
        return np.concatenate(self.parts, axis=1)


def stack(samples: list[Rows], width: int | None = None) -> Pass:
    """`width`: rows to pad to; without it, those of the sample that has the most."""
    tables = [sample.table() for sample in samples]
    width = width or max(table.shape[1] for table in tables)
    padding = np.array([PAD, 0, -1, _PADDING_GROUP, NO_TARGET, 0.0])[:, None]
    padded = np.stack(
        [
            np.concatenate([t, np.repeat(padding, width - t.shape[1], axis=1)], axis=1)
            for t in tables
        ],
        axis=1,
    )
    integers = torch.from_numpy(padded[:5].astype(np.int64))
    return Pass(
        *integers,
        weight=torch.from_numpy(padded[5].astype(np.float32)),
        edited=torch.zeros(integers.shape[1:], dtype=torch.bool),
    )


def make_pass(
    samples: list[Sample],
    noise: BlockNoise | PathNoise | None,
    prompt_weight: float,
    random: np.random.Generator,
    width: int | None = None,
) -> Pass:
    """The pass of a batch; without noise it has a clean stream only.

    `width` is that of `stack`.
    """
    rows = [clean_rows(sample, prompt_weight) for sample in samples]
    if isinstance(noise, PathNoise):
        for view in range(noise.views):
            for sample, collected in zip(samples, rows, strict=True):
                _add_path_states(collected, sample, view * 1000, noise, random)
    elif noise:
        for view in range(noise.views):
            block_size = int(random.choice(noise.block_sizes))
            blocks = [_blocks(sample, block_size, noise, random) for sample in samples]
            rates = iter(_mask_rates(sum(map(len, blocks)), block_size, noise, random))
            for sample, starts, collected in zip(samples, blocks, rows, strict=True):
                for number, start in enumerate(starts):
                    _add_block(
                        collected,
                        sample,
                        start,
                        block_size,
                        view * 1000 + number,
                        next(rates),
                        noise,
                        random,
                    )
    return stack(rows, width)


def most_rows(
    prompt_lengths: np.ndarray, totals: np.ndarray, noise: BlockNoise | PathNoise | None
) -> np.ndarray:
    """Rows that a sample's pass can have at most, whatever is drawn."""
    if noise is None:
        return totals
    return totals + noise.views * (totals - prompt_lengths + noise.longest_block - 1)


def clean_rows(sample: Sample, prompt_weight: float) -> Rows:
    total = len(sample.token_ids)
    positions = np.arange(total)
    target = np.append(sample.token_ids[1:], NO_TARGET)
    weight = np.where(positions + 1 < sample.prompt_length, prompt_weight, 1.0)
    if sample.edits_only:
        weight[:] = 0.0
    rows = Rows()
    rows.add(sample.token_ids, positions, positions, CLEAN, target, weight)
    return rows


def _blocks(
    sample: Sample, block_size: int, noise: BlockNoise, random: np.random.Generator
) -> range:
    """First positions of the noisy blocks of one view; only whole blocks, as decoding has no
    others."""
    offset = 0 if random.random() < noise.grid_at_prompt_end else int(random.integers(block_size))
    first = sample.prompt_length + offset
    total = len(sample.token_ids)
    if first >= total:
        first = sample.prompt_length
    return range(first, total, block_size)


def _mask_rates(
    count: int, block_size: int, noise: BlockNoise, random: np.random.Generator
) -> np.ndarray:
    """One rate a block: 1 for the fully masked share, 0 for the unmasked, the others stratified
    over [1 / block_size, 1]."""
    strata = (random.permutation(count) + random.random(count)) / max(1, count)
    rates = 1 / block_size + strata * (1 - 1 / block_size)
    kind = random.random(count)
    rates = np.where(kind < noise.fully_masked, 1.0, rates)
    return np.where(kind >= 1 - noise.unmasked, 0.0, rates)


def _add_block(
    rows: Rows,
    sample: Sample,
    start: int,
    block_size: int,
    group: int,
    rate: float,
    noise: BlockNoise,
    random,
) -> None:
    positions = np.arange(start, start + block_size)
    total = len(sample.token_ids)
    truth = np.full(block_size, END)
    inside = min(block_size, total - start)
    truth[:inside] = sample.token_ids[start : start + inside]
    if sample.edits_only:
        rate = 0.0
    masked = random.random(block_size) < rate
    if rate > 0:
        masked[random.integers(inside)] = True
    weight = np.where(positions < total, 1.0, noise.after_end_weight)
    rows.add(
        np.where(masked, MASK, truth),
        positions,
        start - 1,
        group,
        np.where(masked, truth, NO_TARGET),
        weight,
    )


def _add_path_states(
    rows: Rows, sample: Sample, first_group: int, noise: PathNoise, random: np.random.Generator
) -> None:
    total, size = len(sample.token_ids), noise.block_size
    for number, start in enumerate(range(sample.prompt_length, total, size)):
        inside = min(size, total - start)
        truth = np.full(size, END)
        truth[:inside] = sample.token_ids[start : start + inside]
        first = start - sample.prompt_length
        revealed_in = sample.revealed_in[first : first + inside].astype(int)
        rounds = int(revealed_in.max()) + 1
        state = int(random.integers(rounds))
        jump_end = rounds
        if random.random() >= noise.jumps_to_end:
            jump_end = int(random.integers(state + 1, rounds + 1))
        masked, asked = np.ones(size, dtype=bool), np.ones(size, dtype=bool)
        masked[:inside] = revealed_in >= state
        asked[:inside] = masked[:inside] & (revealed_in < jump_end)
        positions = np.arange(start, start + size)
        rows.add(
            np.where(masked, MASK, truth),
            positions,
            start - 1,
            first_group + number,
            np.where(asked, truth, NO_TARGET),
            np.where(positions < total, 1.0, noise.after_end_weight),
        )
