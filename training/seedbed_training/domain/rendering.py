"""One method body for an instance in a given style."""

from __future__ import annotations

import random
import re

from .composition import SOURCES, TERMINALS, Operation
from .conditions import CONDITIONS, DISTINCT, EVEN_INDEX, ODD_INDEX
from .instance import Instance
from .loop_plan import BOXED, JAVA, Plan, Site, block
from .maps import MAPS
from .streams import stream_body
from .styles import Names, Style
from .terminals import SINGLE_USE, plan

_ATOM = re.compile(r"[\w.]+(\[\w+\]|\(\w*\))?")
_ELEMENTS = {"int": ("x", "v", "e"), "char": ("c", "ch"), "str": ("w", "word", "e")}
_MAPPED = {"int": ("y", "t", "value"), "char": ("d", "letter"), "str": ("y", "t", "value")}


def signature(instance: Instance) -> str:
    """`static int f(int[] xs, int k) {`."""
    params = ", ".join(f"{java_type} {name}" for java_type, name in instance.params)
    return f"static {instance.result_type()} f({params}) {{"


def atom(expression: str) -> str:
    """The expression, in parentheses unless it binds tighter than any operator."""
    return expression if _ATOM.fullmatch(expression) else f"({expression})"


def body(instance: Instance, style: Style, rng: random.Random) -> list[str]:
    """The lines between the braces, indented by four spaces."""
    names = Names(instance, rng)
    lines = _guard(instance, style)
    streamed = stream_body(instance, style, names) if style.loop == "stream" else None
    lines += streamed if streamed is not None else _LoopRenderer(instance, style, names).lines()
    return ["    " + line for line in lines]


def _guard(instance: Instance, style: Style) -> list[str]:
    if not instance.composition.guard:
        return []
    java_type, name = instance.params[0]
    empty = f"{name}.length == 0" if java_type == "int[]" else f"{name}.isEmpty()"
    if java_type == "String" and style.variant == 0:
        empty = f"{name}.length() == 0"
    return block(f"if ({empty})", f"return {instance.operand('guard').text};")


