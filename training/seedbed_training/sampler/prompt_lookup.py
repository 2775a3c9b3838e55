"""Autoregressive decoding with drafts copied from the text so far: a baseline of the evaluation.

Prompt lookup decoding (Saxena 2023): text often repeats itself, so what followed the last few
tokens before is a guess at what follows now. It asks nothing of the model, unlike `exact`, and
gives the tokens of `autoregressive` as well. No contract offers it and no engine serves it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .causal_decoders import VerifyingDecoder
from .contract import Contract, Parameters
from .decoder import Decoder
from .decoding import make_decoder
from .rounds import Slice, Step

PROMPT_LOOKUP = "prompt_lookup"
LONGEST_RUN = 3  # tokens that must stand before a draft as they stand at the end of the text


class PromptLookupDecoder(VerifyingDecoder):
    """Verifies a copied draft with clean rows; the round that ends the prompt has one as well."""

    def __init__(self, contract: Contract, prompt: list[int], parameters: Parameters) -> None:
        # To the contract this is `autoregressive`: no row ever stands behind the last token that
        # may be output.
        super().__init__(contract, prompt, replace(parameters, mode="autoregressive"))

    def plan(self, max_rows: int | None = None) -> Slice:
        text = self.prompt + self.output
        left = text[len(self.kept) :]
        chunk = left[:max_rows]
        if len(chunk) < len(left):
            return self._slice(chunk, len(chunk), len(chunk))
        most = min(self.parameters.draft_length, self.parameters.max_tokens - len(self.output) - 1)
        if max_rows is not None:
            most = min(most, max_rows - len(left))
        rows = left + lookup(text, most)
        return self._slice(rows, len(rows), len(left) - 1)

    def _decide(self, slice_: Slice, logits: np.ndarray) -> Step:
        if not len(logits):
            return Step(slice_.rows)
        _, accepted = self._verify(slice_, logits)
        return self._output_step(slice_.first_logits_row + len(accepted), accepted)


def lookup(text: list[int], most: int) -> list[int]:
    """Up to `most` tokens that followed the end of `text` where it last occurred before.

    The longest run of at most `LONGEST_RUN` tokens counts that occurs before; empty when not even
    the last token does.
    """
    for length in range(min(LONGEST_RUN, len(text) - 1), 0, -1):
        end = text[-length:]
        for start in range(len(text) - length - 1, -1, -1):
            if text[start : start + length] == end:
                return text[start + length :][:most]
    return []


def make_evaluated_decoder(
    contract: Contract, prompt: list[int], parameters: Parameters
) -> Decoder:
    """The decoder of a mode that may be measured: those of the contract, and this baseline."""
    if parameters.mode == PROMPT_LOOKUP:
        return PromptLookupDecoder(contract, prompt, parameters)
    return make_decoder(contract, prompt, parameters)
