"""Repair: the mode `diffusion`, started from a text that may be wrong instead of from masks.

The text is called the manuscript. A block opens with its next tokens, visible; rounds of edits
change them as docs/sampling.md says ("Edits"); then the block is committed, and the rest of the
manuscript is aligned with what was committed, so that a line too many or too few moves what
follows. A block for which the manuscript has nothing opens with masks.

A token of the manuscript may be doubted: when the model gives it a probability below `doubt`, it
becomes undecided again and the policy reveals it anew, as remasking samplers do (ReMDM, Wang et al.
2025, arXiv 2503.00307), here chosen by the token's own probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .contract import CAUSAL_CONTEXT, Contract, Parameters, RequestError
from .diffusion_decoder import DiffusionDecoder
from .drawing import probability
from .rounds import Slice, Step


@dataclass(frozen=True)
class RepairParameters(Parameters):
    manuscript: tuple[int, ...] = ()  # the end token included
    # 0: never. At 0.03 a model with edit training doubts nearly every fault and hardly a right
    # token, and edits add nothing to it (LOG.md).
    doubt: float = 0.03


class Alignment:
    """How much of the manuscript the committed tokens stand for.

    The distance is that of insertions and deletions: twice a token is cheaper than a line of
    substitutions, so a line too many or too few is found once a few tokens behind it agree.
    """

    def __init__(self, manuscript: list[int]) -> None:
        self.manuscript = np.array(manuscript, dtype=np.int64)
        self.committed = 0
        # By number n of manuscript tokens: longest common subsequence of the committed tokens and
        # the first n, and how many last tokens of both are equal.
        self.common = np.zeros(len(manuscript) + 1, dtype=np.int64)
        self.equal_tail = np.zeros(len(manuscript) + 1, dtype=np.int64)

    def extend(self, token_ids: list[int]) -> None:
        for token_id in token_ids:
            equal = self.manuscript == token_id
            matched = np.append(0, self.common[:-1] + equal)
            self.common = np.maximum.accumulate(np.maximum(self.common, matched))
            self.equal_tail = np.append(0, np.where(equal, self.equal_tail[:-1] + 1, 0))
            self.committed += 1

    def distances(self) -> np.ndarray:
        """By number of manuscript tokens: tokens to take out of them, and to put in, to get the
        committed ones."""
        return self.committed + np.arange(len(self.common)) - 2 * self.common

    def used(self) -> int | None:
        """Manuscript tokens that the committed ones stand for; None while the last of both differ.

        The shortest distance wins; of equals that with the longest equal tail, then the one that
        keeps the length.
        """
        moved = np.abs(np.arange(len(self.common)) - self.committed)
        best = int(np.lexsort((moved, -self.equal_tail, self.distances()))[0])
        return best if not self.committed or self.equal_tail[best] else None


class RepairDecoder(DiffusionDecoder):
    def __init__(self, contract: Contract, prompt: list[int], parameters: RepairParameters) -> None:
        _validate(contract, parameters)
        self.alignment = Alignment(list(parameters.manuscript))
        super().__init__(contract, prompt, parameters)

    def _asks_visible(self) -> bool:
        return True  # for doubt, and for the confidence of what stays

    def _open_block(self, frozen: list[int]) -> None:
        super()._open_block(frozen)
        used = self.alignment.used()
        manuscript = self.parameters.manuscript
        given = () if used is None else manuscript[used : used + len(self.block)]
        self.block[: len(given)] = given
        self.given = set(range(len(given)))  # whose token is the manuscript's, untouched so far
        self.states.add(tuple(self.block))  # edits must not lead back to it either

    def _commit(self, kept_rows: int, end: int) -> Step:
        self.alignment.extend(self.block[:end])
        return super()._commit(kept_rows, end)

    def _denoise(self, slice_: Slice, logits: np.ndarray) -> bool:
        shown = list(self.block)
        edited = super()._denoise(slice_, logits)
        self.given = {i for i in self.given if self.block[i] == shown[i]}
        read = [i for i in sorted(self.given) if i <= self._first_end()]
        for i in read:
            row = logits[slice_.clean_rows + i - slice_.first_logits_row]
            self.block_confidence[i] = probability(
                row, self.contract.forbidden_output, self.block[i]
            )
        # Only what the manuscript gave is ever doubted, so a block has no more such rounds than
        # positions.
        doubted = {i for i in read if self.block_confidence[i] < self.parameters.doubt}
        for i in doubted:
            self.block[i], self.block_confidence[i] = None, 0.0
        self.given -= doubted
        return edited or bool(doubted)


def _validate(contract: Contract, parameters: RepairParameters) -> None:
    if contract.attention != CAUSAL_CONTEXT or parameters.mode != "diffusion":
        raise RequestError(
            f"repair not offered: {contract.attention} in mode {parameters.mode} "
            f"(expected: {CAUSAL_CONTEXT} in mode diffusion)"
        )
    if not 0 <= parameters.doubt < 1:
        raise RequestError(
            f"doubt out of range: {parameters.doubt} (expected: at least 0, below 1)"
        )
    if parameters.doubt > 0 and not contract.can_edit:
        raise RequestError(
            f"doubt not offered: {parameters.doubt} (expected: 0, the model cannot edit)"
        )
    for token_id in parameters.manuscript:
        if not 0 <= token_id < contract.vocab_size or token_id in contract.forbidden_output:
            raise RequestError(
                f"manuscript token id out of range: {token_id} "
                f"(expected: 0..{contract.vocab_size - 1}, none of {contract.forbidden_output})"
            )
