"""Leaves out what an evaluation asks for: samples that share a run of words with it.

The test is that of GPT-3's decontamination (Brown et al. 2020, appendix C), 13 words in a row, on
identifiers, keywords and numbers: punctuation makes every loop over an array look like every other.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..benchmarks.rows import SUFFIXES, rows
from ..domain.sample import Sample

RUN = 13  # words
# Of a benchmark's row: what the model is asked and what it should answer. Tests are neither.
FIELDS = (
    "prompt",
    "canonical_solution",
    "buggy_solution",
    "declaration",
    "text",
    "description",
    "docstring",
    "reference",
)


def benchmark_files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES))
    if not files:
        raise ValueError(f"no benchmark in {folder} (expected: files named *.jsonl or *.jsonl.gz)")
    return files


def texts_of(path: Path) -> Iterator[str]:
    """One text a row of a JSON lines file: the question with its answer, then the other fields."""
    for where, row in rows(path):
        found = {name: row[name] for name in FIELDS if isinstance(row.get(name), str)}
        if not found:
            raise ValueError(f"{where}: fields {sorted(row)} (expected: any of {FIELDS})")
        prompt = found.get("prompt", "")
        answers = ("canonical_solution", "buggy_solution", "reference")
        yield from (prompt + found[name] for name in answers if name in found)
        yield from (text for name, text in found.items() if name not in answers)


class Contamination:
    """The runs of words of what is evaluated, by the name of the evaluation."""

    def __init__(self, texts: Mapping[str, Iterable[str]]) -> None:
        self._sources: dict[int, set[str]] = defaultdict(set)
        for name, some in texts.items():
            for text in some:
                for run in _runs(text):
                    self._sources[run].add(name)

    def touched_by(self, sample: Sample) -> set[str]:
        """The evaluations that share a run with `sample`."""
        text = sample.prompt + sample.completion
        return set().union(*(self._sources[run] for run in _runs(text) if run in self._sources))


def without_contamination(
    samples: Iterable[Sample], contamination: Contamination
) -> tuple[list[Sample], dict[str, int]]:
    """The samples that touch no evaluation, and how many touched each."""
    kept, touched = [], Counter()
    for sample in samples:
        names = contamination.touched_by(sample)
        touched.update(names)
        if not names:
            kept.append(sample)
    return kept, dict(sorted(touched.items()))


def _runs(text: str) -> Iterator[int]:
    """Hashes of every `RUN` neighbouring words; of the whole text when it is shorter."""
    words = re.findall(r"\w+", text.lower())
    for first in range(max(1, len(words) - RUN + 1)):
        yield hash(tuple(words[first : first + RUN]))
