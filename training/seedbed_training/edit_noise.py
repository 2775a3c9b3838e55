"""Wrong visible tokens in noisy blocks: what a model learns to revise its own text from.

Seed Diffusion (Song et al. 2025, arXiv 2508.02193, section 3.1) adds k = floor(alpha * length)
insertions, deletions and substitutions to mask noise, alpha in [0, 0.1], and asks for the whole
text back. A block keeps its length here: an insertion comes with a deletion in the same block, so
each row still is asked for the token of its own position. Other wrong tokens are the model's own,
masks filled by its best guess: they are what it meets when it decodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .model import Transformer
from .passes import MASK, PAD, Pass
from .tokenizer import END, FIRST_TEXT_ID
from .visibility import CLEAN


@dataclass(frozen=True)
class EditNoise:
    """How blocks with wrong tokens are drawn."""

    share: float = 0.5  # of the noisy blocks; the others stay mask noise alone
    most_edits: float = 0.1  # upper end of alpha, which is drawn uniformly for each block
    substitutions: float = 0.6  # of the edits; the others are an insertion with a deletion
    own_guesses: float = 0.5  # of the edited blocks: some masks hold the model's best guess instead
    from_sample: float = 0.5  # of the new tokens: from the sample itself, as a mistaken name is
    runs: float = 0.3  # of the blocks without masks: a run of tokens is missing or stands twice
    longest_run: int = 8


@torch.no_grad()
def best_guesses(model: Transformer, batch: Pass) -> Tensor:
    """Ids [batch, rows]: the model's best token where a row is asked for one, `MASK` elsewhere."""
    hidden = model(batch.token_ids, batch.positions, batch.visible(), batch.marked)
    logits = model.logits(hidden[batch.asked]).float()
    logits[:, [PAD, MASK]] = -torch.inf
    guesses = torch.full_like(batch.token_ids, MASK)
    guesses[batch.asked] = logits.argmax(-1)
    return guesses


def guess_marks(batch: Pass) -> Tensor:
    """Stand-ins [batch, rows] for the guesses of a pass, for who draws edits without a model: row n
    of the batch, counted over all samples, gets -1 - n."""
    return -1 - torch.arange(batch.token_ids.numel()).view_as(batch.token_ids)


def with_guesses(edited: Pass, guesses: Tensor) -> Pass:
    """`edited`, with the guess of its row in the place of each of `guess_marks`."""
    marks = edited.token_ids < 0
    rows = torch.where(marks, -1 - edited.token_ids, 0)
    return replace(edited, token_ids=torch.where(marks, guesses.view(-1)[rows], edited.token_ids))


def with_edits(
    batch: Pass, guesses: Tensor, noise: EditNoise, vocab_size: int, random: np.random.Generator
) -> Pass:
    """`batch` with wrong tokens in some noisy blocks, whose every row is asked for its token.

    Visible tokens are asked for as well as masks: a model that may copy them learns that they are
    right (the paper's remark 3.1). A block without masks is always edited: nothing else is learnt
    from it.
    """
    token_ids = batch.token_ids.numpy().copy()
    target = batch.target.numpy().copy()
    edited = np.zeros(token_ids.shape, dtype=bool)
    positions = batch.positions.numpy()
    for sample, groups in enumerate(batch.groups.numpy()):
        text = token_ids[sample, groups == CLEAN]  # in order of position, from 0
        for group in np.unique(groups[groups >= 0]):
            rows = np.flatnonzero(groups == group)  # in order of position
            ids = token_ids[sample, rows]
            has_masks = (ids == MASK).any()
            if has_masks and random.random() >= noise.share:
                continue
            target[sample, rows] = np.where(ids == MASK, target[sample, rows], ids)
            edited[sample, rows] = True
            if has_masks and random.random() < noise.own_guesses:
                ids = _fill(ids, guesses[sample, rows].numpy(), random)
            if not has_masks and random.random() < noise.runs:
                ids = _lose_or_repeat(ids, text[positions[sample, rows[-1]] + 1 :], noise, random)
            token_ids[sample, rows] = _edit(ids, text, noise, vocab_size, random)
    return replace(
        batch,
        token_ids=torch.from_numpy(token_ids),
        target=torch.from_numpy(target),
        edited=torch.from_numpy(edited),
    )


def _fill(ids: np.ndarray, guesses: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Guesses instead of some of the masks, at a rate that is drawn for the block."""
    filled = (ids == MASK) & (random.random(len(ids)) < random.random())
    return np.where(filled, guesses, ids)


def _lose_or_repeat(
    ids: np.ndarray, behind: np.ndarray, noise: EditNoise, random: np.random.Generator
) -> np.ndarray:
    """A block whose text lacks a run of tokens, or has one twice; `behind` is the text after it."""
    size = len(ids)
    length = int(random.integers(1, min(noise.longest_run, size) + 1))
    first = int(random.integers(0, size - length + 1))
    if random.random() < 0.5:
        follow = np.append(behind[:length], np.full(max(0, length - len(behind)), END))
        return np.concatenate([ids[:first], ids[first + length :], follow])
    return np.concatenate([ids[: first + length], ids[first:]])[:size]


def _edit(
    ids: np.ndarray,
    text: np.ndarray,
    noise: EditNoise,
    vocab_size: int,
    random: np.random.Generator,
) -> np.ndarray:
    ids = ids.copy()
    for _ in range(_count(len(ids), noise.most_edits, random)):
        new = int(random.integers(FIRST_TEXT_ID, vocab_size))
        if random.random() < noise.from_sample:
            new = int(random.choice(text))
        if random.random() < noise.substitutions:
            visible = np.flatnonzero(ids != MASK)
            if len(visible):
                ids[random.choice(visible)] = new
        else:
            first, last = sorted(random.integers(0, len(ids), 2))
            if random.random() < 0.5:
                ids[first:last] = ids[first + 1 : last + 1].copy()
                ids[last] = new
            else:
                ids[first + 1 : last + 1] = ids[first:last].copy()
                ids[first] = new
    return ids


def _count(length: int, most: float, random: np.random.Generator) -> int:
    """floor(alpha * length), the fraction decided by chance: a block is short."""
    return int(random.uniform(0, most) * length + random.random())
