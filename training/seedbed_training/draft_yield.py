"""What mode `exact` makes of a forward pass by the length of its drafts: the version's half of the
choice of a draft length; what a pass costs is the machine's half, which the engine measures."""

from __future__ import annotations

from .model import Transformer
from .sampler.contract import Contract, Parameters
from .sampler.together import decode_together

LENGTHS = (2, 4, 6, 8, 12, 16, 24, 32)
_MAX_TOKENS = 192


def measure(
    model: Transformer,
    contract: Contract,
    prompts: list[list[int]],
    lengths: tuple[int, ...] = LENGTHS,
) -> tuple[tuple[int, float], ...]:
    """(draft length, tokens per forward pass) over greedy answers to the prompts; each pass counts,
    that of the prompt too. Lengths that the contract does not offer are left out.

    Nothing without prompts, or where they are too long to be answered.
    """
    if "exact" not in contract.modes:
        return ()
    measured = []
    for length in lengths:
        requests = []
        for prompt in prompts:
            most = min(_MAX_TOKENS, contract.context_length - len(prompt) - length)
            if most >= 1:
                size = contract.block_size  # of no meaning here, but checked
                parameters = Parameters(
                    most, "exact", block_size=size, steps=1, draft_length=length
                )
                requests.append((prompt, parameters))
        if length > contract.max_block_size or not requests:
            continue
        ended = [decoder for _, decoder in decode_together(model, contract, requests)]
        tokens = sum(len(decoder.output) for decoder in ended)
        forwards = sum(decoder.work.forward_passes for decoder in ended)
        measured.append((length, round(tokens / forwards, 3)))
    return tuple(measured)
