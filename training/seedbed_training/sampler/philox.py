"""Philox4x32-10 (Salmon et al., SC'11) and the one uniform number that belongs to a position."""

from __future__ import annotations

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_WORD = 0xFFFFFFFF

PURPOSE_TOKEN = 0


def philox4x32(
    counter: tuple[int, int, int, int], key: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Ten rounds over four 32-bit words."""
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = _MULTIPLIERS[0] * x0, _MULTIPLIERS[1] * x2
        x0, x1, x2, x3 = (
            (product1 >> 32) ^ x1 ^ k0,
            product1 & _WORD,
            (product0 >> 32) ^ x3 ^ k1,
            product0 & _WORD,
        )
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return x0, x1, x2, x3


def uniform(seed: int, position: int, attempt: int = 0) -> float:
    """The number in [0, 1) for drawing the token at an absolute position."""
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed out of range: {seed} (expected: 0..2^63-1)")
    x0, x1, _, _ = philox4x32((position, attempt, PURPOSE_TOKEN, 0), (seed & _WORD, seed >> 32))
    return ((x0 >> 5) * 2.0**26 + (x1 >> 6)) / 2.0**53
