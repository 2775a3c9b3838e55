"""Maps of one element to another: their Java text, their English and their Python meaning.

Java templates use `{v}` (the element, already safe to embed) and `{k}` (the operand).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .arithmetic import wrap_int


@dataclass(frozen=True)
class Map:
    """A function of one element. English: `prefixes` ("the squares of NP") or `postfixes`."""

    name: str
    kind: str
    result: str
    java: str
    apply: Callable[..., object]
    prefixes: tuple[str, ...] = ()
    postfixes: tuple[str, ...] = ()
    operand: str = ""
    after: str = ""  # the condition that must stand right before it, e.g. digits → their values


MAPS: dict[str, Map] = {
    m.name: m
    for m in (
        Map("square", "int", "int", "{v} * {v}", lambda v: wrap_int(v * v), ("squares",)),
        Map("cube", "int", "int", "{v} * {v} * {v}", lambda v: wrap_int(v * v * v), ("cubes",)),
        Map("double", "int", "int", "2 * {v}", lambda v: wrap_int(2 * v), ("doubles",)),
        Map(
            "absolute",
            "int",
            "int",
            "Math.abs({v})",
            lambda v: wrap_int(abs(v)),
            ("absolute values",),
        ),
        Map("negation", "int", "int", "-{v}", lambda v: wrap_int(-v), ("negations",)),
        Map(
            "last_digit",
            "int",
            "int",
            "Math.abs({v}) % 10",
            lambda v: abs(v) % 10,
            ("last digits",),
        ),
        Map(
            "distance",
            "int",
            "int",
            "Math.abs({v} - {k})",
            lambda v, k: wrap_int(abs(v - k)),
            ("distances from {k}",),
            operand="int",
        ),
        Map(
            "increase",
            "int",
            "int",
            "{v} + {k}",
            lambda v, k: wrap_int(v + k),
            postfixes=("each increased by {k}",),
            operand="int",
        ),
        Map(
            "decrease",
            "int",
            "int",
            "{v} - {k}",
            lambda v, k: wrap_int(v - k),
            postfixes=("each decreased by {k}",),
            operand="int",
        ),
        Map(
            "multiply",
            "int",
            "int",
            "{v} * {k}",
            lambda v, k: wrap_int(v * k),
            postfixes=("each multiplied by {k}",),
            operand="factor",
        ),
        Map(
            "cap",
            "int",
            "int",
            "Math.min({v}, {k})",
            lambda v, k: min(v, k),
            postfixes=("each capped at {k}",),
            operand="int",
        ),
        Map(
            "raise_to",
            "int",
            "int",
            "Math.max({v}, {k})",
            lambda v, k: max(v, k),
            postfixes=("each raised to at least {k}",),
            operand="int",
        ),
        Map(
            "upper",
            "char",
            "char",
            "Character.toUpperCase({v})",
            lambda v: v.upper(),
            ("upper-case forms",),
        ),
        Map(
            "lower",
            "char",
            "char",
            "Character.toLowerCase({v})",
            lambda v: v.lower(),
            ("lower-case forms",),
        ),
        Map(
            "digit_value",
            "char",
            "int",
            "{v} - '0'",
            lambda v: ord(v) - 48,
            ("values",),
            after="digit",
        ),
        Map(
            "alphabet_position",
            "char",
            "int",
            "{v} - 'a' + 1",
            lambda v: ord(v) - 96,
            ("alphabet positions",),
            after="lower_case",
        ),
        Map("length", "str", "int", "{v}.length()", lambda v: len(v), ("lengths",)),
        Map(
            "upper_string",
            "str",
            "str",
            "{v}.toUpperCase()",
            lambda v: v.upper(),
            ("upper-case forms",),
        ),
        Map(
            "lower_string",
            "str",
            "str",
            "{v}.toLowerCase()",
            lambda v: v.lower(),
            ("lower-case forms",),
        ),
        Map(
            "reversed_string",
            "str",
            "str",
            "new StringBuilder({v}).reverse().toString()",
            lambda v: v[::-1],
            ("reversals",),
        ),
        Map(
            "append",
            "str",
            "str",
            "{v} + {k}",
            lambda v, k: v + k,
            postfixes=("each followed by {k}",),
            operand="str",
        ),
    )
}


def maps_on(kind: str) -> list[str]:
    """Names of the maps that take elements of `kind`."""
    return [m.name for m in MAPS.values() if m.kind == kind]
