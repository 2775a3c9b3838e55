"""The tasks of HumanEval-X Java, MBXP Java and HumanEvalFix Java.

HumanEval-X: Zheng et al. 2023 (CodeGeeX); MBXP: Athiwaratkun et al. 2023; HumanEvalFix:
Muennighoff et al. 2023 (OctoPack). Each task is a class with one open method that the model goes
on with, and a class `Main` that throws when the method is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .program import open_braces
from .rows import rows


@dataclass(frozen=True)
class BenchmarkTask:
    """`asked` is sent to the model; its program is `opening`, the method that was answered, and
    `test`."""

    task_id: str
    asked: str
    opening: str
    test: str
    solution: str | None  # the file's own; MBXP has rows without one


@dataclass(frozen=True)
class _Format:
    keys: tuple[str, ...]  # that a row must have, as text
    in_java: tuple[str, str]  # one of them, and its pattern in a file about Java
    opening: str  # the one that the program begins with
    asked: Callable[[Mapping[str, str]], str]


def _prompt(row: Mapping[str, str]) -> str:
    return row["prompt"]


def _with_the_bug(row: Mapping[str, str]) -> str:
    """The variant of the paper that shows the tests and no description, for a model that
    continues text: the wrong method, the tests, the request, and the method's head again."""
    return (
        f"{row['declaration']}{row['buggy_solution']}\n{row['test']}\n"
        f"// Fix bugs in {row['entry_point']}.\n{row['declaration']}"
    )


FORMATS = {
    "humaneval-x": _Format(
        ("task_id", "prompt", "test"), ("task_id", r"Java/\d+"), "prompt", _prompt
    ),
    "mbxp": _Format(
        ("task_id", "prompt", "test", "language"), ("language", "java"), "prompt", _prompt
    ),
    "humanevalfix": _Format(
        ("task_id", "declaration", "buggy_solution", "entry_point", "test"),
        ("task_id", r"Java/\d+"),
        "declaration",
        _with_the_bug,
    ),
}


def read_tasks(path: Path, format_: str) -> list[BenchmarkTask]:
    """All tasks of a file of that format, in order.

    Raises ValueError with file, line and key for a row that lacks something, is not about Java, or
    comes twice.
    """
    if format_ not in FORMATS:
        raise ValueError(f"format unknown: {format_!r} (expected: one of {', '.join(FORMATS)})")
    tasks: dict[str, BenchmarkTask] = {}
    for where, row in rows(path):
        _check(where, row, format_)
        task = _task(row, FORMATS[format_])
        if task.task_id in tasks:
            raise ValueError(f"{where}: task_id {task.task_id} comes twice (expected: once)")
        tasks[task.task_id] = task
    if not tasks:
        raise ValueError(f"{path}: no row (expected: at least one)")
    return list(tasks.values())


def _check(where: str, row: dict, name: str) -> None:
    format_ = FORMATS[name]
    for key in format_.keys:
        if key not in row:
            raise ValueError(
                f"{where}: {key!r} missing (expected: a row of {name}, with "
                f"{', '.join(format_.keys)})"
            )
        if not isinstance(row[key], str):
            raise ValueError(f"{where}: {key!r} is {type(row[key]).__name__} (expected: text)")
    key, pattern = format_.in_java
    if not re.fullmatch(pattern, row[key]):
        raise ValueError(f"{where}: {key!r} is {row[key]!r} (expected: {pattern})")
    if open_braces(row[format_.opening]) < 1:
        raise ValueError(
            f"{where}: {format_.opening!r} opens no method (expected: a brace left open)"
        )


def _task(row: Mapping[str, str], format_: _Format) -> BenchmarkTask:
    return BenchmarkTask(
        row["task_id"],
        format_.asked(row),
        row[format_.opening],
        row["test"],
        row.get("canonical_solution"),
    )
