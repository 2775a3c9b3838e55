"""The modes `autoregressive` and `exact`: output comes from clean rows, so both give the same
tokens."""

from __future__ import annotations

import numpy as np

from .contract import Contract, Parameters
from .decoder import Decoder
from .rounds import Slice, Step


class AutoregressiveDecoder(Decoder):
    def plan(self, max_rows: int | None = None) -> Slice:
        left = (self.prompt + self.output)[len(self.kept) :]
        chunk = left[:max_rows]
        return self._slice(chunk, len(chunk), len(chunk) - (len(chunk) == len(left)))

    def _decide(self, slice_: Slice, logits: np.ndarray) -> Step:
        if not len(logits):
            return Step(slice_.rows)
        drawn = self._draw(logits[0], len(slice_.context) + slice_.rows)
        self._limit_margin(drawn.margin)
        return self._output_step(slice_.rows, [(drawn.token_id, drawn.confidence)])


class VerifyingDecoder(Decoder):
    """What decoders with a draft of clean rows share: they take over what the model says itself."""

    def _verify(
        self, slice_: Slice, logits: np.ndarray
    ) -> tuple[list[int], list[tuple[int, float]]]:
        """The slice's draft, and the (token, confidence) pairs that stand in its place: drawn ones
        as far as the draft agrees with them, and the one after that."""
        pending_row = slice_.first_logits_row
        pending_position = len(slice_.context) + pending_row
        drafted = list(slice_.token_ids[pending_row + 1 : slice_.clean_rows])
        accepted = []
        for i in range(len(drafted) + 1):
            drawn = self._draw(logits[i], pending_position + i + 1)
            self._limit_margin(drawn.margin)
            accepted.append((drawn.token_id, drawn.confidence))
            if i == len(drafted) or drawn.token_id != drafted[i]:
                break
        return drafted, accepted


class ExactDecoder(VerifyingDecoder):
    """Verifies a draft with clean rows and drafts on with denoise rows, in one round."""

    def __init__(self, contract: Contract, prompt: list[int], parameters: Parameters) -> None:
        super().__init__(contract, prompt, parameters)
        self.draft: list[int] = []

    def plan(self, max_rows: int | None = None) -> Slice:
        length = self.parameters.draft_length
        masks = [self.contract.mask_token_id] * length
        if self.output:
            clean = [self.output[-1], *self.draft]
            return self._slice(clean + masks, len(clean), 0)
        left = self.prompt[len(self.kept) :]
        room = len(left) if max_rows is None else max(1, max_rows - length)
        if len(left) <= room:
            return self._slice(left + masks, len(left), len(left) - 1)
        # Never the whole rest: its last token must stand before the masks.
        chunk = left[: min(max_rows, len(left) - 1)]
        return self._slice(chunk, len(chunk), len(chunk))

    def _decide(self, slice_: Slice, logits: np.ndarray) -> Step:
        if not len(logits):
            return Step(slice_.rows)
        drafted, accepted = self._verify(slice_, logits)
        # The KV of the pending row is kept in any case.
        step = self._output_step(slice_.first_logits_row + len(accepted), accepted)
        if not step.finish_reason:
            self.draft = self._next_draft(slice_, logits, drafted, accepted)
        return step

    def _next_draft(
        self,
        slice_: Slice,
        logits: np.ndarray,
        drafted: list[int],
        accepted: list[tuple[int, float]],
    ) -> list[int]:
        if len(accepted) <= len(drafted):
            return []
        first_position = len(slice_.context) + slice_.clean_rows
        rows = logits[slice_.clean_rows - slice_.first_logits_row :]
        drawn = [self._draw(row, first_position + i) for i, row in enumerate(rows)]
        for each in drawn:
            self._limit_margin(each.margin)
        agrees = drawn[0].token_id == accepted[-1][0]
        return [each.token_id for each in drawn[1:]] if agrees else []
