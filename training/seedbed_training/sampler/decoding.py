"""Runs a decoder against a source of logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .causal_decoders import AutoregressiveDecoder, ExactDecoder
from .contract import Contract, Parameters, RequestError
from .decoder import Decoder
from .diffusion_decoder import DiffusionDecoder
from .rounds import LogitsSource, Slice

_DECODERS = {
    "autoregressive": AutoregressiveDecoder,
    "exact": ExactDecoder,
    "diffusion": DiffusionDecoder,
}


@dataclass(frozen=True)
class Round:
    slice_: Slice
    logits: np.ndarray
    kept_rows: int


@dataclass(frozen=True)
class Generation:
    token_ids: list[int]
    confidence: list[float]
    finish_reason: str
    finish_detail: str
    work: list[int]
    margin: float
    rounds: list[Round]


def make_decoder(contract: Contract, prompt: list[int], parameters: Parameters) -> Decoder:
    if parameters.mode not in _DECODERS:
        raise RequestError(
            f"mode unknown: {parameters.mode!r} (expected: one of {', '.join(_DECODERS)})"
        )
    return _DECODERS[parameters.mode](contract, prompt, parameters)


def generate(
    contract: Contract,
    prompt: list[int],
    parameters: Parameters,
    source: LogitsSource,
    max_rows: int | None = None,
    least_margin: float = 0.0,
    make: Callable[[Contract, list[int], Parameters], Decoder] = make_decoder,
) -> Generation:
    """Decodes one request to its end. `max_rows` cuts the prompt into chunks and never changes the
    tokens.

    Gives up, with an empty finish reason, when the margin of a decision is below `least_margin`.
    """
    return decode(make(contract, prompt, parameters), source, max_rows, least_margin)


def decode(
    decoder: Decoder,
    source: LogitsSource,
    max_rows: int | None = None,
    least_margin: float = 0.0,
) -> Generation:
    """`generate` for a decoder at its beginning."""
    rounds: list[Round] = []
    while True:
        slice_ = decoder.plan(max_rows)
        step = decoder.stop_before(slice_)
        if step is None:
            logits = source.logits(slice_)
            step = decoder.absorb(slice_, logits)
            rounds.append(Round(slice_, logits, step.kept_rows))
        if step.finish_reason or decoder.margin < least_margin:
            return Generation(
                decoder.output, decoder.confidence, step.finish_reason, step.finish_detail,
                decoder.work.as_list(), decoder.margin, rounds,
            )  # fmt: skip
