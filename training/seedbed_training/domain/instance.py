"""An instance: a composition with parameter names and constants, and what it evaluates to."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

from .arithmetic import truncated_remainder, wrap_int
from .composition import POST_OPERAND, POSTS, SOURCES, TERMINALS, Composition, Operation
from .conditions import CONDITIONS, DISTINCT, EVEN_INDEX, ODD_INDEX
from .maps import MAPS

_NAMES = {
    "int[]": ("xs", "a", "arr", "values", "nums", "data"),
    "List<Integer>": ("xs", "list", "items", "numbers", "values"),
    "List<String>": ("words", "names", "items", "list"),
    "String": ("s", "text", "str", "input"),
    "int": ("n", "m", "num"),
}
_OPERAND_NAMES = {
    "int": ("k", "t", "limit", "bound"),
    "divisor": ("k", "d", "step"),
    "factor": ("k", "t", "factor"),
    "length": ("k", "len", "size"),
    "char": ("target", "key", "ch"),
    "str": ("p", "part", "key"),
    "default": ("fallback", "other", "d"),
}
OPERAND_TYPES = {
    "int": "int",
    "divisor": "int",
    "factor": "int",
    "length": "int",
    "char": "char",
    "str": "String",
}


@dataclass(frozen=True)
class Operand:
    """`text` is what stands in Java and in the Javadoc; a constant carries its value."""

    text: str
    kind: str
    value: object = None
    is_param: bool = False


@dataclass(frozen=True)
class Instance:
    """A composition ready to be rendered: `params` are (Java type, name), in signature order."""

    composition: Composition
    params: tuple[tuple[str, str], ...]
    source_names: tuple[str, ...]
    operands: dict[str, Operand] = field(default_factory=dict)  # by slot

    def operand(self, slot: str) -> Operand | None:
        """The operand of a slot: "step0", "step1", "predicate", "default", "post", "guard"."""
        return self.operands.get(slot)

    def result_type(self) -> str:
        """The Java return type."""
        composition = self.composition
        if composition.post:
            return POSTS[composition.post.name]
        result = TERMINALS[composition.terminal].result
        kind = composition.element_kind()
        if result == "List":
            return "List<Integer>" if kind == "int" else "List<String>"
        if result == "element":
            return {"int": "int", "str": "String", "char": "char"}[kind]
        return result

    def operand_kind(self, param: str) -> str:
        """The operand kind of a parameter, or "" for a parameter that is the source."""
        for operand in self.operands.values():
            if operand.is_param and operand.text == param:
                return operand.kind
        return ""


def _slots(composition: Composition):
    for index, step in enumerate(composition.steps):
        kind = (MAPS if step.role == "map" else CONDITIONS)[step.name].operand
        yield f"step{index}", step, kind
    if composition.predicate:
        yield "predicate", composition.predicate, CONDITIONS[composition.predicate.name].operand
    if composition.default:
        yield "default", composition.default, "default"
    if composition.post:
        yield "post", composition.post, POST_OPERAND.get(composition.post.name, "")
    if composition.guard:
        yield "guard", composition.guard, "guard"


def _constant(rng: random.Random, kind: str, element_kind: str) -> Operand:
    if kind in ("default", "guard"):
        if element_kind == "str" and kind == "default":
            value = rng.choice(("", "none", "-"))
            return Operand(f'"{value}"', kind, value)
        value = rng.choice((-1, -1, 0)) if kind == "default" else rng.choice((-1, -1, 0, 1))
        return Operand(str(value), kind, value)
    if kind == "char":
        value = rng.choice("abcdeostxz")
        return Operand(f"'{value}'", kind, value)
    if kind == "str":
        value = rng.choice(("a", "b", "c", "e", "o", "s", "t", "an", "er"))
        return Operand(f'"{value}"', kind, value)
    low, high = {"int": (1, 20), "divisor": (3, 9), "factor": (3, 9), "length": (2, 6)}[kind]
    value = rng.randint(low, high)
    return Operand(str(value), kind, value)


def draw_instance(rng: random.Random, composition: Composition) -> Instance:
    """Chooses parameter names and constants for `composition`."""
    used: set[str] = set()

    def fresh(names: tuple[str, ...]) -> str:
        name = rng.choice([n for n in names if n not in used])
        used.add(name)
        return name

    params, sources = [], []
    types = SOURCES[composition.source].params
    pair = rng.choice((("a", "b"), ("xs", "ys"), ("left", "right"))) if len(types) == 2 else None
    for index, java_type in enumerate(types):
        name = pair[index] if pair else fresh(_NAMES[java_type])
        used.add(name)
        params.append((java_type, name))
        sources.append(name)
    operands: dict[str, Operand] = {}
    element = composition.element_kind()
    for slot, operation, kind in _slots(composition):
        if operation.operand == "param":
            name = fresh(_OPERAND_NAMES[kind])
            java_type = OPERAND_TYPES.get(kind) or ("String" if element == "str" else "int")
            params.append((java_type, name))
            operands[slot] = Operand(name, kind, is_param=True)
        elif operation.operand == "const":
            operands[slot] = _constant(rng, kind, element)
    return Instance(composition, tuple(params), tuple(sources), operands)


def _elements(instance: Instance, args: dict[str, object]) -> list:
    source = instance.composition.source
    values = [args[name] for name in instance.source_names]
    first = values[0]
    if source in ("array", "list", "words", "chars"):
        return list(first)
    if source == "range":
        return list(range(1, first + 1))
    if source == "digits":
        return [int(c) for c in str(abs(first))]
    if source == "divisors":
        return [i for i in range(1, first + 1) if first % i == 0]
    combine = {
        "pair_sums": lambda a, b: a + b,
        "pair_differences": lambda a, b: a - b,
        "pair_products": lambda a, b: a * b,
    }[source]
    return [wrap_int(combine(a, b)) for a, b in zip(*values, strict=False)]


def evaluate(instance: Instance, args: dict[str, object]) -> object:
    """The value the method must return for `args` (by parameter name), from the meaning alone."""
    composition = instance.composition
    elements = _elements(instance, args)

    def operand(slot: str) -> tuple:
        value = instance.operands.get(slot)
        if value is None:
            return ()
        return (args[value.text] if value.is_param else value.value,)

    if composition.guard and not elements:
        return operand("guard")[0]
    for index, step in enumerate(composition.steps):
        elements = _apply_step(step, elements, operand(f"step{index}"))
    result = _finish(composition, elements, operand)
    return _post(composition.post, result, operand("post")) if composition.post else result


def _apply_step(step: Operation, elements: list, k: tuple) -> list:
    if step.role == "map":
        return [MAPS[step.name].apply(v, *k) for v in elements]
    if step.name == DISTINCT:
        return list(dict.fromkeys(elements))
    if step.name == EVEN_INDEX:
        return elements[0::2]
    if step.name == ODD_INDEX:
        return elements[1::2]
    test = CONDITIONS[step.name].test
    if step.role == "where":
        return [v for v in elements if test(v, *k)]
    kept = []
    for value in elements:
        if test(value, *k):
            break
        kept.append(value)
    return kept


def _finish(composition: Composition, elements: list, operand) -> object:
    name = composition.terminal
    if TERMINALS[name].predicate:
        test = CONDITIONS[composition.predicate.name].test
        hits = [test(v, *operand("predicate")) for v in elements]
        return _finish_predicate(name, hits)
    if TERMINALS[name].default:
        if not elements:
            return operand("default")[0]
        chooser = {"max": max, "min": min, "first": lambda e: e[0], "last": lambda e: e[-1]}
        return chooser[name](elements)
    return _FINISH[name](elements)


def _finish_predicate(name: str, hits: list[bool]) -> object:
    if name == "any":
        return any(hits)
    if name == "all":
        return all(hits)
    if name == "none":
        return not any(hits)
    if name == "first_index":
        return hits.index(True) if True in hits else -1
    if name == "last_index":
        return len(hits) - 1 - hits[::-1].index(True) if True in hits else -1
    best = run = 0
    for hit in hits:
        run = run + 1 if hit else 0
        best = max(best, run)
    return best


def _product(elements: list[int]) -> int:
    result = 1
    for value in elements:
        result = wrap_int(result * value)
    return result


def _average(elements: list[int]) -> int:
    if not elements:
        return 0
    total = wrap_int(sum(elements))
    quotient = abs(total) // len(elements)
    return -quotient if total < 0 else quotient


def _running_totals(elements: list[int]) -> list[int]:
    totals, total = [], 0
    for value in elements:
        total = wrap_int(total + value)
        totals.append(total)
    return totals


def _second_largest(elements: list[int]) -> int:
    distinct = sorted(set(elements), reverse=True)
    return distinct[1] if len(distinct) > 1 else -1


_FINISH = {
    "sum": lambda e: wrap_int(sum(e)),
    "product": _product,
    "count": len,
    "average": _average,
    "count_distinct": lambda e: len(set(e)),
    "ascending": lambda e: all(a <= b for a, b in pairwise(e)),
    "descending": lambda e: all(a >= b for a, b in pairwise(e)),
    "list": lambda e: e,
    "reversed_list": lambda e: e[::-1],
    "array": lambda e: e,
    "join": lambda e: ",".join(map(str, e)),
    "running_totals": _running_totals,
    "second_largest": _second_largest,
    "spread": lambda e: wrap_int(max(e) - min(e)) if e else 0,
    "alternating_sum": lambda e: wrap_int(sum(e[0::2]) - sum(e[1::2])),
    "rises": lambda e: sum(b > a for a, b in pairwise(e)),
    "string": "".join,
    "reversed_string": lambda e: "".join(reversed(e)),
    "palindrome": lambda e: e == e[::-1],
    "concatenation": "".join,
    "longest": lambda e: max(e, key=len) if e else "",
    "shortest": lambda e: min(e, key=len) if e else "",
}


def _post(post: Operation, value: int, k: tuple) -> object:
    if post.name == "is_even":
        return value % 2 == 0
    if post.name == "is_odd":
        return value % 2 != 0
    if post.name == "exceeds":
        return value > k[0]
    if post.name == "is_divisible":
        return truncated_remainder(value, k[0]) == 0
    return {
        "absolute": lambda: wrap_int(abs(value)),
        "twice": lambda: wrap_int(2 * value),
        "squared": lambda: wrap_int(value * value),
        "plus": lambda: wrap_int(value + k[0]),
        "at_most": lambda: min(value, k[0]),
        "last_digit": lambda: abs(truncated_remainder(value, 10)),
    }[post.name]()
