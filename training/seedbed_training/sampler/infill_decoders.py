"""Infilling: the tokens between a prefix and a suffix that are both given.

A model of kind C sees nothing behind its active block, so the suffix stands in that block: a gap of
masks, then as much of the suffix as fits, visible and never altered. The prompt and the prefix are
the committed context. Only the gap is output.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace

import numpy as np

from .causal_decoders import AutoregressiveDecoder
from .contract import CAUSAL_CONTEXT, Contract, Parameters, RequestError
from .decoder import Decoder
from .diffusion_decoder import DiffusionDecoder
from .drawing import Drawn, probability
from .rounds import Slice, Step


@dataclass(frozen=True)
class InfillParameters(Parameters):
    """`max_tokens` is the length of the gap in mode `diffusion`, the most that is written in mode
    `autoregressive`."""

    suffix: tuple[int, ...] = ()  # what follows the gap


class InfillDecoder(DiffusionDecoder):
    """`prompt` is what stands before the gap."""

    def __init__(self, contract: Contract, prompt: list[int], parameters: InfillParameters) -> None:
        if contract.attention != CAUSAL_CONTEXT:
            raise RequestError(
                f"infilling not offered: {contract.attention} (expected: {CAUSAL_CONTEXT})"
            )
        if parameters.max_tokens > parameters.block_size:
            raise RequestError(
                f"max_tokens out of range: {parameters.max_tokens} "
                f"(expected: 1..{parameters.block_size}, the gap stands in one block)"
            )
        # The text goes on behind the gap, so it cannot end in it.
        forbidden = (*contract.forbidden_output, *contract.end_token_ids)
        super().__init__(replace(contract, forbidden_output=forbidden), prompt, parameters)

    def _open_block(self, frozen: list[int]) -> None:
        super()._open_block(frozen)
        gap, size = self.parameters.max_tokens, len(self.block)
        end = self.contract.end_token_ids[0]
        # Behind the end token a block holds end tokens in training, too.
        suffix = [*self.parameters.suffix, *[end] * size]
        self.block[gap:] = suffix[: size - gap]

    def _first_end(self) -> int:
        return len(self.block)  # an end token of the suffix ends nothing

    def _edits(self, visible: list[int], slice_: Slice, logits: np.ndarray) -> dict[int, Drawn]:
        in_gap = [i for i in visible if i < self.parameters.max_tokens]
        return super()._edits(in_gap, slice_, logits)


class MeetingDecoder(AutoregressiveDecoder):
    """Writes on behind `prompt` until the last tokens of its output are `suffix`: it has met what
    follows."""

    @property
    def met(self) -> bool:
        suffix = list(self.parameters.suffix)
        return self.output[len(self.output) - len(suffix) :] == suffix

    def absorb(self, slice_: Slice, logits: np.ndarray) -> Step:
        step = super().absorb(slice_, logits)
        if step.token_ids and self.met:
            return replace(step, finish_reason="stop", finish_detail="suffix")
        return step


class LikelihoodDecoder(Decoder):
    """Writes nothing: evaluates `prompt` and `suffix` as clean rows, once, for the probability of
    the suffix."""

    log_likelihood = 0.0  # nats

    def plan(self, max_rows: int | None = None) -> Slice:
        token_ids = self.prompt + list(self.parameters.suffix)
        return self._slice(token_ids, len(token_ids), len(self.prompt) - 1)

    def _decide(self, slice_: Slice, logits: np.ndarray) -> Step:
        for row, token_id in zip(logits[:-1], self.parameters.suffix, strict=True):
            of_token = probability(row, self.contract.forbidden_output, token_id)
            self.log_likelihood += math.log(max(of_token, sys.float_info.min))
        return Step(slice_.rows, finish_reason="stop", finish_detail="suffix")