class _LoopRenderer:
    """Writes a loop over the source with the steps nested in it."""

    def __init__(self, instance: Instance, style: Style, names: Names) -> None:
        self.instance = instance
        self.style = style
        self.names = names
        self.composition = instance.composition
        self.before: list[str] = []
        self.index = ""

    def lines(self) -> list[str]:
        """Everything after the guard."""
        prelude, head, bind, element, tail = self._source()
        # A `continue` would skip the step at the end of a while loop.
        by_continue = self.style.filters == "continue" and not tail
        opened, inner = self._steps(element, by_continue)
        made = inner
        update = opened(made.update)
        loop = self._loop(head, [*bind, *update, *tail])
        return [*made.before, *self.before, *prelude, *loop, *self._result(made)]

    def _loop(self, head: str, content: list[str]) -> list[str]:
        if head.startswith("do "):
            return ["do {", *("    " + line for line in content), f"}} {head[3:]};"]
        return block(head, *content)

    def _needs_index(self) -> bool:
        steps = self.composition.steps
        return TERMINALS[self.composition.terminal].source_index or bool(
            steps and steps[0].name in (EVEN_INDEX, ODD_INDEX)
        )

    def _source(self):
        """(lines before, loop head, lines that bind the element, element, lines at the end)."""
        source = SOURCES[self.composition.source]
        xs = self.instance.source_names[0]
        style, kind, java = self.style, source.kind, JAVA[source.kind]
        if source.name in ("range", "divisors"):
            i = self.index = self.names.fresh("i", "j")
            if style.loop == "while":
                return [f"int {i} = 1;"], f"while ({i} <= {xs})", [], i, [f"{i}++;"]
            return [], f"for (int {i} = 1; {i} <= {xs}; {i}++)", [], i, []
        if source.name == "digits":
            if style.loop in ("for_each", "stream"):
                c, d = self.names.fresh("c", "ch"), self.names.fresh("digit", "x")
                return (
                    [],
                    f"for (char {c} : String.valueOf(Math.abs({xs})).toCharArray())",
                    [f"int {d} = {c} - '0';"],
                    d,
                    [],
                )
            rest, d = self.names.fresh("rest", "r"), self.names.fresh("digit", "x")
            return (
                [f"int {rest} = Math.abs({xs});"],
                f"do while ({rest} > 0)",
                [f"int {d} = {rest} % 10;", f"{rest} /= 10;"],
                d,
                [],
            )
        if source.name.startswith("pair_"):
            return self._pairs(source.name)
        size, at = {
            "array": (f"{xs}.length", xs + "[{i}]"),
            "chars": (f"{xs}.length()", xs + ".charAt({i})"),
        }.get(source.name, (f"{xs}.size()", xs + ".get({i})"))
        if style.loop in ("for_each", "stream") and not self._needs_index():
            x = self.names.fresh(*_ELEMENTS[kind])
            over = f"{xs}.toCharArray()" if source.name == "chars" else xs
            return [], f"for ({java} {x} : {over})", [], x, []
        i = self.index = self.names.fresh("i", "j")
        element, bind = at.format(i=i), []
        if style.bind or not self._inline_ok():
            x = self.names.fresh(*_ELEMENTS[kind])
            element, bind = x, [f"{java} {x} = {element};"]
        if style.loop == "while":
            if bind and not self._needs_index():
                return ([f"int {i} = 0;"], f"while ({i} < {size})", [*bind, f"{i}++;"], element, [])
            return [f"int {i} = 0;"], f"while ({i} < {size})", bind, element, [f"{i}++;"]
        return [], f"for (int {i} = 0; {i} < {size}; {i}++)", bind, element, []

    def _inline_ok(self) -> bool:
        """`xs[i]` may stand in place of a local where it is not repeated too often."""
        return len(self.composition.steps) <= 1 and self.composition.terminal not in (
            "second_largest",
            "spread",
            "longest",
            "shortest",
        )

    def _pairs(self, name: str):
        a, b = self.instance.source_names
        i, size = self.names.fresh("i", "j"), self.names.fresh("n", "len", "size")
        operator = {"pair_sums": "+", "pair_differences": "-", "pair_products": "*"}[name]
        x = self.names.fresh(*_ELEMENTS["int"])
        self.index = i
        prelude = [f"int {size} = Math.min({a}.length, {b}.length);"]
        bind = [f"int {x} = {a}[{i}] {operator} {b}[{i}];"]
        if self.style.loop == "while":
            return [*prelude, f"int {i} = 0;"], f"while ({i} < {size})", [*bind, f"{i}++;"], x, []
        return prelude, f"for (int {i} = 0; {i} < {size}; {i}++)", bind, x, []

    def _condition(self, step: Operation, slot: str, v: str, seen: str) -> tuple[str, str]:
        condition = CONDITIONS[step.name]
        operand = self.instance.operand(slot)
        fields = {"v": v, "k": operand.text if operand else "", "i": self.index, "set": seen}
        return condition.holds.format(**fields), condition.fails.format(**fields)

    def _steps(self, element: str, by_continue: bool):
        """Returns (a function that wraps the terminal's update in the steps, the Plan)."""
        wrappers = []  # outermost first; each takes lines and returns lines
        pending: list[str] = []  # conditions waiting to be merged with &&
        v, kind = element, SOURCES[self.composition.source].kind

        def flush() -> None:
            if pending:
                head = f"if ({' && '.join(pending)})"
                wrappers.append(lambda inner, head=head: block(head, *inner))
                pending.clear()

        def require(holds: str, fails: str) -> None:
            if by_continue:
                skip = block(f"if ({fails})", "continue;")
                wrappers.append(lambda inner, skip=skip: [*skip, *inner])
                return
            pending.append(holds)
            if self.style.filters != "merged":
                flush()

        if self.composition.source == "divisors":
            n = self.instance.source_names[0]
            require(f"{n} % {v} == 0", f"{n} % {v} != 0")
        steps = self.composition.steps
        for index, step in enumerate(steps):
            slot = f"step{index}"
            if step.role == "map":
                flush()
                mapping = MAPS[step.name]
                operand = self.instance.operand(slot)
                call_argument = mapping.java.endswith("({v})") or "({v}, " in mapping.java
                mapped = mapping.java.format(
                    v=v if call_argument else atom(v), k=operand.text if operand else ""
                )
                kind = mapping.result
                last = index == len(steps) - 1
                inline = self.style.inline_map and (
                    steps[index + 1].role == "map"
                    and "{v} * {v}" not in MAPS[steps[index + 1].name].java
                    if not last
                    else self.composition.terminal in SINGLE_USE
                )
                if inline:
                    v = mapped
                    continue
                name = self.names.fresh(*_MAPPED[kind])
                line = f"{JAVA[kind]} {name} = {mapped};"
                wrappers.append(lambda inner, line=line: [line, *inner])
                v = name
            elif step.role == "before":
                holds, _ = self._condition(step, slot, v, "")
                stop = block(f"if ({holds})", "break;")
                wrappers.append(lambda inner, stop=stop: [*stop, *inner])
            else:
                seen = ""
                if step.name == DISTINCT:
                    seen = self.names.fresh("seen", "unique")
                    self.before.append(f"Set<{BOXED[kind]}> {seen} = new HashSet<>();")
                require(*self._condition(step, slot, v, seen))
        flush()
        raw = {"array": "{}.length", "list": "{}.size()"}.get(self.composition.source, "")
        site = Site(v, kind, raw.format(self.instance.source_names[0]), self.index)
        made = plan(self.instance, site, self.style, self.names)

        def wrap(lines: list[str]) -> list[str]:
            for wrapper in reversed(wrappers):
                lines = wrapper(lines)
            return lines

        return wrap, made

    def _result(self, made: Plan) -> list[str]:
        if not made.value:
            return made.after
        return [*made.after, *finish(self.instance, self.style, self.names, made.value)]


