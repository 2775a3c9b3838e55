"""Sequence-level distillation: the model's own right answers as training data.

A prompt says nothing of style, so the data holds many right answers to it, and positions drawn at
the same time may belong to different ones. The model's greedy answer picks one; learning it takes
the choice away, and verifying it first keeps mistakes out. Prompts come from the training
compositions only.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from . import dataset
from .corpus import task_of
from .domain.composition import is_held_out
from .domain.sample import draw_any_composition, draw_any_instance, render
from .model import Layer, Transformer, rotary_angles, rotate
from .passes import END, MASK, PAD
from .tokenizer import SeedbedTokenizer
from .verifier import Task, Verifier

_LEAVE_AFTER = 16  # steps after which finished sequences leave the batch
_TASKS_A_CHUNK = 8000  # many, so that prompts of equal length make large batches


def draw_tasks(seed: int, number: int, count: int) -> list[tuple[str, Task]]:
    """`count` prompts of training compositions, each with the task that judges an answer to it."""
    rng = random.Random(f"distillation/{seed}/{number}")
    drawn: list[tuple[str, Task]] = []
    while len(drawn) < count:
        composition = draw_any_composition(rng)
        if is_held_out(composition):
            continue
        instance = draw_any_instance(rng, composition)
        sample = render(rng, instance)
        if sample:
            drawn.append((sample.prompt, task_of(rng, instance, [])))
    return drawn


@torch.no_grad()
def answer_greedily(
    model: Transformer, prompts: list[list[int]], max_tokens: int
) -> list[list[int]]:
    """Greedy continuations of prompts of equal length, each up to and with its end token, or
    `max_tokens` long."""
    answers: list[list[int]] = [[] for _ in prompts]
    active = list(range(len(prompts)))
    caches: list[tuple[Tensor, Tensor]] | None = None
    token_ids, first = torch.tensor(prompts), 0
    for step in range(max_tokens):
        hidden, caches = _extend(model, token_ids, first, caches)
        logits = model.logits(hidden[:, -1])
        logits[:, [PAD, MASK]] = -torch.inf
        first += token_ids.shape[1]
        token_ids = logits.argmax(-1, keepdim=True)
        for place, member in enumerate(active):
            if not answers[member] or answers[member][-1] != END:
                answers[member].append(int(token_ids[place]))
        going = [place for place, member in enumerate(active) if answers[member][-1] != END]
        if not going:
            break
        if step % _LEAVE_AFTER == _LEAVE_AFTER - 1 and len(going) < len(active):
            active = [active[place] for place in going]
            token_ids = token_ids[going]
            caches = [(key[going], value[going]) for key, value in caches]
    return answers


def _extend(
    model: Transformer, token_ids: Tensor, first: int, caches: list[tuple[Tensor, Tensor]] | None
):
    """Hidden states of the rows behind `first` cached positions, and the longer caches, a (key,
    value) pair a layer."""
    rows = token_ids.shape[1]
    cosine, sine = rotary_angles(
        model.config, torch.arange(first, first + rows).expand_as(token_ids)
    )
    visible = torch.ones(rows, first + rows, dtype=torch.bool).tril(first)
    x = model.embedding(token_ids)
    longer = []
    for number, layer in enumerate(model.layers):
        mixed, cache = _attend(layer, x, cosine, sine, visible, caches[number] if caches else None)
        longer.append(cache)
        x = x + mixed
        x = x + layer.ffn(layer.ffn_norm(x))
    return model.output_norm(x), longer


def _attend(
    layer: Layer,
    x: Tensor,
    cosine: Tensor,
    sine: Tensor,
    visible: Tensor,
    cache: tuple[Tensor, Tensor] | None,
):
    attention, config = layer.attention, layer.attention.config
    batch, rows, _ = x.shape
    heads = (
        attention.qkv(layer.attention_norm(x))
        .view(batch, rows, -1, config.head_width)
        .transpose(1, 2)
    )
    query, key, value = heads.split((config.heads, config.kv_heads, config.kv_heads), dim=1)
    query, key = (
        rotate(query, cosine, sine).to(value.dtype),
        rotate(key, cosine, sine).to(value.dtype),
    )
    if cache:
        key, value = torch.cat((cache[0], key), dim=2), torch.cat((cache[1], value), dim=2)
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=visible, enable_gqa=True)
    return attention.output(mixed.transpose(1, 2).reshape(batch, rows, config.width)), (key, value)


def write_answers(
    folder: Path,
    model: Transformer,
    tokenizer: SeedbedTokenizer,
    verifier: Verifier,
    seed: int,
    count: int,
    report: Callable[[int, int], None],
) -> None:
    """Writes a data set of `count` right answers (format of `dataset.py`); `report(right, tried)`
    after each chunk."""
    rows: list[list[int]] = []
    lengths: list[tuple[int, int]] = []
    tried = number = 0
    while len(rows) < count:
        tasks = draw_tasks(seed, number, _TASKS_A_CHUNK)
        number += 1
        tried += len(tasks)
        prompts = [tokenizer.encode(prompt) for prompt, _ in tasks]
        answers = _answer_by_length(model, prompts)
        judged = [
            Task(task.types, task.returns, task.cases, [text + tokenizer.decode(answer)])
            for (text, task), answer in zip(tasks, answers, strict=True)
        ]
        for prompt, answer, (verdict,) in zip(
            prompts, answers, verifier.judge(judged), strict=True
        ):
            if verdict.passed and answer[-1] == END:
                rows.append(prompt + answer)
                lengths.append((len(prompt), len(prompt) + len(answer)))
        report(len(rows), tried)
        _write(folder, rows, lengths)


def _answer_by_length(model: Transformer, prompts: list[list[int]]) -> list[list[int]]:
    by_length: dict[int, list[int]] = defaultdict(list)
    for number, prompt in enumerate(prompts):
        by_length[len(prompt)].append(number)
    answers: list[list[int]] = [[] for _ in prompts]
    for members in by_length.values():
        for member, answer in zip(
            members,
            answer_greedily(model, [prompts[m] for m in members], max_tokens=160),
            strict=True,
        ):
            answers[member] = answer
    return answers


def _write(folder: Path, rows: list[list[int]], lengths: list[tuple[int, int]]) -> None:
    dataset.write(folder, [(row, length) for row, (length, _) in zip(rows, lengths, strict=True)])
    meta = {"samples": len(rows), "tokens": sum(total for _, total in lengths)}
    (folder / "meta.json").write_text(json.dumps(meta) + "\n")
