"""The repair benchmark: right methods with one fault, mended by a model that edits, or written
again by one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .arms import Arm
from .evaluation import judge_each
from .faults import Fault
from .sampler.decoder import Decoder
from .sampler.repair_decoder import Alignment, RepairDecoder, RepairParameters
from .sampler.together import decode_together
from .tokenizer import END, SeedbedTokenizer
from .verifier import Verifier


@dataclass(frozen=True)
class Bench:
    """What every arm is measured with. `faults`: one a prompt."""

    tokenizer: SeedbedTokenizer
    verifier: Verifier
    prompts: list[dict]
    faults: list[Fault]

    def measure(self, arm: Arm, parameters: RepairParameters) -> dict:
        """Per prompt, of the faulty method: whether the answer passes, and is minimal; tokens,
        forward passes and positions; tokens that were taken out or put in. Of the right method:
        whether the answer passes, and is the same.

        Mode `diffusion` repairs. The other modes write the method again from its prompt, without a
        look at what is there; they answer once for both.
        """
        references = [prompt["reference"] for prompt in self.prompts]
        faulty = [fault.completion for fault in self.faults]
        decoders = self._answers(arm, parameters, faulty)
        texts = [self.tokenizer.decode(decoder.output) for decoder in decoders]
        kept = texts
        if parameters.mode == "diffusion":
            again = self._answers(arm, parameters, references)
            kept = [self.tokenizer.decode(decoder.output) for decoder in again]
        repaired = self._pass(texts)
        minimal = [
            int(passes and is_minimal(reference, fault.line, text))
            for passes, reference, fault, text in zip(
                repaired, references, self.faults, texts, strict=True
            )
        ]
        return {
            "repaired": repaired,
            "minimal": minimal,
            "changed": [
                changed_tokens(manuscript, decoder.output)
                for manuscript, decoder in zip(self._manuscripts(faulty), decoders, strict=True)
            ],
            "tokens": [len(decoder.output) for decoder in decoders],
            "forwards": [decoder.work.forward_passes for decoder in decoders],
            "positions": [decoder.work.positions_evaluated for decoder in decoders],
            "edits": [decoder.work.edits for decoder in decoders],
            "unharmed": self._pass(kept),
            "unchanged": [int(a == b) for a, b in zip(kept, references, strict=True)],
        }

    def _answers(
        self,
        arm: Arm,
        parameters: RepairParameters,
        completions: list[str],
    ) -> list[Decoder]:
        requests = [
            (self.tokenizer.encode(prompt["prompt"]), replace(parameters, manuscript=manuscript))
            for prompt, manuscript in zip(self.prompts, self._manuscripts(completions), strict=True)
        ]
        make = {"make": RepairDecoder} if parameters.mode == "diffusion" else {}
        ended = dict(decode_together(arm.model, arm.contract, requests, **make))
        return [ended[number] for number in range(len(requests))]

    def _manuscripts(self, completions: list[str]) -> list[tuple[int, ...]]:
        return [(*token_ids, END) for token_ids in self.tokenizer.encode_many(completions)]

    def _pass(self, texts: list[str]) -> list[int]:
        return [int(each.passed) for each in judge_each(self.prompts, texts, self.verifier)]


def is_minimal(reference: str, line: int, repaired: str) -> bool:
    """Whether `repaired` has every line of `reference` but the faulty one, in place; `line` as in
    `Fault`."""
    right, lines = reference.split("\n"), repaired.split("\n")
    above, below = right[:line], right[line + 1 :]
    return (
        len(lines) >= len(above) + len(below)
        and lines[: len(above)] == above
        and lines[len(lines) - len(below) :] == below
    )


def changed_tokens(before: tuple[int, ...], after: list[int]) -> int:
    """Tokens taken out and put in."""
    alignment = Alignment(list(before))
    alignment.extend(after)
    return int(alignment.distances()[-1])
