"""Verified samples in bulk, and the files a trainer memory-maps.

Beside what `dataset.py` reads, a folder holds `meta.json`: counts, statistics, generator version.
"""

from __future__ import annotations

import json
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .dataset import write
from .domain import scalars
from .domain.cases import draw_cases
from .domain.composition import GENERATOR_VERSION, is_held_out
from .domain.sample import Sample, draw_any_composition, draw_any_instance, render
from .tokenizer import END, SeedbedTokenizer
from .verifier import Task, Verifier

INSTANCES_PER_CHUNK = 150
RENDERINGS = 6


@dataclass(frozen=True)
class Chunk:
    """Accepted samples with their composition's operations, and what was refused."""

    samples: list[tuple[Sample, tuple[str, ...], int]]
    refused: list[str]


def return_type(instance) -> str:
    """The Java return type of an instance of either family."""
    if isinstance(instance, scalars.ScalarInstance):
        return scalars.result_type(instance)
    return instance.result_type()


def task_of(rng: random.Random, instance, methods: list[str]) -> Task:
    """A verifier task that judges `methods` as implementations of `instance`."""
    types = [java_type for java_type, _ in instance.params]
    return Task(types, return_type(instance), draw_cases(rng, instance), methods)


def draw_chunk(seed: int, number: int, verifier: Verifier) -> Chunk:
    """The `number`-th chunk of the training samples of `seed`: never a held-out composition."""
    rng = random.Random(f"{seed}/{number}")
    drawn, tasks = [], []
    while len(tasks) < INSTANCES_PER_CHUNK:
        composition = draw_any_composition(rng)
        if is_held_out(composition):
            continue
        instance = draw_any_instance(rng, composition)
        samples = list(
            dict.fromkeys(s for s in (render(rng, instance) for _ in range(RENDERINGS)) if s)
        )
        if samples:
            drawn.append((composition, samples))
            tasks.append(task_of(rng, instance, [s.prompt + s.completion for s in samples]))
    accepted, refused = [], []
    for (composition, samples), verdicts in zip(drawn, verifier.judge(tasks), strict=True):
        for sample, verdict in zip(samples, verdicts, strict=True):
            if verdict.passed:
                accepted.append((sample, composition.operations(), composition.depth()))
            else:
                refused.append(
                    f"{verdict.kind}: {verdict.detail}\n{sample.prompt}{sample.completion}"
                )
    return Chunk(accepted, refused)


_worker_verifier: Verifier | None = None


def _work(job: tuple[int, int]) -> Chunk:
    global _worker_verifier  # one JVM per worker process, for its whole life
    if _worker_verifier is None:
        _worker_verifier = Verifier(timeout_ms=5000)
    return draw_chunk(*job, _worker_verifier)


def chunks(seed: int, workers: int) -> Iterator[Chunk]:
    """Endless chunks in order; the same for every number of workers."""
    jobs = ((seed, number) for number in range(1_000_000))
    with multiprocessing.Pool(workers) as pool:
        yield from _bounded(pool, jobs, workers)


def _bounded(pool, jobs, workers: int) -> Iterator[Chunk]:
    """Ordered results with at most three jobs a worker under way."""
    waiting = []
    for job in jobs:
        waiting.append(pool.apply_async(_work, (job,)))
        if len(waiting) >= 3 * workers:
            yield waiting.pop(0).get()


def write_dataset(
    folder: Path,
    tokenizer: SeedbedTokenizer,
    seed: int,
    count: int,
    workers: int,
    progress: Callable[[int, int], None],
) -> dict:
    """Writes `count` unique verified samples into `folder` and returns what meta.json says.

    `progress(done, refused)` is called after each chunk.
    """
    if count <= 0:
        raise ValueError(f"count: {count} (expected: more than 0)")
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    rows: list[np.ndarray] = []
    prompt_lengths: list[int] = []
    operations, compositions, depths = Counter(), set(), Counter()
    refused = 0
    for chunk in chunks(seed, workers):
        fresh = []
        for sample, names, depth in chunk.samples:
            key = hash((sample.prompt, sample.completion))
            if key in seen or len(rows) + len(fresh) >= count:
                continue
            seen.add(key)
            fresh.append(sample)
            operations.update(names)
            compositions.add(names)
            depths[depth] += 1
        prompts = tokenizer.encode_many([s.prompt for s in fresh])
        completions = tokenizer.encode_many([s.completion for s in fresh])
        for prompt, completion in zip(prompts, completions, strict=True):
            rows.append(np.array([*prompt, *completion, END], dtype="<u2"))
            prompt_lengths.append(len(prompt))
        refused += len(chunk.refused)
        progress(len(rows), refused)
        if len(rows) >= count:
            break
    # Samples of one instance were drawn together; the order on disk is random.
    order = np.random.default_rng(seed).permutation(len(rows))
    table = write(folder, [(rows[i], prompt_lengths[i]) for i in order])[:, 1:]
    meta = {
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        "samples": len(rows),
        "tokens": int(table[:, 1].sum()),
        "refused": refused,
        "vocabulary_size": tokenizer.vocabulary_size,
        "compositions": len(compositions),
        "samples_by_depth": {str(d): n for d, n in sorted(depths.items())},
        "prompt_tokens": _spread(table[:, 0]),
        "completion_tokens_with_end": _spread(table[:, 1] - table[:, 0]),
        "operations": dict(sorted(operations.items())),
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    return meta


def _spread(values: np.ndarray) -> dict[str, int]:
    percentiles = {"median": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: int(np.percentile(values, p)) for name, p in percentiles.items()}


def plain_samples(seed: int, count: int) -> Iterator[Sample]:
    """`count` training samples that were not run; enough for training a tokenizer."""
    rng = random.Random(f"plain/{seed}")
    made = 0
    while made < count:
        composition = draw_any_composition(rng)
        if is_held_out(composition):
            continue
        sample = render(rng, draw_any_instance(rng, composition))
        if sample:
            made += 1
            yield sample
