"""The style of one rendering, drawn at random and never told by the prompt."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .instance import Instance

LOOPS = ("for_each", "indexed", "while", "stream")


@dataclass(frozen=True)
class Style:
    """Choices that hold for the whole method body, so that its tokens depend on each other."""

    loop: str  # one of LOOPS
    filters: str  # "nested" | "merged" (one if with &&) | "continue"
    bind: bool  # a local for the element, against `xs[i]` inline
    inline_map: bool  # a map inside the terminal's expression, against a local for it
    accumulate: str  # "compound" (`sum += x`) | "plain" (`sum = sum + x`)
    compare: str  # "if" | "math" (`Math.max`)
    finish: str  # "ternary" | "if" | "local"
    early: bool  # return inside the loop, against a flag or result variable
    variant: int  # 0..2, picks among whole-body alternatives of a terminal


def draw_style(rng: random.Random) -> Style:
    """Draws every choice on its own; renderers fall back where one does not apply."""
    return Style(
        loop=rng.choices(LOOPS, (0.38, 0.24, 0.14, 0.24))[0],
        filters=rng.choice(("nested", "merged", "continue")),
        bind=rng.random() < 0.5,
        inline_map=rng.random() < 0.5,
        accumulate=rng.choices(("compound", "plain"), (0.8, 0.2))[0],
        compare=rng.choice(("if", "math")),
        finish=rng.choice(("ternary", "if", "local")),
        early=rng.random() < 0.6,
        variant=rng.randrange(3),
    )


class Names:
    """Hands out local-variable names that differ from the parameters and from each other."""

    def __init__(self, instance: Instance, rng: random.Random) -> None:
        self._rng = rng
        self._used = {name for _, name in instance.params}

    def fresh(self, *candidates: str) -> str:
        """One of `candidates` that is not yet used in the method; at least one must be free."""
        free = [c for c in candidates if c not in self._used]
        name = self._rng.choice(free or [candidates[0] + "2"])
        self._used.add(name)
        return name
