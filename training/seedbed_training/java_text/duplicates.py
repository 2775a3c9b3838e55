"""Keeps one of the methods that are the same, or nearly.

Libraries repeat a method for each primitive type, and each other. Two methods are the same when
they have the same words, and nearly so when their sets of five neighbouring words overlap (Jaccard)
by `NEARLY` or more, which MinHash estimates (Broder 1997, "On the resemblance and containment of
documents").
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from ..domain.sample import Sample

NEARLY = 0.8
_SHINGLE = 5  # words
_BANDS, _ROWS = 16, 4  # candidates share a band: 99.98 % of pairs at 0.8, 64 % at 0.5
_PRIME = (1 << 31) - 1


def words(text: str) -> list[str]:
    """Words and punctuation marks: a text without its white space."""
    return re.findall(r"\w+|[^\w\s]", text)


class Seen:
    """What was kept so far."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._multiply = random.integers(1, _PRIME, (_BANDS * _ROWS, 1), dtype=np.uint64)
        self._add = random.integers(0, _PRIME, (_BANDS * _ROWS, 1), dtype=np.uint64)
        self._exact: set[bytes] = set()
        self._signatures: list[np.ndarray] = []
        self._by_band: dict[tuple[int, bytes], list[int]] = defaultdict(list)

    def add(self, sample: Sample) -> str:
        """ "new", and then it is kept, or "exact" or "near" for one that was kept before it."""
        text = words(sample.prompt + sample.completion)
        digest = hashlib.sha256(" ".join(text).encode()).digest()
        if digest in self._exact:
            return "exact"
        signature = self._signature(text)
        bands = [(n, band.tobytes()) for n, band in enumerate(signature.reshape(_BANDS, _ROWS))]
        candidates = {number for band in bands for number in self._by_band.get(band, ())}
        if any((self._signatures[n] == signature).mean() >= NEARLY for n in candidates):
            return "near"
        self._exact.add(digest)
        for band in bands:
            self._by_band[band].append(len(self._signatures))
        self._signatures.append(signature)
        return "new"

    def _signature(self, text: list[str]) -> np.ndarray:
        """The smallest value of each of `_BANDS * _ROWS` hash functions over the shingles."""
        last = max(1, len(text) - _SHINGLE + 1)
        shingles = {" ".join(text[first : first + _SHINGLE]) for first in range(last)}
        hashes = np.array([_hash(shingle) for shingle in sorted(shingles)], dtype=np.uint64)
        return ((self._multiply * hashes + self._add) % _PRIME).min(axis=1).astype(np.uint32)


def without_duplicates(samples: Iterable[Sample]) -> tuple[list[Sample], dict[str, int]]:
    """The first of each, and how many were left out as exact and as near duplicates."""
    seen = Seen()
    kept, counts = [], {"new": 0, "exact": 0, "near": 0}
    for sample in samples:
        verdict = seen.add(sample)
        counts[verdict] += 1
        if verdict == "new":
            kept.append(sample)
    return kept, {"exact_duplicates": counts["exact"], "near_duplicates": counts["near"]}


def _hash(text: str) -> int:
    # Below the prime, so that a product fits 64 bits.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") >> 2
