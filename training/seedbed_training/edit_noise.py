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
from .tokenizer import FIRST_TEXT_ID


@dataclass(frozen=True)
class EditNoise:
    """How blocks with wrong tokens are drawn."""

    share: float = 0.5  # of the noisy blocks; the others stay mask noise alone
    most_edits: float = 0.1  # upper end of alpha, which is drawn uniformly for each block
    substitutions: float = 0.6  # of the edits; the others are an insertion with a deletion
    own_guesses: float = 0.5  # of the edited blocks: some masks hold the model's best guess instead


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
    right (the paper's remark 3.1).
    """
    token_ids = batch.token_ids.numpy().copy()
    target = batch.target.numpy().copy()
    edited = np.zeros(token_ids.shape, dtype=bool)
    for sample, groups in enumerate(batch.groups.numpy()):
        for group in np.unique(groups[groups >= 0]):
            if random.random() >= noise.share:
                continue
            rows = np.flatnonzero(groups == group)  # in order of position
            ids = token_ids[sample, rows]
            target[sample, rows] = np.where(ids == MASK, target[sample, rows], ids)
            edited[sample, rows] = True
            if random.random() < noise.own_guesses:
                ids = _fill(ids, guesses[sample, rows].numpy(), random)
            token_ids[sample, rows] = _edit(ids, noise, vocab_size, random)
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


def _edit(
    ids: np.ndarray, noise: EditNoise, vocab_size: int, random: np.random.Generator
) -> np.ndarray:
    ids = ids.copy()
    for _ in range(_count(len(ids), noise.most_edits, random)):
        new = int(random.integers(FIRST_TEXT_ID, vocab_size))
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
