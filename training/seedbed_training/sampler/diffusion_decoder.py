"""The mode `diffusion`: blocks of masks that become visible over several rounds."""

from __future__ import annotations

import numpy as np

from .contract import BLOCK_CAUSAL, FULL, Contract, Parameters
from .decoder import Decoder
from .drawing import Drawn
from .policies import reveal
from .rounds import Slice, Step


class DiffusionDecoder(Decoder):
    def __init__(self, contract: Contract, prompt: list[int], parameters: Parameters) -> None:
        super().__init__(contract, prompt, parameters)
        size = parameters.block_size
        # Kind B: the prompt's tail opens the first block, visible from the start and not part of
        # the output.
        tail = len(prompt) % size if contract.attention == BLOCK_CAUSAL else 0
        self.shift = int(contract.shift_logits)
        self.block_start = len(prompt) - tail
        self.committing = prompt[: self.block_start]  # clean rows still to evaluate
        self.revealed_in: list[int] = []  # of each output token: the round of its block, from 0
        self._open_block(prompt[self.block_start :])

    def _open_block(self, frozen: list[int]) -> None:
        self.block: list[int | None] = [
            *frozen,
            *[None] * (self.parameters.block_size - len(frozen)),
        ]
        self.block_confidence = [0.0] * self.parameters.block_size
        self.block_revealed_in = [0] * self.parameters.block_size
        self.frozen = len(frozen)
        self.denoise_rounds = 0
        self.edit_rounds = 0  # rounds that began with the block decided
        # What the last committed row says of the block's first position: it sees nothing of the
        # block, so it is evaluated once, beside the block's first round (`shift_logits` only).
        self.inherited: Drawn | None = None
        self.states: set[tuple[int | None, ...]] = set()  # of the block, after each of its rounds

    def _grid(self) -> int | None:
        return self.parameters.block_size if self.contract.attention == BLOCK_CAUSAL else None

    def _edits_on(self) -> bool:
        return self.parameters.edit_threshold < 1

    def _asks_visible(self) -> bool:
        return self._edits_on()

    def plan(self, max_rows: int | None = None) -> Slice:
        masks = [
            self.contract.mask_token_id if token_id is None else token_id for token_id in self.block
        ]
        if self.contract.attention == FULL:
            tokens = self.prompt + self.output + masks
            tokens += [self.contract.mask_token_id] * (self._canvas_end() - len(tokens))
            return self._slice(tokens, 0, self.block_start - self.shift)
        if (
            not self.output
            and max_rows is not None
            and len(self.committing) + len(masks) > max_rows
        ):
            chunk = self.committing[: self._chunk_length(max_rows)]
            if chunk != self.committing:
                return self._slice(chunk, len(chunk), len(chunk))
        clean = len(self.committing)
        return self._slice(self.committing + masks, clean, max(0, clean - self.shift))

    def _canvas_end(self) -> int:
        size = self.parameters.block_size
        return len(self.prompt) + -(-self.parameters.max_tokens // size) * size

    def _chunk_length(self, max_rows: int) -> int:
        """Clean rows of a round without masks; at least one token (kind B: one block) is left for
        the round with masks."""
        unit = self._grid() or 1
        most = (len(self.committing) - 1) // unit * unit
        return min(max(unit, max_rows // unit * unit), most) or len(self.committing)

    def _decide(self, slice_: Slice, logits: np.ndarray) -> Step:
        if slice_.rows == slice_.clean_rows:
            self.committing = self.committing[slice_.rows :]
            return Step(slice_.rows)
        self.committing = []
        was_decided = self._decided_end() is not None
        edited = self._denoise(slice_, logits)
        self.denoise_rounds += 1
        self.edit_rounds += was_decided
        end = self._decided_end()
        if end is None or self._looks_again(was_decided, edited):
            return Step(slice_.clean_rows)
        return self._commit(slice_.clean_rows, end)

    def _commit(self, kept_rows: int, end: int) -> Step:
        """Outputs the decided block up to `end`, and opens the next unless that ends the
        request."""
        drawn = list(zip(self.block, self.block_confidence, strict=True))[self.frozen : end]
        step = self._output_step(kept_rows, drawn)
        self.revealed_in += self.block_revealed_in[self.frozen :][: len(step.token_ids)]
        if not step.finish_reason:
            self.committing = list(self.block)
            self.block_start += len(self.block)
            self._open_block([])
        return step

    def _looks_again(self, was_decided: bool, edited: bool) -> bool:
        """Whether a decided block takes another round, for edits only."""
        if not self._edits_on() or self.edit_rounds == self.parameters.edit_rounds:
            return False
        return edited or not was_decided

    def _draw_at(self, slice_: Slice, logits: np.ndarray, index: int) -> Drawn:
        """The draw for a position of the block, from the row that speaks of it."""
        if index == 0 and self.inherited is not None:
            return self.inherited
        position = self.block_start + index
        row = position - self.shift - len(slice_.context)
        drawn = self._draw(logits[row - slice_.first_logits_row], position)
        if self.shift and row < slice_.clean_rows:
            self.inherited = drawn
        return drawn

    def _denoise(self, slice_: Slice, logits: np.ndarray) -> bool:
        """One round of the block; whether a visible token was replaced."""
        end = self._first_end()
        written = range(self.frozen, min(end + 1, len(self.block)))
        visible = [i for i in written if self.block[i] is not None]
        undecided = [i for i in range(end) if self.block[i] is None]
        drawn = {i: self._draw_at(slice_, logits, i) for i in undecided}
        edits = self._edits(visible, slice_, logits)
        if undecided:
            self._reveal(drawn)
        edited = self._apply(edits)
        self.states.add(tuple(self.block))
        return edited

    def _reveal(self, drawn: dict[int, Drawn]) -> None:
        chosen, margin = reveal(
            {i: each.confidence for i, each in drawn.items()}, self.denoise_rounds, self.parameters
        )
        self._limit_margin(margin)
        for i, each in drawn.items():
            # With a temperature the confidence of a row hangs on its token, revealed or not.
            if i in chosen or self.parameters.temperature > 0:
                self._limit_margin(each.margin)
        self._make_visible(chosen, drawn)

    def _make_visible(self, chosen: list[int], drawn: dict[int, Drawn]) -> None:
        for i in chosen:
            self.block[i], self.block_confidence[i] = drawn[i].token_id, drawn[i].confidence
            self.block_revealed_in[i] = self.denoise_rounds

    def _edits(self, visible: list[int], slice_: Slice, logits: np.ndarray) -> dict[int, Drawn]:
        """The visible positions whose token another one beats, with that token."""
        threshold = self.parameters.edit_threshold
        if not self._edits_on():
            return {}
        edits = {}
        for i in visible:
            drawn = self._draw_at(slice_, logits, i)
            self._limit_margin(drawn.margin)
            if drawn.token_id != self.block[i]:
                self._limit_margin(abs(drawn.confidence - threshold))
                if drawn.confidence > threshold:
                    edits[i] = drawn
        return edits

    def _apply(self, edits: dict[int, Drawn]) -> bool:
        """Replaces tokens, unless the block has been in the state that results: edits must not go
        round in a circle."""
        state = list(self.block)
        for i, drawn in edits.items():
            state[i] = drawn.token_id
        if not edits or tuple(state) in self.states:
            return False
        for i, drawn in edits.items():
            self.block_confidence[i] = drawn.confidence
        self.block = state
        self.work.edits += len(edits)
        return True

    def _first_end(self) -> int:
        """Index of the first visible end token that was drawn, or the block's size."""
        for i in range(self.frozen, len(self.block)):
            if self.block[i] in self.contract.end_token_ids:
                return i
        return len(self.block)

    def _decided_end(self) -> int | None:
        """How much of the block is output, counted from its start; None while it is undecided."""
        up_to_end = min(len(self.block), self._first_end() + 1)
        up_to_limit = self.frozen + self.parameters.max_tokens - len(self.output)
        end = min(up_to_end, up_to_limit)
        return None if any(token_id is None for token_id in self.block[:end]) else end
