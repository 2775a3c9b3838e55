"""The second family: conditionals over a few ints and a boolean, without a loop."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .arithmetic import wrap_int

# name: (parameters used, Java, English, meaning); {0} and {1} are parameter names.
EXPRESSIONS = {
    "self": (1, "{0}", "{0}", lambda a: a),
    "double": (1, "2 * {0}", "twice {0}", lambda a: wrap_int(2 * a)),
    "square": (1, "{0} * {0}", "the square of {0}", lambda a: wrap_int(a * a)),
    "negation": (1, "-{0}", "the negation of {0}", lambda a: wrap_int(-a)),
    "absolute": (1, "Math.abs({0})", "the absolute value of {0}", lambda a: wrap_int(abs(a))),
    "sum": (2, "{0} + {1}", "the sum of {0} and {1}", lambda a, b: wrap_int(a + b)),
    "difference": (2, "{0} - {1}", "{0} minus {1}", lambda a, b: wrap_int(a - b)),
    "product": (2, "{0} * {1}", "the product of {0} and {1}", lambda a, b: wrap_int(a * b)),
    "larger": (2, "Math.max({0}, {1})", "the larger of {0} and {1}", max),
    "smaller": (2, "Math.min({0}, {1})", "the smaller of {0} and {1}", min),
    "zero": (0, "0", "0", lambda: 0),
    "minus_one": (0, "-1", "-1", lambda: -1),
}
PREDICATES = {
    "even": (1, "{0} % 2 == 0", "{0} is even", lambda a: a % 2 == 0),
    "odd": (1, "{0} % 2 != 0", "{0} is odd", lambda a: a % 2 != 0),
    "positive": (1, "{0} > 0", "{0} is positive", lambda a: a > 0),
    "negative": (1, "{0} < 0", "{0} is negative", lambda a: a < 0),
    "greater": (2, "{0} > {1}", "{0} is greater than {1}", lambda a, b: a > b),
    "less": (2, "{0} < {1}", "{0} is less than {1}", lambda a, b: a < b),
    "equal": (2, "{0} == {1}", "{0} equals {1}", lambda a, b: a == b),
    "flag": (-1, "{f}", "{f} is true", lambda f: f),
    "not_flag": (-1, "!{f}", "{f} is false", lambda f: not f),
}
_INTS = (("a", "b"), ("x", "y"), ("n", "m"), ("p", "q"))
_FLAGS = ("flag", "on", "ok")


@dataclass(frozen=True)
class ScalarComposition:
    """`predicate [and|or predicate] → boolean`, or `predicate ? expression : expression`."""

    first: str
    connective: str  # "", "and", "or"
    second: str
    then: str  # "" for a boolean result
    otherwise: str

    def operations(self) -> tuple[str, ...]:
        """Every operation as text, in order; the identity of the composition."""
        parts = [f"if:{self.first}"]
        if self.connective:
            parts += [f"{self.connective}:{self.second}"]
        if self.then:
            parts += [f"then:{self.then}", f"else:{self.otherwise}"]
        return ("scalar", *parts)

    def depth(self) -> int:
        """1 to 3."""
        return 1 + bool(self.connective) + bool(self.then)


@dataclass(frozen=True)
class ScalarInstance:
    """A scalar composition with parameter names; `swap` says which predicate gets which."""

    composition: ScalarComposition
    params: tuple[tuple[str, str], ...]
    swap: bool  # whether the second predicate and the expressions look at the second int first

    def operand_kind(self, param: str) -> str:
        """Every parameter is an int or a boolean, drawn over its plain range."""
        return ""


def draw_composition(rng: random.Random) -> ScalarComposition:
    """Draws one of a few thousand scalar compositions."""
    names = list(PREDICATES)
    while True:
        first, second, connective = rng.choice(names), "", ""
        kind = rng.random()
        if kind < 0.5:
            connective, second = rng.choice(("and", "or")), rng.choice(names)
        if "flag" in first and "flag" in second:
            continue
        if kind > 0.2:
            then, otherwise = rng.sample(list(EXPRESSIONS), 2)
            return ScalarComposition(first, connective, second, then, otherwise)
        return ScalarComposition(first, connective, second, "", "")


def draw_instance(rng: random.Random, composition: ScalarComposition) -> ScalarInstance:
    """Chooses parameter names; a boolean parameter only where a predicate asks for it."""
    a, b = rng.choice(_INTS)
    params = [("int", a), ("int", b)]
    if "flag" in composition.first + composition.second:
        params.append(("boolean", rng.choice(_FLAGS)))
    return ScalarInstance(composition, tuple(params), rng.random() < 0.5)


def _roles(instance: ScalarInstance):
    """(role, table, name, int parameter order) of each part."""
    names = [name for java_type, name in instance.params if java_type == "int"]
    other = names[::-1] if instance.swap else names
    composition = instance.composition
    yield "first", PREDICATES, composition.first, names
    if composition.connective:
        yield "second", PREDICATES, composition.second, names[::-1]
    if composition.then:
        yield "then", EXPRESSIONS, composition.then, other
        yield "otherwise", EXPRESSIONS, composition.otherwise, other[::-1]


def _flag(instance: ScalarInstance) -> str:
    return next((n for t, n in instance.params if t == "boolean"), "")


def evaluate(instance: ScalarInstance, args: dict[str, object]) -> object:
    """The value for `args` by parameter name, from the meaning alone."""
    values = {}
    for role, table, name, order in _roles(instance):
        count, _, _, meaning = table[name]
        used = [_flag(instance)] if count < 0 else order[:count]
        values[role] = meaning(*(args[n] for n in used))
    connective = instance.composition.connective
    truth = values["first"]
    if connective:
        truth = (truth and values["second"]) if connective == "and" else (truth or values["second"])
    if not instance.composition.then:
        return truth
    return values["then"] if truth else values["otherwise"]


def result_type(instance: ScalarInstance) -> str:
    """ "int" or "boolean"."""
    return "int" if instance.composition.then else "boolean"


def render(rng: random.Random, instance: ScalarInstance) -> tuple[str, str, list[str]]:
    """(Javadoc line, signature up to `{`, body lines)."""
    java, english, flag = {}, {}, _flag(instance)
    for role, table, name, order in _roles(instance):
        java[role] = table[name][1].format(*order, f=flag)
        english[role] = table[name][2].format(*order, f=flag)
    test, words = java["first"], english["first"]
    connective = instance.composition.connective
    if connective:
        test += f" {'&&' if connective == 'and' else '||'} {java['second']}"
        words += f" {connective} {english['second']}"
    params = ", ".join(f"{t} {n}" for t, n in instance.params)
    head = f"static {result_type(instance)} f({params}) {{"
    local = rng.choice(("result", "value", "answer"))
    style = rng.randrange(3)
    if not instance.composition.then:
        verb = rng.choice(("Returns true if", "Checks whether"))
        lines = [
            [f"return {test};"],
            [f"if ({test}) {{", "    return true;", "}", "return false;"],
            [f"boolean {local} = {test};", f"return {local};"],
        ][style]
        return f"/** {verb} {words}. */", head, ["    " + line for line in lines]
    yes, no = java["then"], java["otherwise"]
    doc = f"Returns {english['then']} if {words}, otherwise {english['otherwise']}"
    if rng.random() < 0.3:
        doc = f"If {words}, returns {english['then']}, otherwise {english['otherwise']}"
    lines = [
        [f"return {test} ? {yes} : {no};"],
        [f"if ({test}) {{", f"    return {yes};", "}", f"return {no};"],
        [
            f"int {local} = {no};",
            f"if ({test}) {{",
            f"    {local} = {yes};",
            "}",
            f"return {local};",
        ],
    ][style]
    return f"/** {doc}. */", head, ["    " + line for line in lines]
