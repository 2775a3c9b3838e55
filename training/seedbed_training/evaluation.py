"""Evaluation on held-out compositions: drawing prompts and judging completions (pass@1)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from .corpus import task_of
from .domain.composition import is_held_out
from .domain.sample import draw_any_composition, draw_any_instance, render
from .verifier import KINDS, Task, Verdict, Verifier

BATCH = 200
Change = TypeVar("Change")


def draw_prompts(seed: int, count: int, verifier: Verifier) -> list[dict]:
    """`count` distinct prompts, each of a held-out composition, as plain dictionaries.

    Keys: `id`, `prompt`, `reference` (one right completion, checked by running it), `composition`
    (list of operations), `depth`, `types`, `returns`, `cases` ([[arguments, expected], …]).
    """
    if count <= 0:
        raise ValueError(f"count: {count} (expected: more than 0)")
    rng = random.Random(f"evaluation/{seed}")
    prompts: list[dict] = []
    seen: set[str] = set()
    while len(prompts) < count:
        batch, tasks = [], []
        while len(batch) < min(BATCH, count - len(prompts)):
            composition = draw_any_composition(rng)
            if not is_held_out(composition):
                continue
            instance = draw_any_instance(rng, composition)
            sample = render(rng, instance)
            if sample is None or sample.prompt in seen:
                continue
            seen.add(sample.prompt)
            batch.append((composition, sample))
            tasks.append(task_of(rng, instance, [sample.prompt + sample.completion]))
        for (composition, sample), task, (verdict,) in zip(
            batch, tasks, verifier.judge(tasks), strict=True
        ):
            if verdict.passed:
                prompts.append(
                    {
                        "id": f"{seed}-{len(prompts)}",
                        "prompt": sample.prompt,
                        "reference": sample.completion,
                        "composition": list(composition.operations()),
                        "depth": composition.depth(),
                        "types": list(task.types),
                        "returns": task.returns,
                        "cases": [list(case) for case in task.cases],
                    }
                )
    return prompts


def judge(
    prompts: Sequence[dict], completions: Iterable[dict], verifier: Verifier
) -> dict[str, Verdict]:
    """The verdict of each completion (`id`, `completion`) by id.

    Raises ValueError for an id that is unknown, given twice, or missing.
    """
    by_id = {p["id"]: p for p in prompts}
    answers: dict[str, str] = {}
    for completion in completions:
        key = completion["id"]
        if key not in by_id:
            raise ValueError(f"completion id: {key} (expected: an id of the prompts file)")
        if key in answers:
            raise ValueError(f"completion id: {key} is given twice (expected: once)")
        answers[key] = completion["completion"]
    missing = [key for key in by_id if key not in answers]
    if missing:
        raise ValueError(
            f"completions missing: {len(missing)}, first {missing[0]} "
            f"(expected: one for each of {len(by_id)} prompts)"
        )
    verdicts: dict[str, Verdict] = {}
    keys = list(by_id)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        tasks = [
            Task(
                by_id[k]["types"],
                by_id[k]["returns"],
                by_id[k]["cases"],
                [by_id[k]["prompt"] + answers[k]],
            )
            for k in batch
        ]
        for key, (verdict,) in zip(batch, verifier.judge(tasks), strict=True):
            verdicts[key] = verdict
    return verdicts


def judge_each(
    prompts: Sequence[dict], completions: Iterable[str], verifier: Verifier
) -> list[Verdict]:
    """The verdict of a completion of each prompt, in order."""
    answers = [
        {"id": prompt["id"], "completion": text}
        for prompt, text in zip(prompts, completions, strict=True)
    ]
    verdicts = judge(prompts, answers, verifier)
    return [verdicts[prompt["id"]] for prompt in prompts]


def first_to_fail(
    prompts: Sequence[dict], changes: Sequence[Sequence[tuple[Change, str]]], verifier: Verifier
) -> list[Change]:
    """Of each prompt's (change, completion that results), in order, the first whose completion does
    not pass.

    Raises ValueError for a prompt of which every one passes.
    """
    found: dict[str, Change] = {}
    attempt = 0
    while left := [
        (prompt, tried)
        for prompt, tried in zip(prompts, changes, strict=True)
        if prompt["id"] not in found
    ]:
        for prompt, tried in left:
            if attempt == len(tried):
                raise ValueError(
                    f"all of {attempt} changes pass: {prompt['reference']!r} "
                    "(expected: one that does not)"
                )
        verdicts = judge_each(
            [prompt for prompt, _ in left], [tried[attempt][1] for _, tried in left], verifier
        )
        found |= {
            prompt["id"]: tried[attempt][0]
            for (prompt, tried), verdict in zip(left, verdicts, strict=True)
            if not verdict.passed
        }
        attempt += 1
    return [found[prompt["id"]] for prompt in prompts]


def dealt(kinds: Sequence[str], count: int, rng: random.Random) -> list[list[str]]:
    """`count` times all `kinds` in some order; the first ones are dealt out evenly."""
    deck: list[str] = []
    orders = []
    for _ in range(count):
        deck = deck or rng.sample(kinds, len(kinds))
        first = deck.pop()
        orders.append([first, *rng.sample([k for k in kinds if k != first], len(kinds) - 1)])
    return orders


def summarize(prompts: Sequence[dict], verdicts: dict[str, Verdict]) -> dict:
    """pass@1 (0 to 1) over all prompts and by depth, and how many ended in each kind."""
    kinds = Counter(v.kind for v in verdicts.values())
    by_depth: dict[str, dict] = {}
    for depth in sorted({p["depth"] for p in prompts}):
        chosen = [verdicts[p["id"]] for p in prompts if p["depth"] == depth]
        passed = sum(v.passed for v in chosen)
        by_depth[str(depth)] = {"prompts": len(chosen), "pass_at_1": passed / len(chosen)}
    return {
        "prompts": len(prompts),
        "pass_at_1": kinds["pass"] / len(prompts),
        "kinds": {kind: kinds[kind] for kind in KINDS},
        "by_depth": by_depth,
    }
