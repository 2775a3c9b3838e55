"""A request's state between rounds: what its next slice is, and what the slice's logits mean."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from .contract import Contract, Parameters, validate
from .drawing import Drawn, draw
from .philox import uniform
from .rounds import Slice, Step, Work


class Decoder(ABC):
    """One subclass per mode. `plan` and `absorb` alternate until a step carries a finish reason."""

    def __init__(self, contract: Contract, prompt: list[int], parameters: Parameters) -> None:
        validate(contract, prompt, parameters)
        self.contract = contract
        self.prompt = list(prompt)
        self.parameters = parameters
        self.work = Work(input_tokens=len(prompt))
        self.kept: list[int] = []  # ids whose KV is kept: a prefix of prompt + output
        self.output: list[int] = []
        self.confidence: list[float] = []
        self.margin = math.inf  # smallest decision margin so far
        self.drawing = draw

    @abstractmethod
    def plan(self, max_rows: int | None = None) -> Slice:
        """The next slice.

        A prompt is cut to keep to `max_rows`; other slices are as long as they must be.
        """

    @abstractmethod
    def _decide(self, slice_: Slice, logits: np.ndarray) -> Step:
        """What the logits of `slice_` mean; does not touch `kept`, `output` or `work`."""

    def stop_before(self, slice_: Slice) -> Step | None:
        """The step that ends the request when `slice_` would exceed `max_positions`."""
        limit = self.parameters.max_positions
        if limit is not None and self.work.positions_evaluated + slice_.rows > limit:
            return Step(0, finish_reason="length", finish_detail="work_limit")
        return None

    def absorb(self, slice_: Slice, logits: np.ndarray) -> Step:
        step = self._decide(slice_, logits)
        self.kept += slice_.token_ids[: step.kept_rows]
        self.output += step.token_ids
        self.confidence += step.confidence
        self.work.forward_passes += 1
        self.work.positions_evaluated += slice_.rows
        self.work.committed_tokens = len(self.output)
        return step

    def _slice(self, token_ids: list[int], clean_rows: int, first_logits_row: int) -> Slice:
        return Slice(
            tuple(self.kept),
            tuple(token_ids),
            clean_rows,
            first_logits_row,
            self._grid(),
            self._asks_visible(),
        )

    def _grid(self) -> int | None:
        return None

    def _asks_visible(self) -> bool:
        """Whether rows of visible tokens of the active block are asked for their own token."""
        return False

    def _draw(self, row: np.ndarray, position: int) -> Drawn:
        p = self.parameters
        u = uniform(p.seed, position) if p.temperature > 0 else 0.0
        return self.drawing(row, self.contract.forbidden_output, p.temperature, p.top_p, u)

    def _limit_margin(self, margin: float) -> None:
        self.margin = min(self.margin, margin)

    def _output_step(self, kept_rows: int, drawn: list[tuple[int, float]]) -> Step:
        """Cuts (token, confidence) pairs at the first end token or at `max_tokens`, and says
        whether that ends the request."""
        token_ids, confidence = [], []
        for token_id, value in drawn:
            token_ids.append(token_id)
            confidence.append(value)
            if token_id in self.contract.end_token_ids:
                return Step(kept_rows, token_ids, confidence, "stop", "end_token")
            if len(self.output) + len(token_ids) == self.parameters.max_tokens:
                return Step(kept_rows, token_ids, confidence, "length", "max_tokens")
        return Step(kept_rows, token_ids, confidence)
