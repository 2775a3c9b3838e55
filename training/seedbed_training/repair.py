"""The repair benchmark: right methods with one fault, mended by a model that edits, or written
again by one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .comparison import difference, pass_at_1
from .evaluation import judge
from .faults import KINDS, Fault
from .model import Transformer
from .sampler.contract import Contract
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

    def measure(self, model: Transformer, contract: Contract, parameters: RepairParameters) -> dict:
        """Per prompt, of the faulty method: whether the answer passes, and is minimal; tokens,
        forward passes and positions; tokens that were taken out or put in. Of the right method:
        whether the answer passes, and is the same.

        Mode `diffusion` repairs. The other modes write the method again from its prompt, without a
        look at what is there; they answer once for both.
        """
        references = [prompt["reference"] for prompt in self.prompts]
        faulty = [fault.completion for fault in self.faults]
        decoders = self._answers(model, contract, parameters, faulty)
        texts = [self.tokenizer.decode(decoder.output) for decoder in decoders]
        kept = texts
        if parameters.mode == "diffusion":
            again = self._answers(model, contract, parameters, references)
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
        model: Transformer,
        contract: Contract,
        parameters: RepairParameters,
        completions: list[str],
    ) -> list[Decoder]:
        requests = [
            (self.tokenizer.encode(prompt["prompt"]), replace(parameters, manuscript=manuscript))
            for prompt, manuscript in zip(self.prompts, self._manuscripts(completions), strict=True)
        ]
        make = {"make": RepairDecoder} if parameters.mode == "diffusion" else {}
        ended = dict(decode_together(model, contract, requests, **make))
        return [ended[number] for number in range(len(requests))]

    def _manuscripts(self, completions: list[str]) -> list[tuple[int, ...]]:
        return [(*token_ids, END) for token_ids in self.tokenizer.encode_many(completions)]

    def _pass(self, texts: list[str]) -> list[int]:
        answers = [
            {"id": prompt["id"], "completion": text}
            for prompt, text in zip(self.prompts, texts, strict=True)
        ]
        verdicts = judge(self.prompts, answers, self.verifier)
        return [int(verdicts[prompt["id"]].passed) for prompt in self.prompts]


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


def tables(kinds: list[str], arms: dict[str, dict]) -> list[str]:
    """Markdown; the first arm is the baseline, and `kinds` are those of the faults, by prompt."""
    baseline = next(iter(arms.values()))
    lines = [
        "| arm | repaired, % | minus the first, points | minimal, % | tokens changed "
        "| forward passes | tokens a forward | positions | right ones unharmed, % | unchanged, % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, arm in arms.items():
        count = len(kinds)
        repaired, delta = pass_at_1(arm, "repaired"), difference(arm, baseline, "repaired")
        means = {
            column: sum(arm[column]) / count for column in ("changed", "forwards", "positions")
        }
        lines.append(
            f"| {name} | {repaired[0]:.1f} ({repaired[1]:.1f}..{repaired[2]:.1f}) "
            f"| {delta[0]:+.1f} ({delta[1]:+.1f}..{delta[2]:+.1f}) "
            f"| {pass_at_1(arm, 'minimal')[0]:.1f} | {means['changed']:.1f} "
            f"| {means['forwards']:.1f} | {sum(arm['tokens']) / sum(arm['forwards']):.2f} "
            f"| {means['positions']:.0f} | {pass_at_1(arm, 'unharmed')[0]:.1f} "
            f"| {pass_at_1(arm, 'unchanged')[0]:.1f} |"
        )
    lines += ["", "| repaired, % | " + " | ".join(KINDS) + " |", "|---" * (1 + len(KINDS)) + "|"]
    for name, arm in arms.items():
        shares = []
        for kind in KINDS:
            of_kind = [r for r, k in zip(arm["repaired"], kinds, strict=True) if k == kind]
            shares.append(f"{100 * sum(of_kind) / len(of_kind):.1f}" if of_kind else "")
        lines.append(f"| {name} | " + " | ".join(shares) + " |")
    return lines
