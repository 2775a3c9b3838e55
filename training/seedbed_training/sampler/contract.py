"""What decoding must know of a model, and what a request may ask for (docs/model-version.md,
docs/triton-protocol.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

BLOCK_CAUSAL = "block_causal"
CAUSAL_CONTEXT = "causal_context"
FULL = "full"
MODES = ("autoregressive", "exact", "diffusion")
MODES_OF = {BLOCK_CAUSAL: ("diffusion",), CAUSAL_CONTEXT: MODES, FULL: ("diffusion",)}
MOST_EDIT_ROUNDS = 16
POLICIES = ("threshold", "confident_prefix", "fixed_steps")


@dataclass(frozen=True)
class Contract:
    attention: str
    modes: tuple[str, ...]
    vocab_size: int
    context_length: int
    block_size: int
    max_block_size: int
    mask_token_id: int
    end_token_ids: tuple[int, ...]
    forbidden_output: tuple[int, ...]
    can_edit: bool
    shift_logits: bool = False  # the row of a position says what stands at the next one
    draft_yield: tuple[tuple[int, float], ...] = ()  # (draft length, tokens per forward pass)

    @classmethod
    def of(cls, document: dict) -> Contract:
        """From the document of contract.json; fields that do not concern decoding are left out.

        Raises ValueError naming what is wrong with a draft_yield.
        """
        values = {
            name: document[name] for name in cls.__dataclass_fields__ if name != "draft_yield"
        }
        if "draft_yield" in document:
            values["draft_yield"] = checked_draft_yield(
                document["draft_yield"], document["max_block_size"], document["modes"]
            )
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in values.items()
            }
        )

    @classmethod
    def load(cls, file: Path) -> Contract:
        return cls.of(json.loads(file.read_text()))


def checked_draft_yield(
    pairs: list, max_block_size: int, modes: list[str]
) -> tuple[tuple[int, float], ...]:
    """What a contract may say of mode `exact`: ascending draft lengths, each with at least one
    token per forward pass and at most as many as the length.

    Raises ValueError naming the value and what was expected.
    """
    if "exact" not in modes:
        raise ValueError(f"draft_yield is given without mode exact: {pairs}")
    if not isinstance(pairs, list) or not pairs:
        raise ValueError(
            f"draft_yield has the wrong type: {pairs!r} "
            "(expected: list of [draft_length, tokens per forward pass], not empty)"
        )
    checked: list[tuple[int, float]] = []
    for pair in pairs:
        match pair:
            case [int(length), int() | float() as tokens]:
                pass
            case _:
                raise ValueError(
                    f"draft_yield holds no pair: {pair!r} "
                    "(expected: [draft_length, tokens per forward pass])"
                )
        least = checked[-1][0] + 1 if checked else 1
        if not least <= length <= max_block_size:
            raise ValueError(
                f"draft_yield: draft_length out of range: {length} "
                f"(expected: {least}..{max_block_size}, ascending)"
            )
        if not 1 <= tokens <= length:  # false for NaN too
            raise ValueError(
                f"draft_yield: tokens per forward pass out of range: {tokens} "
                f"(expected: 1..{length})"
            )
        checked.append((length, float(tokens)))
    return tuple(checked)


@dataclass(frozen=True)
class Parameters:
    max_tokens: int
    mode: str = "diffusion"
    policy: str = "threshold"
    threshold: float = 0.9
    steps: int = 8
    edit_threshold: float = 1.0  # 1: never
    edit_rounds: int = 0
    block_size: int = 16
    draft_length: int = 12
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_positions: int | None = None


class RequestError(ValueError):
    """The request does not fit the contract."""


def validate(contract: Contract, prompt: list[int], parameters: Parameters) -> None:
    """Raises RequestError with the offending value and what was expected."""
    p = parameters
    _choice("mode", p.mode, contract.modes)
    _choice("policy", p.policy, POLICIES)
    _range("max_tokens", p.max_tokens, 1, contract.context_length)
    _range("block_size", p.block_size, 1, contract.max_block_size)
    if contract.attention == BLOCK_CAUSAL:
        _range("block_size", p.block_size, contract.block_size, contract.block_size)
    _range("draft_length", p.draft_length, 1, contract.max_block_size)
    _range("steps", p.steps, 1, p.block_size)
    _range("edit_rounds", p.edit_rounds, 0, MOST_EDIT_ROUNDS if contract.can_edit else 0)
    _range("temperature", p.temperature, 0.0, 2.0)
    _range("seed", p.seed, 0, 2**63 - 1)
    if p.max_positions is not None:
        _range("max_positions", p.max_positions, 1, 2**63 - 1)
    for name, value in (
        ("threshold", p.threshold),
        ("edit_threshold", p.edit_threshold),
        ("top_p", p.top_p),
    ):
        if not 0 < value <= 1:
            raise RequestError(f"{name} out of range: {value} (expected: above 0, at most 1)")
    if p.edit_threshold < 1 and not contract.can_edit:
        raise RequestError(
            f"edit_threshold not offered: {p.edit_threshold} (expected: 1, the model cannot edit)"
        )
    _range("prompt length", len(prompt), 1, contract.context_length)
    for token_id in prompt:
        _range("prompt token id", token_id, 0, contract.vocab_size - 1)
    _range(
        "positions needed", _positions_needed(contract, len(prompt), p), 1, contract.context_length
    )


def _positions_needed(contract: Contract, prompt_length: int, parameters: Parameters) -> int:
    if parameters.mode == "exact":
        return prompt_length + parameters.max_tokens + parameters.draft_length
    if parameters.mode == "autoregressive":
        return prompt_length + parameters.max_tokens
    size = parameters.block_size
    if contract.attention == BLOCK_CAUSAL:
        return -(-(prompt_length + parameters.max_tokens) // size) * size
    return prompt_length + -(-parameters.max_tokens // size) * size


def _choice(name: str, value: str, expected: tuple[str, ...]) -> None:
    if value not in expected:
        raise RequestError(
            f"{name} not offered: {value!r} (expected: one of {', '.join(expected)})"
        )


def _range(name: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:  # false for NaN too
        raise RequestError(f"{name} out of range: {value} (expected: {lowest}..{highest})")
