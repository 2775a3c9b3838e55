"""The infilling benchmark: a piece out of the middle of a right method, written again between what
stands before and behind it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from .arms import Arm
from .evaluation import dealt, first_to_fail, judge_each
from .sampler.infill_decoders import (
    InfillDecoder,
    InfillParameters,
    LikelihoodDecoder,
    MeetingDecoder,
)
from .sampler.rounds import Work
from .sampler.together import decode_together
from .tokenizer import END, SeedbedTokenizer
from .verifier import Verifier

KINDS = ("line", "lines", "span")
MOST_TOKENS = 24  # of a gap: the rest of a block of 32 is for the suffix
_SPAN = (4, 16)
CHOICES = ("confidence", "likelihood")


@dataclass(frozen=True)
class Gap:
    """Token ids of a right completion: `before` + `middle` + `after`, the end token included."""

    kind: str
    before: list[int]
    middle: list[int]
    after: list[int]


@dataclass(frozen=True)
class SearchParameters(InfillParameters):
    """How a gap is filled whose length is not told: every length up to `longest` is tried, and of
    the answers one is chosen, by the mean logarithm of the tokens' confidence, or by the likelihood
    of answer and suffix as next tokens, for one more forward pass each."""

    longest: int = MOST_TOKENS
    choose: str = "confidence"


def draw_gaps(
    prompts: Sequence[dict], seed: int, tokenizer: SeedbedTokenizer, verifier: Verifier
) -> list[Gap]:
    """One gap in the `reference` of each prompt of `draw_prompts`, without which it does not pass:
    a line, two lines, or 4 to 16 tokens, dealt out evenly where a method has them."""
    rng = random.Random(f"gaps/{seed}")
    changes = []
    for prompt, kinds in zip(prompts, dealt(KINDS, len(prompts), rng), strict=True):
        token_ids = [*tokenizer.encode(prompt["reference"]), END]
        gaps = []
        for kind in kinds:
            of_kind = possible_gaps(token_ids, kind, tokenizer)
            gaps += rng.sample(of_kind, len(of_kind))
        changes.append([(gap, tokenizer.decode(gap.before + gap.after)) for gap in gaps])
    return first_to_fail(prompts, changes, verifier)


def possible_gaps(token_ids: list[int], kind: str, tokenizer: SeedbedTokenizer) -> list[Gap]:
    """Every gap of `kind`, one of `KINDS`, in a completion with its end token. Lines are neither
    the first nor the last, which closes the method."""
    last = len(token_ids) - 1  # of the end token
    if kind == "span":
        shortest = min(_SPAN[0], last - 1)
        spans = [
            (start, start + length)
            for length in range(shortest, _SPAN[1] + 1)
            for start in range(last - length)
        ]
    else:
        starts = line_starts(token_ids, tokenizer)
        lines = KINDS.index(kind) + 1
        spans = [(starts[i], starts[i + lines]) for i in range(1, len(starts) - lines)]
    return [
        Gap(kind, token_ids[:start], token_ids[start:end], token_ids[end:])
        for start, end in spans
        if end - start <= MOST_TOKENS
    ]


def line_starts(token_ids: Sequence[int], tokenizer: SeedbedTokenizer) -> list[int]:
    """Indices of the tokens that begin with a newline."""
    return [i for i, token_id in enumerate(token_ids) if tokenizer.decode([token_id])[:1] == "\n"]


@dataclass(frozen=True)
class Filling:
    """What stands in the gap, how sure each token was, and what that cost."""

    token_ids: list[int]
    confidence: list[float]
    work: Work


@dataclass(frozen=True)
class Bench:
    """What every arm is measured with. `gaps`: one a prompt."""

    tokenizer: SeedbedTokenizer
    verifier: Verifier
    prompts: list[dict]
    gaps: list[Gap]

    def measure(self, arm: Arm, parameters: SearchParameters) -> dict:
        """Per prompt: whether the filling is what was taken out, whether the method passes; tokens,
        forward passes and positions, those of every length that was tried.

        Mode `diffusion` tells the same of the fillings of the true length, under `told`. Mode
        `autoregressive` writes on from what stands before the gap until it meets what follows.
        """
        if parameters.mode == "autoregressive":
            return self._measured(self._continued(arm, parameters))
        _validate(parameters, self.gaps)
        tried = self._tried(arm, parameters)
        chosen = [self._chosen(fillings) for fillings in self._scored(arm, parameters, tried)]
        told = [
            by_length[len(gap.middle) - 1] for gap, by_length in zip(self.gaps, tried, strict=True)
        ]
        return self._measured(chosen) | {"told": self._measured(told)}

    def _before(self) -> list[list[int]]:
        return [
            self.tokenizer.encode(prompt["prompt"]) + gap.before
            for prompt, gap in zip(self.prompts, self.gaps, strict=True)
        ]

    def _tried(self, arm: Arm, parameters: SearchParameters) -> list[list[Filling]]:
        """Of each prompt, the fillings of length 1, 2, ..."""
        lengths = range(1, parameters.longest + 1)
        requests = [
            (before, replace(parameters, max_tokens=length, suffix=tuple(gap.after)))
            for before, gap in zip(self._before(), self.gaps, strict=True)
            for length in lengths
        ]
        ended = dict(decode_together(arm.model, arm.contract, requests, make=InfillDecoder))
        fillings = [
            Filling(ended[i].output, ended[i].confidence, ended[i].work)
            for i in range(len(requests))
        ]
        return [fillings[i : i + len(lengths)] for i in range(0, len(fillings), len(lengths))]

    def _scored(
        self,
        arm: Arm,
        parameters: SearchParameters,
        tried: list[list[Filling]],
    ) -> list[list[tuple[float, Filling]]]:
        if parameters.choose == "confidence":
            return [[(_mean_log(each.confidence), each) for each in row] for row in tried]
        requests = [
            (before, replace(parameters, suffix=(*filling.token_ids, *gap.after)))
            for before, gap, row in zip(self._before(), self.gaps, tried, strict=True)
            for filling in row
        ]
        judged = dict(decode_together(arm.model, arm.contract, requests, make=LikelihoodDecoder))
        decoders = iter(judged[i] for i in range(len(requests)))
        return [
            [
                (decoder.log_likelihood, replace(each, work=total([each.work, decoder.work])))
                for each, decoder in zip(row, decoders, strict=False)
            ]
            for row in tried
        ]

    def _chosen(self, scored: list[tuple[float, Filling]]) -> Filling:
        """The filling of the best score, the shortest of equals, at the price of all."""
        best = max(scored, key=lambda each: each[0])[1]
        return replace(best, work=total([each.work for _, each in scored]))

    def _continued(self, arm: Arm, parameters: SearchParameters) -> list[Filling]:
        requests = [
            (before, replace(parameters, suffix=tuple(next_line(gap.after, self.tokenizer))))
            for before, gap in zip(self._before(), self.gaps, strict=True)
        ]
        ended = dict(decode_together(arm.model, arm.contract, requests, make=MeetingDecoder))
        fillings = []
        for i, gap in enumerate(self.gaps):
            decoder = ended[i]
            length = len(decoder.output) - len(decoder.parameters.suffix)
            if not decoder.met:
                length = length_of_lines(decoder.output, gap.middle, self.tokenizer)
            written, confidence = decoder.output[:length], decoder.confidence[:length]
            fillings.append(Filling(written, confidence, decoder.work))
        return fillings

    def _measured(self, fillings: list[Filling]) -> dict:
        pairs = list(zip(self.gaps, fillings, strict=True))
        decode = self.tokenizer.decode
        texts = [decode(gap.before + filling.token_ids + gap.after) for gap, filling in pairs]
        verdicts = judge_each(self.prompts, texts, self.verifier)
        return {
            "exact": [int(decode(f.token_ids) == decode(gap.middle)) for gap, f in pairs],
            "passed": [int(verdict.passed) for verdict in verdicts],
            "tokens": [len(filling.token_ids) for filling in fillings],
            "forwards": [filling.work.forward_passes for filling in fillings],
            "positions": [filling.work.positions_evaluated for filling in fillings],
        }


def next_line(after: list[int], tokenizer: SeedbedTokenizer) -> list[int]:
    """The tokens of `after` up to where its next whole line is at its end: that which begins there,
    or the rest of one."""
    starts = [i for i in line_starts(after, tokenizer) if i > 0]
    return after[: starts[0] + 1] if starts else after


def length_of_lines(written: list[int], middle: list[int], tokenizer: SeedbedTokenizer) -> int:
    """Tokens of `written` that make as many lines as `middle` has."""
    lines = len(line_starts(middle, tokenizer))
    starts = line_starts(written, tokenizer)
    return starts[lines] if lines < len(starts) else len(written)


def total(works: Sequence[Work]) -> Work:
    """The sum, counter by counter."""
    names = [counter.name for counter in fields(Work)]
    return Work(**{name: sum(getattr(work, name) for work in works) for name in names})


def _mean_log(confidence: list[float]) -> float:
    return sum(map(math.log, confidence)) / len(confidence)


def _validate(parameters: SearchParameters, gaps: list[Gap]) -> None:
    if parameters.choose not in CHOICES:
        raise ValueError(
            f"choose unknown: {parameters.choose!r} (expected: one of {', '.join(CHOICES)})"
        )
    most = max(len(gap.middle) for gap in gaps)
    if not most <= parameters.longest < parameters.block_size:
        raise ValueError(
            f"longest out of range: {parameters.longest} "
            f"(expected: {most}..{parameters.block_size - 1})"
        )