def finish(instance: Instance, style: Style, names: Names, value: str) -> list[str]:
    """The closing statements: the post operation, and a ternary as `if` where the style says so."""
    post = instance.composition.post
    if not post:
        if " ? " in value and style.finish == "if":
            test, _, rest = value.partition(" ? ")
            yes, _, no = rest.partition(" : ")
            return [*block(f"if ({test})", f"return {yes};"), f"return {no};"]
        return [f"return {value};"]
    operand = instance.operand("post")
    k = operand.text if operand else ""
    lines = []
    if not _ATOM.fullmatch(value):
        name = names.fresh("value", "r", "answer")
        lines, value = [f"int {name} = {value};"], name
    expression = {
        "is_even": f"{value} % 2 == 0",
        "is_odd": f"{value} % 2 != 0",
        "exceeds": f"{value} > {k}",
        "is_divisible": f"{value} % {k} == 0",
        "absolute": f"Math.abs({value})",
        "twice": f"2 * {value}",
        "squared": f"{value} * {value}",
        "plus": f"{value} + {k}",
        "at_most": f"Math.min({value}, {k})",
        "last_digit": f"Math.abs({value} % 10)",
    }[post.name]
    if instance.result_type() == "boolean":
        if style.finish == "if":
            return [*lines, *block(f"if ({expression})", "return true;"), "return false;"]
        return [*lines, f"return {expression};"]
    if post.name == "at_most" and style.finish != "local":
        if style.finish == "if":
            return [*lines, *block(f"if ({value} > {k})", f"return {k};"), f"return {value};"]
        return [*lines, f"return {value} > {k} ? {k} : {value};"]
    return [*lines, f"return {expression};"]
