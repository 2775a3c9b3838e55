"""The file of answers and verdicts that a measurement leaves, and what it comes to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..estimate import Estimate
from ..verifier import KINDS


class AnswerFile:
    """JSON lines: first what was asked of whom, then an answer a line.

    A file that an interrupted run left is gone on with; a line that was not finished is dropped.
    """

    def __init__(self, path: Path, asked: dict) -> None:
        """Raises ValueError when `path` holds answers to something else than `asked`."""
        self.path = path
        self.answers: dict[str, dict] = {}  # by task_id
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append(asked)
            return
        whole, end, _ = path.read_text(encoding="utf-8").rpartition("\n")
        lines = [json.loads(line) for line in whole.splitlines()]
        if lines[:1] != [asked]:
            raise ValueError(f"{path} holds answers to {lines[:1]} (expected: {asked})")
        path.write_text(whole + end, encoding="utf-8")
        self.answers = {line["task_id"]: line for line in lines[1:]}

    def add(self, answer: dict) -> None:
        self._append(answer)
        self.answers[answer["task_id"]] = answer

    def _append(self, line: dict) -> None:
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


def summarize(answers: Iterable[dict]) -> dict:
    """pass@1 (0 to 1) with its interval, how many ended in each kind, and tokens per forward where
    the service told."""
    answers = list(answers)
    if not answers:
        raise ValueError("answers: none (expected: at least one)")
    passed = Estimate.of([answer["kind"] == "pass" for answer in answers])
    kinds = Counter(answer["kind"] for answer in answers)
    told = [answer for answer in answers if answer["tokens"] and answer["forwards"]]
    tokens, forwards = (sum(answer[name] for answer in told) for name in ("tokens", "forwards"))
    return {
        "tasks": len(answers),
        "pass_at_1": passed.mean / 100,
        "interval_95": [passed.low / 100, passed.high / 100],
        "kinds": {kind: kinds[kind] for kind in KINDS},
        "cut_short": sum(answer["finish_reason"] == "length" for answer in answers),
        "tokens_per_forward": tokens / forwards if forwards else None,
    }
