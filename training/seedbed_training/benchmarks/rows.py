"""Reads the files that benchmarks come in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".jsonl", ".jsonl.gz")


def rows(path: Path) -> Iterator[tuple[str, dict]]:
    """(where it stands, row) of each row of a JSON lines file; *.gz is unpacked.

    Raises ValueError for a line that is no JSON object.
    """
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}, line {number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{where}: {error} (expected: a JSON object)") from error
            if not isinstance(row, dict):
                raise ValueError(f"{where}: {type(row).__name__} (expected: a JSON object)")
            yield where, row
