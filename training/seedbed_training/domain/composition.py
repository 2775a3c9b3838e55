"""Compositions: what a method computes, as a tuple of operation names, and how they are drawn."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from .conditions import CONDITIONS, DISTINCT, EVEN_INDEX, ODD_INDEX, conditions_on
from .maps import MAPS, maps_on

HELD_OUT_PERCENT = 12
GENERATOR_VERSION = "1"


@dataclass(frozen=True)
class Source:
    """Where elements come from. `ordered`: the order of elements is part of the meaning."""

    name: str
    kind: str
    params: tuple[str, ...]
    ordered: bool = True
    indexed: bool = False
    weight: float = 1.0


@dataclass(frozen=True)
class Terminal:
    """What becomes of the elements.

    `result` is a Java type, "List" (of the element kind). `default`: the value when there is no
    element is an operand. `scalar`: a post operation may follow. `source_index`: it answers with a
    position in the source, so maps may not come before it.
    """

    name: str
    kinds: tuple[str, ...]
    result: str
    ordered: bool = False
    default: bool = False
    predicate: bool = False
    scalar: bool = False
    source_index: bool = False
    weight: float = 1.0


SOURCES = {
    s.name: s
    for s in (
        Source("array", "int", ("int[]",), indexed=True, weight=4.0),
        Source("list", "int", ("List<Integer>",), indexed=True, weight=3.0),
        Source("words", "str", ("List<String>",), indexed=True, weight=3.0),
        Source("chars", "char", ("String",), indexed=True, weight=2.5),
        Source("range", "int", ("int",), weight=1.2),
        Source("digits", "int", ("int",), ordered=False, weight=1.0),
        Source("divisors", "int", ("int",), weight=0.8),
        Source("pair_sums", "int", ("int[]", "int[]"), weight=0.5),
        Source("pair_differences", "int", ("int[]", "int[]"), weight=0.5),
        Source("pair_products", "int", ("int[]", "int[]"), weight=0.5),
    )
}

_ANY = ("int", "char", "str")
TERMINALS = {
    t.name: t
    for t in (
        Terminal("sum", ("int",), "int", scalar=True, weight=2.0),
        Terminal("product", ("int",), "int", scalar=True),
        Terminal("count", _ANY, "int", scalar=True, weight=1.5),
        Terminal("max", ("int",), "int", default=True, weight=1.5),
        Terminal("min", ("int",), "int", default=True, weight=1.5),
        Terminal("average", ("int",), "int", scalar=True),
        Terminal("any", _ANY, "boolean", predicate=True),
        Terminal("all", _ANY, "boolean", predicate=True),
        Terminal("none", _ANY, "boolean", predicate=True),
        Terminal("first", ("int", "str"), "element", ordered=True, default=True),
        Terminal("last", ("int", "str"), "element", ordered=True, default=True),
        Terminal("first_index", _ANY, "int", True, source_index=True, predicate=True),
        Terminal("last_index", _ANY, "int", True, source_index=True, predicate=True),
        Terminal("count_distinct", _ANY, "int", scalar=True, weight=0.7),
        Terminal("ascending", ("int",), "boolean", ordered=True, weight=0.7),
        Terminal("descending", ("int",), "boolean", ordered=True, weight=0.7),
        Terminal("list", ("int", "str"), "List", ordered=True, weight=1.2),
        Terminal("reversed_list", ("int", "str"), "List", ordered=True, weight=0.8),
        Terminal("array", ("int",), "int[]", ordered=True, weight=0.8),
        Terminal("join", ("int", "str"), "String", ordered=True),
        Terminal("running_totals", ("int",), "List", ordered=True, weight=0.7),
        Terminal("second_largest", ("int",), "int", weight=0.6),
        Terminal("spread", ("int",), "int", scalar=True, weight=0.7),
        Terminal("alternating_sum", ("int",), "int", ordered=True, scalar=True, weight=0.7),
        Terminal("longest_run", _ANY, "int", ordered=True, predicate=True, scalar=True, weight=0.7),
        Terminal("rises", ("int",), "int", ordered=True, scalar=True, weight=0.6),
        Terminal("string", ("char",), "String", ordered=True, weight=1.5),
        Terminal("reversed_string", ("char",), "String", ordered=True),
        Terminal("palindrome", ("char",), "boolean", ordered=True, weight=0.6),
        Terminal("concatenation", ("str",), "String", ordered=True),
        Terminal("longest", ("str",), "String", ordered=True),
        Terminal("shortest", ("str",), "String", ordered=True),
    )
}

# Post operations on an int result; the value says what they return.
POSTS = {
    "is_even": "boolean",
    "is_odd": "boolean",
    "exceeds": "boolean",
    "is_divisible": "boolean",
    "absolute": "int",
    "twice": "int",
    "squared": "int",
    "plus": "int",
    "at_most": "int",
    "last_digit": "int",
}
POST_OPERAND = {"exceeds": "int", "is_divisible": "divisor", "plus": "int", "at_most": "int"}

# Conditions that say nothing about elements that are positive anyway.
_POSITIVE_SOURCES = ("range", "digits", "divisors")
_POSITIVE_MAPS = (
    "square",
    "absolute",
    "last_digit",
    "distance",
    "length",
    "digit_value",
    "alphabet_position",
)
_NEVER_ON_POSITIVE = ("positive", "negative", "non_zero", "absolute")


@dataclass(frozen=True)
class Operation:
    """One operation of a composition; `operand` is "", "const" or "param"."""

    role: str  # "where", "map", "before" (take until), "predicate", "default", "post", "guard"
    name: str
    operand: str = ""

    def text(self) -> str:
        """`role:name:operand`, the stable form that is hashed."""
        return f"{self.role}:{self.name}:{self.operand}".rstrip(":")


@dataclass(frozen=True)
class Composition:
    """`source → steps → terminal → post`, with an optional guard for an empty source."""

    source: str
    steps: tuple[Operation, ...]
    terminal: str
    predicate: Operation | None = None
    default: Operation | None = None
    post: Operation | None = None
    guard: Operation | None = None

    def operations(self) -> tuple[str, ...]:
        """Every operation as text, in order; the identity of the composition."""
        extra = [o for o in (self.predicate, self.default, self.post, self.guard) if o]
        return (
            self.source,
            *(s.text() for s in self.steps),
            "end:" + self.terminal,
            *(o.text() for o in extra),
        )

    def depth(self) -> int:
        """1 to 3: the terminal, each step, the post operation and the guard count one each."""
        return 1 + len(self.steps) + (self.post is not None) + (self.guard is not None)

    def element_kind(self) -> str:
        """Kind of the elements that reach the terminal."""
        kind = SOURCES[self.source].kind
        for step in self.steps:
            if step.role == "map":
                kind = MAPS[step.name].result
        return kind


def composition_hash(operations: tuple[str, ...]) -> int:
    """A hash in 0..2^32-1 that is the same in every process and Python version."""
    digest = hashlib.sha256("|".join(operations).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def is_held_out(composition) -> bool:
    """True for compositions that training never sees; those of depth 1 are never held out."""
    if composition.depth() < 2:
        return False
    return composition_hash(composition.operations()) % 100 < HELD_OUT_PERCENT


def _operand_mode(rng: random.Random, has_operand: bool) -> str:
    return "" if not has_operand else rng.choice(("const", "param"))


def _draw_condition(rng, role, kind, used_groups, positive):
    names = [
        n
        for n in conditions_on(kind)
        if CONDITIONS[n].group not in used_groups and not (positive and n in _NEVER_ON_POSITIVE)
    ]
    if not names:
        return None
    name = rng.choice(names)
    return Operation(role, name, _operand_mode(rng, bool(CONDITIONS[name].operand)))


def _draw_steps(rng: random.Random, source: Source, count: int, allow_maps: bool):
    """Draws `count` steps; None if the draw leads to a phrase that would be ambiguous."""
    steps: list[Operation] = []
    kind, groups, positive = source.kind, set(), source.name in _POSITIVE_SOURCES
    postfix_map = False
    for position in range(count):
        choice = rng.random()
        if position == 0 and choice < 0.06 and source.ordered:
            step = _draw_condition(rng, "before", kind, groups, positive)
            if step is None or source.name == "divisors":
                return None
        elif choice < 0.11 and DISTINCT not in groups:
            step = Operation("where", DISTINCT)
        elif position == 0 and choice < 0.17 and source.indexed:
            step = Operation("where", rng.choice((EVEN_INDEX, ODD_INDEX)))
        elif choice < 0.60 or not allow_maps:
            step = _draw_condition(rng, "where", kind, groups, positive)
        else:
            previous = steps[-1].name if steps else ""
            names = [
                n
                for n in maps_on(kind)
                if MAPS[n].after in ("", previous)
                and not (positive and n in _NEVER_ON_POSITIVE)
                and not (postfix_map and MAPS[n].prefixes)
                and n != previous
            ]
            if not names:
                return None
            chosen = rng.choice(names)
            step = Operation("map", chosen, _operand_mode(rng, bool(MAPS[chosen].operand)))
        if step is None:
            return None
        if step.role == "map":
            mapping = MAPS[step.name]
            kind, groups = mapping.result, set()
            positive = step.name in _POSITIVE_MAPS or (positive and step.name in ("double", "cube"))
            postfix_map = bool(mapping.postfixes)
        elif step.role == "where":
            groups.add(CONDITIONS[step.name].group)
            if steps and steps[-1].role == "where":
                # Filters commute: one order stands for both, or a held-out pair would leak.
                # Position filters look at the source and stay first.
                if CONDITIONS[steps[-1].name].group != "index":
                    if step.name == DISTINCT:
                        groups.add(DISTINCT)
                    steps[-1:] = sorted((steps[-1], step), key=Operation.text)
                    continue
                if step.name == DISTINCT:
                    return None
        steps.append(step)
    return tuple(steps), kind, groups, positive


def draw_composition(rng: random.Random) -> Composition:
    """Draws a composition of depth 1 to 3."""
    while True:
        source = rng.choices(list(SOURCES.values()), [s.weight for s in SOURCES.values()])[0]
        depth = rng.choices((1, 2, 3), (0.1, 0.4, 0.5))[0]
        terminal = rng.choices(list(TERMINALS.values()), [t.weight for t in TERMINALS.values()])[0]
        if (terminal.ordered and not source.ordered) or (
            terminal.source_index and not source.indexed
        ):
            continue
        room = depth - 1
        post = guard = None
        if room and terminal.scalar and rng.random() < 0.25:
            name = rng.choice(list(POSTS))
            post = Operation("post", name, _operand_mode(rng, name in POST_OPERAND))
            room -= 1
        elif room and terminal.scalar and source.indexed and rng.random() < 0.15:
            guard = Operation("guard", "empty", "const")
            room -= 1
        drawn = _draw_steps(rng, source, room, not terminal.source_index)
        if drawn is None:
            continue
        steps, kind, groups, positive = drawn
        if kind not in terminal.kinds or (
            any(s.role == "before" for s in steps) and terminal.source_index
        ):
            continue
        if terminal.name == "count_distinct" and DISTINCT in groups:
            continue
        if terminal.name == "count" and all(s.role == "map" for s in steps):
            continue
        if terminal.name == "first" and (not steps or steps[-1].role != "where"):
            continue
        if terminal.name in ("array", "list", "string") and not steps:
            continue
        if terminal.name in ("max", "min", "spread", "second_largest") and "distinct" in groups:
            continue
        predicate = default = None
        if terminal.predicate:
            predicate = _draw_condition(rng, "predicate", kind, groups, positive)
            if predicate is None or (terminal.source_index and steps):
                continue
        if terminal.default:
            default = Operation("default", "value", rng.choice(("const", "const", "param")))
        result = Composition(source.name, steps, terminal.name, predicate, default, post, guard)
        operands = [o for o in (*steps, predicate, default, post) if o and o.operand == "param"]
        if len(operands) <= 2 and result.depth() <= 3:
            return result
