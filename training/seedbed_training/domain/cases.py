"""Inputs for judging: typical, empty, single, negative, duplicate and boundary values."""

from __future__ import annotations

import random

from . import scalars
from .instance import Instance, evaluate

CASES = 14
_WORDS = (
    "apple",
    "Bob",
    "cat",
    "dog",
    "Echo",
    "an",
    "a",
    "",
    "level",
    "Stone",
    "tree",
    "other",
    "as",
    "ABC",
    "noon",
    "banana",
    "be",
    "sea",
    "toast",
)
_TEXTS = (
    "",
    "a",
    "Hello World",
    "abcba",
    "AEIOU xyz",
    "a1b2c3",
    "zzz",
    "The cat sat",
    "  ",
    "Noon 12:00",
    "BCD",
    "e",
    "Radar9",
    "queue eox",
)
_NUMBERS = (0, 1, -3, 2, 10, 12, 7, 24, 5, 36, 9, 17, 6, 30)
_DIGITS = (0, 7, -45, 1234, 9090, 111, 98765, -1, 10, 2468, 13579, 1000000007, 50, 3333)
_ARRAYS = (
    [],
    [0],
    [-5],
    [1, 2, 3, 4, 5],
    [4, 4, 4],
    [-3, -1, -2, -8],
    [9, 7, 3, 1],
    [0, -2, 2, 0, 5],
)


def draw_cases(rng: random.Random, instance) -> list[tuple[list[object], object]]:
    """`CASES` pairs of (arguments in signature order, expected value).

    Works for both families. Values near the instance's own constants are mixed in, so that an
    off-by-one comparison shows.
    """
    meaning = scalars.evaluate if isinstance(instance, scalars.ScalarInstance) else evaluate
    cases = []
    for number in range(CASES):
        args = _arguments(rng, instance, number)
        named = {name: value for (_, name), value in zip(instance.params, args, strict=True)}
        cases.append((args, meaning(instance, named)))
    return cases


def _arguments(rng, instance, number: int) -> list[object]:
    kinds = [instance.operand_kind(name) for _, name in instance.params]
    drawn: list[object] = [None] * len(kinds)
    for position, ((java_type, _), kind) in enumerate(zip(instance.params, kinds, strict=True)):
        if kind:
            drawn[position] = _operand(rng, kind, java_type)
    near = [v for v in drawn if isinstance(v, int) and not isinstance(v, bool)]
    text = [v for v in drawn if isinstance(v, str)]
    if isinstance(instance, Instance):
        constants = [o.value for o in instance.operands.values() if not o.is_param]
        near += [v for v in constants if isinstance(v, int)]
        text += [v for v in constants if isinstance(v, str)]
    for position, ((java_type, _), kind) in enumerate(zip(instance.params, kinds, strict=True)):
        if not kind:
            drawn[position] = _source(rng, instance, java_type, number, near, text)
    return drawn


def _operand(rng, kind: str, java_type: str):
    if java_type == "String":
        return rng.choice(("a", "b", "e", "o", "an", "", "cat", "t"))
    if java_type == "char":
        return rng.choice("abeoz ")
    low, high = {"divisor": (1, 5), "length": (0, 5), "factor": (-3, 4)}.get(kind, (-4, 10))
    return rng.randint(low, high)


def _source(rng, instance, java_type: str, number: int, near: list, text: list):
    if isinstance(instance, scalars.ScalarInstance):
        if java_type == "boolean":
            return number % 2 == 0
        return rng.choice((0, 1, -1, 2, 3, 4, -6, 7, 10, -9))
    if java_type == "int":
        pool = _DIGITS if instance.composition.source == "digits" else _NUMBERS
        return pool[number % len(pool)]
    if java_type == "String":
        chosen = _TEXTS[number % len(_TEXTS)]
        return _mixed_text(rng, chosen, text) if number > 2 else chosen
    if java_type == "List<String>":
        if number < 2:
            return [[], [rng.choice(_WORDS)]][number]
        words = [rng.choice(_WORDS) for _ in range(rng.randint(2, 7))]
        if text:
            extra = rng.choice(text)
            words.insert(rng.randint(0, len(words)), rng.choice((extra, extra + "x", "q" + extra)))
        return words
    if number < len(_ARRAYS) and rng.random() < (1.0 if number < 2 else 0.6):
        return list(_ARRAYS[number])
    values = [rng.randint(-12, 20) for _ in range(rng.randint(3, 9))]
    if near:
        pivot = rng.choice(near)
        for _ in range(3):
            values[rng.randrange(len(values))] = rng.choice(
                (pivot, pivot - 1, pivot + 1, 2 * pivot, 3 * pivot)
            )
    if rng.random() < 0.3:
        values.append(values[0])
    return values


def _mixed_text(rng, chosen: str, text: list) -> str:
    single = [t for t in text if len(t) == 1]
    if not single:
        return chosen
    cut = rng.randint(0, len(chosen))
    return chosen[:cut] + rng.choice(single) * rng.randint(1, 2) + chosen[cut:]
