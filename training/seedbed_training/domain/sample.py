"""Samples: a prompt, a completion and what they mean."""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import scalars
from .composition import draw_composition
from .instance import draw_instance
from .phrasing import javadoc
from .rendering import body, signature
from .styles import draw_style

MAX_BODY_LINES = 25


@dataclass(frozen=True)
class Sample:
    """`prompt` ends with `{`; `completion` starts with a newline and ends with the closing `}`."""

    prompt: str
    completion: str


def draw_any_composition(rng: random.Random):
    """A pipeline composition, or (one time in eight) a scalar one."""
    return scalars.draw_composition(rng) if rng.random() < 0.12 else draw_composition(rng)


def draw_any_instance(rng: random.Random, composition):
    """Names and constants for a composition of either family."""
    if isinstance(composition, scalars.ScalarComposition):
        return scalars.draw_instance(rng, composition)
    return draw_instance(rng, composition)


def render(rng: random.Random, instance) -> Sample | None:
    """One phrasing and one style, or None if the body would exceed `MAX_BODY_LINES`."""
    if isinstance(instance, scalars.ScalarInstance):
        doc, head, lines = scalars.render(rng, instance)
    else:
        doc, head = javadoc(instance, rng), signature(instance)
        lines = body(instance, draw_style(rng), rng)
    if len(lines) > MAX_BODY_LINES:
        return None
    return Sample(f"{doc}\n{head}", "\n" + "\n".join(lines) + "\n}")
