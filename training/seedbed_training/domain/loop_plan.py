"""What a terminal contributes to a loop: lines before it, in it and after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .styles import Style

BOXED = {"int": "Integer", "char": "Character", "str": "String"}
JAVA = {"int": "int", "char": "char", "str": "String"}


@dataclass
class Plan:
    """Lines before the loop, in its innermost body and after it.

    `value`: the result as an expression, where a post operation may follow; otherwise `after`
    returns by itself.
    """

    before: list[str]
    update: list[str]
    value: str = ""
    after: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Site:
    """What a terminal needs to know about the loop around it.

    `v`: the element; `raw_size`: an upper bound of the element count as an expression, or "";
    `index`: the loop's index variable, or "".
    """

    v: str
    kind: str
    raw_size: str
    index: str


def block(head: str, *body: str) -> list[str]:
    """`head {`, the body indented once, `}`."""
    return [head + " {", *("    " + line for line in body), "}"]


def add_to(style: Style, name: str, operator: str, value: str) -> str:
    """`sum += x;` or `sum = sum + x;`."""
    if style.accumulate == "compound":
        return f"{name} {operator}= {value};"
    if operator == "*" and (any(o in value for o in (" + ", " - ", " % ")) or value[0] == "-"):
        value = f"({value})"
    return f"{name} = {name} {operator} {value};"


def increment(style: Style, name: str) -> str:
    """`count++;` or `count = count + 1;`."""
    return f"{name}++;" if style.accumulate == "compound" else f"{name} = {name} + 1;"
