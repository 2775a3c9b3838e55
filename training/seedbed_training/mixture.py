"""A data set of two kinds of sample: generated ones, and Java that people wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .dataset import HELD_OUT_SAMPLES, read, write
from .domain.sample import Sample
from .tokenizer import END, SeedbedTokenizer

MOST_REPEATS = 4  # of a method in an epoch; what comes round more often is learnt by heart


def samples_of(folder: Path, longest: int | None = None) -> Iterator[Sample]:
    """The first `longest` samples of a data set, as text again."""
    tokenizer = SeedbedTokenizer(folder / "tokenizer.json")
    tokens, index = read(folder)
    for start, prompt_length, total in index[:longest].tolist():
        yield Sample(
            tokenizer.decode(tokens[start : start + prompt_length]),
            tokenizer.decode(tokens[start + prompt_length : start + total]),
        )


def write_mixture(
    folder: Path,
    tokenizer: SeedbedTokenizer,
    generated: list[Sample],
    java: list[Sample],
    java_share: float,
    longest: int,
    seed: int,
) -> dict:
    """Writes both kinds in random order, and returns what meta.json says.

    `java_share`: of the tokens of an epoch, reached by repeating that kind, at most `MOST_REPEATS`
    times. Samples of more than `longest` tokens are left out. The last `HELD_OUT_SAMPLES` are in no
    training row.
    """
    if not 0 <= java_share < 1:
        raise ValueError(f"java share: {java_share} (expected: at least 0 and below 1)")
    random = np.random.default_rng(seed)
    encoded = _encode(tokenizer, [*generated, *java])
    is_java = np.arange(len(encoded)) >= len(generated)
    fits = np.array([len(ids) <= longest for ids, _ in encoded])
    order = random.permutation(np.flatnonzero(fits))
    train, held_out = order[:-HELD_OUT_SAMPLES], order[-HELD_OUT_SAMPLES:]
    totals = np.array([len(ids) for ids, _ in encoded])
    train_java, train_generated = train[is_java[train]], train[~is_java[train]]
    repeats = _repeats(
        int(totals[train_generated].sum()), int(totals[train_java].sum()), java_share
    )
    rows = random.permutation(np.concatenate([train_generated, *[train_java] * repeats]))
    # Repeated rows of the index share their tokens: what travels does not grow.
    index = write(folder, [encoded[number] for number in order])
    place = np.empty(len(encoded), dtype=np.int64)
    place[order] = np.arange(len(order))
    np.save(folder / "index.npy", index[place[np.concatenate([rows, held_out])]])
    epoch = int(totals[rows].sum())
    meta = {
        "samples": len(order),
        "generated_samples": int((~is_java[order]).sum()),
        "java_samples": int(is_java[order].sum()),
        "too_long": int((~fits).sum()),
        "too_long_java": int((~fits & is_java).sum()),
        "vocabulary_size": tokenizer.vocabulary_size,
        "tokens": int(totals[order].sum()),
        "tokens_an_epoch": epoch,
        "java_repeats": repeats,
        "java_share": round(float(totals[rows[is_java[rows]]].sum() / epoch), 4),
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    return meta


def _repeats(generated_tokens: int, java_tokens: int, share: float) -> int:
    if share == 0 or java_tokens == 0:
        return 0
    wanted = share / (1 - share) * generated_tokens / java_tokens
    return min(MOST_REPEATS, max(1, round(wanted)))


def _encode(tokenizer: SeedbedTokenizer, samples: list[Sample]) -> list[tuple[np.ndarray, int]]:
    """Ids with the end token, and the length of the prompt, of each sample."""
    prompts = tokenizer.encode_many([sample.prompt for sample in samples])
    completions = tokenizer.encode_many([sample.completion for sample in samples])
    return [
        (np.array([*prompt, *completion, END], dtype="<u2"), len(prompt))
        for prompt, completion in zip(prompts, completions, strict=True)
    ]
