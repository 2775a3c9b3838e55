"""Where logits come from: a model, a recording, or arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ..model import Transformer
from ..passes import MASK
from ..visibility import slice_visibility
from .rounds import Slice


class ModelLogits:
    """Evaluates kept context and slice afresh every round: slow, without a KV cache, and hard to
    get wrong."""

    def __init__(self, model: Transformer) -> None:
        self.model = model

    def logits(self, slice_: Slice) -> np.ndarray:
        return slice_logits(self.model, slice_)


@torch.no_grad()
def slice_logits(model: Transformer, slice_: Slice) -> np.ndarray:
    """F32 [rows - first_logits_row, vocab_size] of a slice behind its context."""
    context = len(slice_.context)
    token_ids = torch.tensor([[*slice_.context, *slice_.token_ids]])
    # The kept rows see what they saw when they were evaluated: they are clean rows like those of
    # the slice.
    visible = slice_visibility(context + slice_.rows, context + slice_.clean_rows, grid=slice_.grid)
    positions = torch.arange(token_ids.shape[1])[None]
    marked = torch.tensor([[False] * context + slice_.marked(MASK)])
    hidden = model(token_ids, positions, visible[None], marked)
    return model.logits(hidden[0, context + slice_.first_logits_row :]).float().numpy()


class RecordedLogits:
    """Replays rounds; fails when the decoder asks for another slice than the recorded one."""

    def __init__(self, rounds: list[tuple[Slice, np.ndarray]]) -> None:
        self._rounds: Iterator[tuple[Slice, np.ndarray]] = iter(rounds)

    def logits(self, slice_: Slice) -> np.ndarray:
        recorded, values = next(self._rounds)
        if recorded != slice_:
            raise AssertionError(
                f"slice differs from the recording: {slice_} (expected: {recorded})"
            )
        return values


class MarkovLogits:
    """Made-up logits that depend on a position, the kind of the row and the token before, and on
    nothing else.

    Clean rows of equal position and token always agree, as those of a causal model do; a denoise
    row often prefers the token that the clean rows lead to, and sometimes another, so drafts are
    accepted and refuted in turn. With a `mask_token_id` a denoise row looks at the visible token
    before it, so that a token decided before its neighbour may have to be edited.
    """

    def __init__(
        self,
        seed: int,
        vocab_size: int,
        agreement: float,
        sharpness: float,
        mask_token_id: int | None = None,
    ) -> None:
        self.seed, self.vocab_size, self.agreement, self.sharpness, self.mask_token_id = (
            seed,
            vocab_size,
            agreement,
            sharpness,
            mask_token_id,
        )

    def logits(self, slice_: Slice) -> np.ndarray:
        position, previous = len(slice_.context), (slice_.context or (0,))[-1]
        rows = []
        for i, token_id in enumerate(slice_.token_ids):
            if i < slice_.clean_rows:
                row, previous = self._clean_row(position + i, token_id), token_id
            else:
                row, previous = self._denoise_row(position + i, previous, i - slice_.clean_rows)
                if self.mask_token_id is not None and token_id != self.mask_token_id:
                    previous = token_id
            rows.append(row)
        return np.array(rows[slice_.first_logits_row :], dtype=np.float32).reshape(
            -1, self.vocab_size
        )

    def _clean_row(self, position: int, token_id: int) -> np.ndarray:
        random = np.random.default_rng([self.seed, 1, position + 1, token_id])
        row = 3 * random.random(self.vocab_size)
        row[random.integers(self.vocab_size)] += self.sharpness * random.random()
        return row.astype(np.float32)

    def _denoise_row(self, position: int, previous: int, depth: int) -> tuple[np.ndarray, int]:
        random = np.random.default_rng([self.seed, 2, position, previous])
        likely = self._clean_row(position - 1, previous)
        agrees = random.random() < self.agreement ** (1 + depth / 8)
        row = likely if agrees else np.roll(likely, int(random.integers(1, self.vocab_size)))
        noisy = row + 0.25 * random.random(self.vocab_size)
        return noisy.astype(np.float32), int(noisy.argmax())
