"""The words that decoders and sources of logits share: slice, step, work."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Slice:
    """One request's rows in a round; they stand behind `context`, the ids whose KV is kept."""

    context: tuple[int, ...]
    token_ids: tuple[int, ...]
    clean_rows: int
    first_logits_row: int
    grid: int | None = None  # block size of `block_causal` visibility
    edits: bool = False  # visible tokens of the active block are asked for too, and marked

    @property
    def rows(self) -> int:
        return len(self.token_ids)

    def marked(self, mask_token_id: int) -> list[bool]:
        """Of each row: whether it is a denoise row whose visible token may be replaced."""
        return [
            self.edits and i >= self.clean_rows and token_id != mask_token_id
            for i, token_id in enumerate(self.token_ids)
        ]


class LogitsSource(Protocol):
    def logits(self, slice_: Slice) -> np.ndarray:
        """F32 [rows - first_logits_row, vocab_size]."""
        ...


@dataclass
class Work:
    """Cumulative; the order is the wire order of docs/triton-protocol.md."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    forward_passes: int = 0
    positions_evaluated: int = 0
    committed_tokens: int = 0
    edits: int = 0

    def as_list(self) -> list[int]:
        return [getattr(self, column.name) for column in fields(self)]


@dataclass(frozen=True)
class Step:
    """What one round gave: rows whose KV stays, tokens that are output, and whether the request
    ended."""

    kept_rows: int
    token_ids: list[int] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    finish_reason: str = ""
    finish_detail: str = ""
