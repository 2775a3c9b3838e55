"""Single faults in right Java methods: what a model that repairs is measured on.

A fault changes the text of a completion in one place, as a person's slip would. It counts only when
the method that results does not pass any more, judged by running it: a change that keeps the
meaning is no fault.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .evaluation import dealt, first_to_fail
from .verifier import Verifier

KINDS = ("operator", "identifier", "literal", "off_by_one", "missing_line", "duplicated_line")

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'')
# Binary operators stand between spaces, so those of generic types and lambdas are not among them.
_OPERATOR = re.compile(r"(?<= )(?:[<>=!]=|&&|\|\||[<>+\-*/%]|[+\-*/%]=)(?= )|\+\+|--")
_OTHER_OPERATORS = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "%": ("/",),
    "+=": ("-=",), "-=": ("+=",), "*=": ("+=",), "/=": ("*=",), "%=": ("/=",),
    "++": ("--",), "--": ("++",),
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
_TRUTH = re.compile(r"\b(?:true|false)\b")
_FIRST_VALUE = re.compile(r"(?<== )[01](?=;)")
_BOUND = re.compile(r"(?<= [<>] |[<>]= )\w[\w.]*(?:\(\))?(?=;|\)| &&| \|\|| \?)")
_ONE_MORE = re.compile(r" [+-] 1(?![\w.])")
_INDEX = re.compile(r"(?<=\[)\w+(?=\])|(?<=\.get\()\w+(?=\))|(?<=\.charAt\()\w+(?=\))")
_DECLARED = re.compile(r"\b([A-Za-z]\w*(?:<[\w<>, ]*>)?(?:\[\])?) (\w+)(?= =|;| :|,|\))")
_LAMBDA = re.compile(r"\b(\w+)(?:, (\w+)\))? ->")
# Lines that a compiler misses at once, or cannot bear twice.
_DECLARES = re.compile(r"\s*[A-Za-z][\w<>\[\], ]* \w+ = |\s*return\b")
_JUMPS = re.compile(r"\s*(?:break|continue)\b")
_NO_TYPES = ("return", "new", "else", "throw", "case")
_SORTS = {
    "int": "number", "long": "number", "Integer": "number", "double": "number",
    "char": "character", "Character": "character", "boolean": "truth", "String": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """`line` counts from 1 at the first line below the signature, in the right completion: that
    which was changed, left out, or written twice."""

    kind: str
    line: int
    completion: str


def draw_faults(prompts: Sequence[dict], seed: int, verifier: Verifier) -> list[Fault]:
    """One fault in the `reference` of each prompt of `draw_prompts`.

    The kinds are dealt out evenly; a method that no fault of its kind breaks gets another. Raises
    ValueError for a method that nothing breaks.
    """
    rng = random.Random(f"faults/{seed}")
    changes = []
    for prompt, kinds in zip(prompts, dealt(KINDS, len(prompts), rng), strict=True):
        faults = []
        for kind in kinds:
            of_kind = possible_faults(prompt["prompt"], prompt["reference"], kind)
            faults += rng.sample(of_kind, len(of_kind))
        changes.append([(fault, fault.completion) for fault in faults])
    return first_to_fail(prompts, changes, verifier)


def possible_faults(prompt: str, completion: str, kind: str) -> list[Fault]:
    """Every change of `kind`, one of `KINDS`, to `completion`; some may keep its meaning."""
    if kind in ("missing_line", "duplicated_line"):
        return _line_faults(completion, kind)
    changes = {
        "operator": _operators,
        "identifier": _identifiers,
        "literal": _literals,
        "off_by_one": _off_by_one,
    }[kind](prompt, completion)
    return [
        Fault(kind, completion.count("\n", 0, start), completion[:start] + new + completion[end:])
        for start, end, new in changes
    ]


def _line_faults(completion: str, kind: str) -> list[Fault]:
    """Of lines that are a whole statement or call; those that the compiler needs, or cannot bear
    twice, only where there is no other."""
    lines = completion.split("\n")
    whole = [i for i in range(1, len(lines)) if lines[i].strip() and _stands_alone(lines[i])]
    missing = kind == "missing_line"
    subtle = [
        i
        for i in whole
        if not _DECLARES.match(lines[i]) and (missing or not _JUMPS.match(lines[i]))
    ]
    copies = 0 if missing else 2
    return [
        Fault(kind, i, "\n".join(lines[:i] + copies * [lines[i]] + lines[i + 1 :]))
        for i in subtle or whole
    ]


def _stands_alone(line: str) -> bool:
    """Whether every bracket that `line` opens is closed in it, and none other."""
    depth = 0
    for character in _unquoted(line):
        depth += (character in "({[") - (character in ")}]")
        if depth < 0:
            return False
    return depth == 0


def _unquoted(text: str) -> str:
    """`text` with strings and characters blotted out, at the same length."""
    return _QUOTED.sub(lambda found: "\0" * len(found[0]), text)


def _operators(_: str, completion: str) -> list[tuple[int, int, str]]:
    return [
        (*found.span(), other)
        for found in _OPERATOR.finditer(_unquoted(completion))
        for other in _OTHER_OPERATORS[found[0]]
    ]


def _literals(_: str, completion: str) -> list[tuple[int, int, str]]:
    """Numbers change by two or more: by one is `off_by_one`."""
    plain = _unquoted(completion)
    changes = []
    for found in _NUMBER.finditer(plain):
        value = int(found[0])
        others = {value - 2, value + 2, value + 5, 10 * value}
        changes += [
            (*found.span(), str(n)) for n in sorted(others) if n >= 0 and abs(n - value) > 1
        ]
    for found in _TRUTH.finditer(plain):
        changes.append((*found.span(), "false" if found[0] == "true" else "true"))
    for found in _QUOTED.finditer(completion):
        quote, text = found[0][0], found[0][1:-1]
        if "\\" in text:
            continue
        other = chr(ord(text) + 1) if quote == "'" else text[:-1] if text else " "
        changes.append((*found.span(), quote + other + quote))
    return changes


def _off_by_one(_: str, completion: str) -> list[tuple[int, int, str]]:
    plain = _unquoted(completion)
    changes = [(*found.span(), str(1 - int(found[0]))) for found in _FIRST_VALUE.finditer(plain)]
    for found in (*_BOUND.finditer(plain), *_INDEX.finditer(plain)):
        for sign, step in (("+", 1), ("-", -1)):
            if not found[0].isdigit():
                changes.append((*found.span(), f"{found[0]} {sign} 1"))
            elif int(found[0]) + step >= 0:
                changes.append((*found.span(), str(int(found[0]) + step)))
    return changes + [(*found.span(), "") for found in _ONE_MORE.finditer(plain)]


def _identifiers(prompt: str, completion: str) -> list[tuple[int, int, str]]:
    """A use of a variable becomes one of another that is declared above it and is of its sort."""
    signature = prompt[prompt.rfind("*/") + 1 :]
    plain = _unquoted(signature + completion)
    declared: dict[str, tuple[str, int]] = {}  # sort, and where
    places = set()
    for found in _DECLARED.finditer(plain):
        if found[1] not in _NO_TYPES:
            declared.setdefault(found[2], (_SORTS.get(found[1], found[1]), found.start(2)))
            places.add(found.start(2))
    for found in _LAMBDA.finditer(plain):
        for group in (1, 2):
            if found[group]:
                declared.setdefault(found[group], ("number", found.start(group)))
                places.add(found.start(group))
    changes = []
    for found in re.finditer(r"(?<![\w.])[A-Za-z]\w*(?!\w|\()", plain):
        start = found.start() - len(signature)
        if start < 0 or found.start() in places or found[0] not in declared:
            continue
        sort = declared[found[0]][0]
        changes += [
            (start, start + len(found[0]), name)
            for name, (other_sort, place) in declared.items()
            if name != found[0] and other_sort == sort and place < found.start()
        ]
    return changes
