"""Constrained-order learning: paths that the model itself took, filtered and ranked.

Seed Diffusion (Song et al. 2025, arXiv 2508.02193, section 3.2) draws pools of generation
trajectories, keeps those with the largest evidence lower bound, and learns from them. Here a path
is kept only when its answer compiles and runs right, and of each prompt's pool the best by path
bound: the sum of log-probabilities of its tokens, each in the state that revealed it.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from .distillation import draw_tasks
from .flops import forward_flops
from .model import Transformer
from .sampler.contract import Contract, Parameters
from .sampler.together import decode_together
from .tokenizer import SeedbedTokenizer
from .verifier import Task, Verifier

MAX_TOKENS = 192
_TASKS_A_CHUNK = 100


@dataclass(frozen=True)
class Pool:
    """How each prompt is answered: every threshold at every temperature."""

    thresholds: tuple[float, ...] = (0.5, 0.7, 0.9)
    temperatures: tuple[float, ...] = (0.0, 0.5)
    kept: float = 0.25  # share of a prompt's pool, of right answers only; at least one
    block_size: int = 16

    def parameters(self, seed: int) -> list[Parameters]:
        return [
            Parameters(
                max_tokens=MAX_TOKENS,
                policy="confident_prefix",
                threshold=threshold,
                temperature=temperature,
                block_size=self.block_size,
                seed=seed + number,
            )
            for number, (threshold, temperature) in enumerate(
                product(self.thresholds, self.temperatures)
            )
        ]


@dataclass(frozen=True)
class RecordedPath:
    prompt: list[int]
    answer: list[int]
    revealed_in: list[int]  # of each token of the answer: the round of its block
    bound: float  # nats; a lower bound of the answer's log-probability given these states
    rounds: int  # forward passes

    def key(self) -> tuple:
        return tuple(self.answer), tuple(self.revealed_in)


def keep_best(paths: list[RecordedPath], kept: float) -> list[RecordedPath]:
    """Different right paths of a prompt, largest bound first; `kept` is a share of all of them."""
    best = sorted({path.key(): path for path in paths}.values(), key=lambda path: -path.bound)
    return best[: math.ceil(kept * len(paths))]


def write_paths(
    folder: Path,
    model: Transformer,
    contract: Contract,
    tokenizer: SeedbedTokenizer,
    verifier: Verifier,
    pool: Pool,
    seed: int,
    count: int,
    report: Callable[[str], None],
) -> None:
    """Writes a data set of at least `count` kept paths (dataset.py), and what it cost."""
    kept: list[RecordedPath] = []
    drawn = right = flops = number = 0
    while len(kept) < count:
        tasks = draw_tasks(seed, number, _TASKS_A_CHUNK)
        number += 1
        by_task = _draw_pools(model, contract, tokenizer, tasks, pool, seed + 1000 * number)
        verdicts = verifier.judge(
            [
                Task(task.types, task.returns, task.cases,
                     [text + tokenizer.decode(path.answer) for path in by_task[i]])
                for i, (text, task) in enumerate(tasks)
            ]
        )  # fmt: skip
        for i, judged in enumerate(verdicts):
            passed = [p for p, verdict in zip(by_task[i], judged, strict=True) if verdict.passed]
            drawn, right = drawn + len(judged), right + len(passed)
            flops += sum(_flops(model, path, pool.block_size) for path in by_task[i])
            kept += keep_best(passed, pool.kept)
        report(f"{len(kept)} of {count} paths kept, {right} of {drawn} answers right")
    cost = {"drawn": drawn, "right": right, "flops": flops}
    _write(folder, kept, {"block_size": pool.block_size, **cost})


def _draw_pools(
    model: Transformer,
    contract: Contract,
    tokenizer: SeedbedTokenizer,
    tasks: list[tuple[str, Task]],
    pool: Pool,
    seed: int,
) -> dict[int, list[RecordedPath]]:
    requests = [
        (i, tokenizer.encode(text), parameters)
        for i, (text, _) in enumerate(tasks)
        for parameters in pool.parameters(seed)
    ]
    pools = defaultdict(list)
    answered = decode_together(model, contract, [request[1:] for request in requests], slots=96)
    for number, decoder in answered:
        pools[requests[number][0]].append(
            RecordedPath(
                decoder.prompt,
                decoder.output,
                decoder.revealed_in,
                sum(map(math.log, decoder.confidence)),
                decoder.work.forward_passes,
            )
        )
    return pools


def _flops(model: Transformer, path: RecordedPath, block_size: int) -> int:
    """Of drawing one path: each round evaluates a block, the clean tokens come once."""
    tokens = len(path.prompt) + len(path.answer)
    rows = tokens + path.rounds * block_size
    return forward_flops(model.config, rows, rows * tokens // 2, path.rounds * block_size)


def recorded(folder: Path) -> tuple[int, int]:
    """The block size that the paths of a data set were drawn with, and the FLOPs that it took."""
    meta = json.loads((folder / "meta.json").read_text())
    return meta["block_size"], meta["flops"]


def _write(folder: Path, paths: list[RecordedPath], facts: dict[str, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [path.prompt + path.answer for path in paths]
    revealed_in = [[0] * len(path.prompt) + path.revealed_in for path in paths]
    np.concatenate([np.array(row, dtype="<u2") for row in rows]).tofile(folder / "tokens.u16")
    np.concatenate([np.array(row, dtype=np.uint8) for row in revealed_in]).tofile(
        folder / "revealed_in.u8"
    )
    lengths = np.array(
        [(len(path.prompt), len(row)) for path, row in zip(paths, rows, strict=True)]
    )
    starts = np.concatenate([[0], np.cumsum(lengths[:-1, 1])])
    np.save(folder / "index.npy", np.column_stack([starts, lengths]))
    summary = {"samples": len(paths), "tokens": int(lengths[:, 1].sum()), **facts}
    (folder / "meta.json").write_text(json.dumps(summary) + "\n")
