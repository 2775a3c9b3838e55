"""Recorded cases that tie the engine's sampler to this one: requests, the logits of every round,
and what must come out."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np

from .sampler.contract import (
    BLOCK_CAUSAL,
    CAUSAL_CONTEXT,
    FULL,
    MODES_OF,
    POLICIES,
    Contract,
    Parameters,
)
from .sampler.decoding import Generation, generate
from .sampler.rounds import Slice
from .sampler.sources import MarkovLogits

VOCAB_SIZE = 32
# The logits are recorded; only the last bits of exp and of sums may differ between languages.
SMALLEST_MARGIN = 1e-9
_PROMPT_LENGTHS = (1, 3, 8, 13, 16, 21)
_BLOCK_SIZES = (1, 4, 8, 16, 5, 12)
_MAX_TOKENS = (1, 5, 16, 24, 33, 40)
_END_TOKENS = ((1,), (1, 9), (7, 1), (31,))


def _contract(
    attention: str, shift_logits: bool, block_size: int, end_token_ids: tuple[int, ...]
) -> Contract:
    return Contract(
        attention=attention,
        modes=MODES_OF[attention],
        vocab_size=VOCAB_SIZE,
        context_length=256,
        block_size=block_size,
        max_block_size=32,
        mask_token_id=2,
        end_token_ids=end_token_ids,
        forbidden_output=(0, 2),
        can_edit=True,
        shift_logits=shift_logits,
    )


def _requests():
    """(contract, prompt, parameters, max_rows, logits) in the order of the file."""
    kinds = [
        (CAUSAL_CONTEXT, "autoregressive", "threshold", False, False),
        (CAUSAL_CONTEXT, "exact", "threshold", False, False),
    ]
    for edits in (False, True):
        kinds += [
            (attention, "diffusion", policy, edits, False)
            for attention, policy in product((CAUSAL_CONTEXT, BLOCK_CAUSAL), POLICIES)
        ]
    kinds += [
        (BLOCK_CAUSAL, "diffusion", "threshold", False, True),
        (BLOCK_CAUSAL, "diffusion", "confident_prefix", True, True),
        (FULL, "diffusion", "fixed_steps", False, False),
        (FULL, "diffusion", "threshold", False, True),
        (FULL, "diffusion", "confident_prefix", True, True),
    ]
    temperatures = ((0.0, 1.0), (0.8, 1.0), (0.8, 0.95))
    for number, (kind, (temperature, top_p), variant) in enumerate(
        product(kinds, temperatures, range(8))
    ):
        attention, mode, policy, edits, shift_logits = kind
        random = np.random.default_rng([7, number])
        block_size = _BLOCK_SIZES[(variant + number // 8) % len(_BLOCK_SIZES)]
        end_token_ids = _END_TOKENS[variant % len(_END_TOKENS)]
        contract = _contract(attention, shift_logits, block_size, end_token_ids)
        prompt = random.integers(
            3, VOCAB_SIZE, _PROMPT_LENGTHS[int(random.integers(len(_PROMPT_LENGTHS)))]
        ).tolist()
        if variant == 3:
            prompt[-1] = contract.end_token_ids[0]  # an end token of the prompt ends nothing
        parameters = Parameters(
            max_tokens=_MAX_TOKENS[int(random.integers(len(_MAX_TOKENS)))],
            mode=mode,
            policy=policy,
            threshold=(0.5, 0.7, 0.9, 1.0)[variant % 4],
            steps=1 + variant % block_size,
            edit_threshold=(0.3, 0.5, 0.7, 0.9)[variant % 4] if edits else 1.0,
            edit_rounds=(0, 1, 2, 8)[variant // 2] if edits else 0,
            block_size=block_size,
            draft_length=(1, 2, 5, 8, 12)[variant % 5],
            temperature=temperature,
            top_p=top_p,
            seed=(0, 7, 2**32 + 5, 2**63 - 1)[variant % 4],
            max_positions=60 if variant in (5, 6) else None,
        )
        max_rows = (None, None, None, None, 18, None, 26, None)[variant]
        looks_at = contract.mask_token_id if edits or attention == FULL else None
        source = MarkovLogits(number, VOCAB_SIZE, 0.985, 16.0, looks_at)
        yield contract, prompt, parameters, max_rows, source


def build_cases() -> tuple[list[dict], np.ndarray]:
    """The cases and all their logits, F32 [rows, VOCAB_SIZE], in the order in which the cases refer
    to them."""
    cases, logits = [], []
    offset = 0
    for number, (contract, prompt, parameters, max_rows, source) in enumerate(_requests()):
        generation = generate(contract, prompt, parameters, source, max_rows)
        if generation.margin < SMALLEST_MARGIN:
            raise AssertionError(
                f"case {number} hangs on the last bits: margin {generation.margin} "
                f"(expected: {SMALLEST_MARGIN})"
            )
        rounds = []
        for each in generation.rounds:
            read = _read_rows(contract, parameters, each.logits)
            rounds.append(_round_document(each.slice_, each.kept_rows, offset, len(read)))
            logits.append(read)
            offset += len(read)
        cases.append(
            _case_document(number, contract, prompt, parameters, max_rows, rounds, generation)
        )
    return cases, np.concatenate(logits)


def _read_rows(contract: Contract, parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    """Without the rows at the end that no draw reads: masks behind the active block, and with
    shifted logits the block's last position."""
    if contract.attention == FULL:
        return logits[: parameters.block_size]
    return logits[: max(0, len(logits) - contract.shift_logits)]


def _round_document(slice_: Slice, kept_rows: int, offset: int, rows: int) -> dict:
    return {
        "token_ids": list(slice_.token_ids),
        "clean_rows": slice_.clean_rows,
        "first_logits_row": slice_.first_logits_row,
        **({"edits": True} if slice_.edits else {}),
        "kept_rows": kept_rows,
        "logits_offset": offset,
        "logits_rows": rows,
    }


def _case_document(
    number, contract, prompt, parameters, max_rows, rounds, generation: Generation
) -> dict:
    return {
        "name": f"{number:03d}-{contract.attention}{'-shifted' * contract.shift_logits}"
        f"-{parameters.mode}-{parameters.policy}"
        f"-t{parameters.temperature}-p{parameters.top_p}",
        # No case depends on what is optional.
        "contract": {name: value for name, value in asdict(contract).items() if value != ()},
        "prompt": prompt,
        "parameters": asdict(parameters),
        "max_rows": max_rows,
        "rounds": rounds,
        "token_ids": generation.token_ids,
        "confidence": generation.confidence,
        "finish_reason": generation.finish_reason,
        "finish_detail": generation.finish_detail,
        "work": generation.work,
    }


def write_cases(folder: Path) -> None:
    cases, logits = build_cases()
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    header = f'{{"format":1,"vocab_size":{VOCAB_SIZE},"logits":"logits.f32","cases":[\n'
    (folder / "cases.json").write_text(f"{header}{lines}\n]}}\n")
    logits.astype("<f4").tofile(folder / "logits.f32")
