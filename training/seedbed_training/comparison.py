"""What an arm does with prompts: right or not, and what it cost."""

from __future__ import annotations

from collections import Counter

from .arms import Arm
from .evaluation import judge_each
from .sampler.contract import Parameters
from .sampler.prompt_lookup import make_evaluated_decoder
from .sampler.together import decode_together
from .tokenizer import SeedbedTokenizer
from .verifier import KINDS, Verifier


def measure_arm(
    arm: Arm,
    tokenizer: SeedbedTokenizer,
    verifier: Verifier,
    prompts: list[dict],
    parameters: Parameters,
) -> dict:
    """Per prompt: right or not, tokens, forward passes, characters, positions, edits."""
    requests = [(tokenizer.encode(prompt["prompt"]), parameters) for prompt in prompts]
    ended = dict(decode_together(arm.model, arm.contract, requests, make=make_evaluated_decoder))
    decoders = [ended[number] for number in range(len(prompts))]
    texts = [tokenizer.decode(decoder.output) for decoder in decoders]
    verdicts = judge_each(prompts, texts, verifier)
    kinds = Counter(verdict.kind for verdict in verdicts)
    return {
        "kinds": {kind: kinds[kind] for kind in KINDS},
        "right": [int(verdict.passed) for verdict in verdicts],
        "tokens": [len(decoder.output) for decoder in decoders],
        "forwards": [decoder.work.forward_passes for decoder in decoders],
        "characters": [len(text) for text in texts],
        "positions": [decoder.work.positions_evaluated for decoder in decoders],
        "edits": [decoder.work.edits for decoder in decoders],
    }


def per_forward(measured: dict, unit: str) -> float:
    """`unit`: tokens or characters."""
    return sum(measured[unit]) / sum(measured["forwards"])
