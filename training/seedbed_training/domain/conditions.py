"""Conditions on one element: their Java text, their English and their Python meaning.

Java templates use `{v}` (the element, already safe to embed) and `{k}` (the operand).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """A yes/no question about one element.

    `group`: two conditions of one group never meet in a composition (they would contradict or
    repeat each other). `operand`: "" or a key of `operands.OPERANDS`. English forms: `adjectives`
    stand before the noun, `postfixes` after it, `nouns` replace it, `verbs` are (singular, plural).
    """

    name: str
    kind: str
    group: str
    holds: str
    fails: str
    test: Callable[..., bool]
    verbs: tuple[tuple[str, str], ...]
    adjectives: tuple[str, ...] = ()
    postfixes: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    operand: str = ""


def _is(*words: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"is {w}", f"are {w}") for w in words)


def _int(name, group, holds, fails, test, words, form, operand=""):
    forms = {form: words}
    return Condition(name, "int", group, holds, fails, test, _is(*words), operand=operand, **forms)


INT_CONDITIONS = (
    _int(
        "even",
        "parity",
        "{v} % 2 == 0",
        "{v} % 2 != 0",
        lambda v: v % 2 == 0,
        ("even",),
        "adjectives",
    ),
    _int(
        "odd",
        "parity",
        "{v} % 2 != 0",
        "{v} % 2 == 0",
        lambda v: v % 2 != 0,
        ("odd",),
        "adjectives",
    ),
    _int("positive", "sign", "{v} > 0", "{v} <= 0", lambda v: v > 0, ("positive",), "adjectives"),
    _int("negative", "sign", "{v} < 0", "{v} >= 0", lambda v: v < 0, ("negative",), "adjectives"),
    _int("non_zero", "sign", "{v} != 0", "{v} == 0", lambda v: v != 0, ("non-zero",), "adjectives"),
    _int(
        "greater_than",
        "order",
        "{v} > {k}",
        "{v} <= {k}",
        lambda v, k: v > k,
        ("greater than {k}", "above {k}"),
        "postfixes",
        "int",
    ),
    _int(
        "less_than",
        "order",
        "{v} < {k}",
        "{v} >= {k}",
        lambda v, k: v < k,
        ("less than {k}", "below {k}"),
        "postfixes",
        "int",
    ),
    _int(
        "at_least",
        "order",
        "{v} >= {k}",
        "{v} < {k}",
        lambda v, k: v >= k,
        ("at least {k}",),
        "postfixes",
        "int",
    ),
    _int(
        "at_most",
        "order",
        "{v} <= {k}",
        "{v} > {k}",
        lambda v, k: v <= k,
        ("at most {k}",),
        "postfixes",
        "int",
    ),
    _int(
        "equal_to",
        "order",
        "{v} == {k}",
        "{v} != {k}",
        lambda v, k: v == k,
        ("equal to {k}",),
        "postfixes",
        "int",
    ),
    _int(
        "different_from",
        "identity",
        "{v} != {k}",
        "{v} == {k}",
        lambda v, k: v != k,
        ("different from {k}",),
        "postfixes",
        "int",
    ),
    _int(
        "multiple_of",
        "divisor",
        "{v} % {k} == 0",
        "{v} % {k} != 0",
        lambda v, k: v % k == 0,
        ("divisible by {k}",),
        "postfixes",
        "divisor",
    ),
    _int(
        "not_multiple_of",
        "divisor",
        "{v} % {k} != 0",
        "{v} % {k} == 0",
        lambda v, k: v % k != 0,
        ("not divisible by {k}",),
        "postfixes",
        "divisor",
    ),
)

_VOWELS = "aeiouAEIOU"


def _char(name, holds, fails, test, noun, singular):
    return Condition(
        name,
        "char",
        "class",
        holds,
        fails,
        test,
        ((f"is {singular}", f"are {noun}"),),
        nouns=(noun,),
    )


def _ascii(predicate: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda v: v.isascii() and predicate(v)


CHAR_CONDITIONS = (
    _char(
        "vowel",
        '"aeiouAEIOU".indexOf({v}) >= 0',
        '"aeiouAEIOU".indexOf({v}) < 0',
        lambda v: v in _VOWELS,
        "vowels",
        "a vowel",
    ),
    _char(
        "upper_case",
        "Character.isUpperCase({v})",
        "!Character.isUpperCase({v})",
        _ascii(str.isupper),
        "upper-case letters",
        "an upper-case letter",
    ),
    _char(
        "lower_case",
        "Character.isLowerCase({v})",
        "!Character.isLowerCase({v})",
        _ascii(str.islower),
        "lower-case letters",
        "a lower-case letter",
    ),
    _char(
        "digit",
        "Character.isDigit({v})",
        "!Character.isDigit({v})",
        _ascii(str.isdigit),
        "digits",
        "a digit",
    ),
    _char(
        "letter",
        "Character.isLetter({v})",
        "!Character.isLetter({v})",
        _ascii(str.isalpha),
        "letters",
        "a letter",
    ),
    _char("space", "{v} == ' '", "{v} != ' '", lambda v: v == " ", "spaces", "a space"),
    Condition(
        "non_space",
        "char",
        "class",
        "{v} != ' '",
        "{v} == ' '",
        lambda v: v != " ",
        (("is not a space", "are not spaces"),),
        adjectives=("non-space",),
    ),
    Condition(
        "equal_to_char",
        "char",
        "class",
        "{v} == {k}",
        "{v} != {k}",
        lambda v, k: v == k,
        _is("equal to {k}"),
        postfixes=("equal to {k}",),
        operand="char",
    ),
    Condition(
        "different_from_char",
        "char",
        "identity",
        "{v} != {k}",
        "{v} == {k}",
        lambda v, k: v != k,
        _is("different from {k}"),
        postfixes=("different from {k}",),
        operand="char",
    ),
)

STRING_CONDITIONS = (
    Condition(
        "longer_than",
        "str",
        "length",
        "{v}.length() > {k}",
        "{v}.length() <= {k}",
        lambda v, k: len(v) > k,
        _is("longer than {k}"),
        postfixes=("longer than {k}",),
        operand="length",
    ),
    Condition(
        "shorter_than",
        "str",
        "length",
        "{v}.length() < {k}",
        "{v}.length() >= {k}",
        lambda v, k: len(v) < k,
        _is("shorter than {k}"),
        postfixes=("shorter than {k}",),
        operand="length",
    ),
    Condition(
        "of_length",
        "str",
        "length",
        "{v}.length() == {k}",
        "{v}.length() != {k}",
        lambda v, k: len(v) == k,
        (("has length {k}", "have length {k}"),),
        postfixes=("of length {k}",),
        operand="length",
    ),
    Condition(
        "non_empty",
        "str",
        "length",
        "!{v}.isEmpty()",
        "{v}.isEmpty()",
        lambda v: v != "",
        _is("non-empty"),
        adjectives=("non-empty",),
    ),
    Condition(
        "even_length",
        "str",
        "parity",
        "{v}.length() % 2 == 0",
        "{v}.length() % 2 != 0",
        lambda v: len(v) % 2 == 0,
        (("has an even length", "have an even length"),),
        postfixes=("of even length",),
    ),
    Condition(
        "starts_with",
        "str",
        "start",
        "{v}.startsWith({k})",
        "!{v}.startsWith({k})",
        lambda v, k: v.startswith(k),
        (("starts with {k}", "start with {k}"),),
        postfixes=("starting with {k}",),
        operand="str",
    ),
    Condition(
        "ends_with",
        "str",
        "end",
        "{v}.endsWith({k})",
        "!{v}.endsWith({k})",
        lambda v, k: v.endswith(k),
        (("ends with {k}", "end with {k}"),),
        postfixes=("ending with {k}",),
        operand="str",
    ),
    Condition(
        "containing",
        "str",
        "part",
        "{v}.contains({k})",
        "!{v}.contains({k})",
        lambda v, k: k in v,
        (("contains {k}", "contain {k}"),),
        postfixes=("containing {k}",),
        operand="str",
    ),
    Condition(
        "equal_to_string",
        "str",
        "identity",
        "{v}.equals({k})",
        "!{v}.equals({k})",
        lambda v, k: v == k,
        _is("equal to {k}"),
        postfixes=("equal to {k}",),
        operand="str",
    ),
)

# Conditions that look beyond the element itself; the rendering supplies their state.
DISTINCT = "distinct"
EVEN_INDEX = "even_index"
ODD_INDEX = "odd_index"

CONDITIONS: dict[str, Condition] = {
    c.name: c for c in INT_CONDITIONS + CHAR_CONDITIONS + STRING_CONDITIONS
}
CONDITIONS[DISTINCT] = Condition(
    DISTINCT,
    "any",
    "distinct",
    "{set}.add({v})",
    "!{set}.add({v})",
    lambda v: True,
    (),
    adjectives=("distinct",),
)
CONDITIONS[EVEN_INDEX] = Condition(
    EVEN_INDEX,
    "any",
    "index",
    "{i} % 2 == 0",
    "{i} % 2 != 0",
    lambda v: True,
    (),
    postfixes=("at even indexes",),
)
CONDITIONS[ODD_INDEX] = Condition(
    ODD_INDEX,
    "any",
    "index",
    "{i} % 2 != 0",
    "{i} % 2 == 0",
    lambda v: True,
    (),
    postfixes=("at odd indexes",),
)


def conditions_on(kind: str) -> list[str]:
    """Names of the conditions on elements of `kind` ("int", "char", "str") that need no state."""
    return [c.name for c in CONDITIONS.values() if c.kind == kind]
