"""The stream-pipeline style of an instance, where a pipeline is natural."""

from __future__ import annotations

from .composition import SOURCES, TERMINALS
from .conditions import CONDITIONS, DISTINCT, EVEN_INDEX, ODD_INDEX
from .instance import Instance
from .maps import MAPS
from .styles import Names, Style

_LAMBDA_NAMES = {"int": ("x", "v", "e"), "char": ("c", "ch"), "str": ("w", "word")}


def stream_body(instance: Instance, style: Style, names: Names) -> list[str] | None:
    """The statements of the pipeline, or None where this composition has no natural one."""
    composition = instance.composition
    terminal = composition.terminal
    if any(s.name in (EVEN_INDEX, ODD_INDEX) for s in composition.steps):
        return None
    ends = _end(instance, names)
    if ends is None:
        return None
    head, lines, form = _open(instance, style, names)
    kind = SOURCES[composition.source].kind
    x = names.fresh(*_LAMBDA_NAMES[kind])
    for index, step in enumerate(composition.steps):
        operand = instance.operand(f"step{index}")
        k = operand.text if operand else ""
        if step.role == "map":
            mapping = MAPS[step.name]
            if kind == "str" and mapping.result == "int":
                lines.append(f".mapToInt({x} -> {mapping.java.format(v=x, k=k)})")
                form = "int"
            else:
                lines.append(f".map({x} -> {mapping.java.format(v=x, k=k)})")
            if mapping.result != kind:
                kind = mapping.result
                x = names.fresh(*_LAMBDA_NAMES[kind])
        elif step.name == DISTINCT:
            lines.append(".distinct()")
        else:
            condition = CONDITIONS[step.name]
            text = condition.holds if step.role == "where" else condition.fails
            call = "filter" if step.role == "where" else "takeWhile"
            lines.append(f".{call}({x} -> {text.format(v=x, k=k)})")
    if form == "boxed" and terminal not in ("list",):
        lines.insert(0, ".mapToInt(Integer::intValue)")
        form = "int"
    predicate = ""
    if composition.predicate:
        operand = instance.operand("predicate")
        condition = CONDITIONS[composition.predicate.name]
        predicate = f"{x} -> {condition.holds.format(v=x, k=operand.text if operand else '')}"
    cast, closing = ends[0], [e.format(p=predicate) for e in ends[1]]
    if terminal == "list" and kind == "int" and form == "int":
        closing.insert(0, ".boxed()")
    if terminal == "join" and kind == "int":
        closing.insert(0, ".mapToObj(String::valueOf)")
    pipeline = [cast + head, *("    " + line for line in lines + closing)]
    return _deliver(instance, style, names, pipeline)


def _deliver(instance, style, names, pipeline):
    from .rendering import finish  # the two modules render one body between them

    if not instance.composition.post:
        if style.finish == "local":
            name = names.fresh("result", "out", "answer")
            start = f"{instance.result_type()} {name} = {pipeline[0]}"
            return [start, *pipeline[1:-1], pipeline[-1] + ";", f"return {name};"]
        return [f"return {pipeline[0]}", *pipeline[1:-1], pipeline[-1] + ";"]
    name = names.fresh("result", "value", "answer")
    return [
        f"int {name} = {pipeline[0]}",
        *pipeline[1:-1],
        pipeline[-1] + ";",
        *finish(instance, style, names, name),
    ]


def _open(instance, style, names):
    """(head expression, first calls, "int" | "boxed" | "str" | "char")."""
    source = instance.composition.source
    xs = instance.source_names[0]
    if source == "array":
        return f"Arrays.stream({xs})", [], "int"
    if source == "list":
        return f"{xs}.stream()", [], "boxed"
    if source == "words":
        return f"{xs}.stream()", [], "str"
    if source == "chars":
        return f"{xs}.chars()", [], "char"
    if source == "digits":
        c = names.fresh("c", "ch")
        return f"String.valueOf(Math.abs({xs})).chars()", [f".map({c} -> {c} - '0')"], "int"
    i = names.fresh("i", "j")
    if source == "range":
        return f"IntStream.rangeClosed(1, {xs})", [], "int"
    if source == "divisors":
        return f"IntStream.rangeClosed(1, {xs})", [f".filter({i} -> {xs} % {i} == 0)"], "int"
    a, b = instance.source_names
    operator = {"pair_sums": "+", "pair_differences": "-", "pair_products": "*"}[source]
    return (
        f"IntStream.range(0, Math.min({a}.length, {b}.length))",
        [f".map({i} -> {a}[{i}] {operator} {b}[{i}])"],
        "int",
    )


def _end(instance: Instance, names: Names):
    """(cast before the pipeline, closing calls), or None."""
    composition = instance.composition
    terminal = composition.terminal
    default = instance.operand("default").text if composition.default else ""
    if terminal == "product":
        p, q = names.fresh("p", "left"), names.fresh("q", "right")
        return "", [f".reduce(1, ({p}, {q}) -> {p} * {q})"]
    if terminal == "first":
        return "", [".findFirst()", f".orElse({default})"]
    if TERMINALS[terminal].source_index:
        return None
    collect = ".collect(Collectors.joining())"
    return {
        "sum": ("", [".sum()"]),
        "count": ("(int) ", [".count()"]),
        "max": ("", [".max()", f".orElse({default})"]),
        "min": ("", [".min()", f".orElse({default})"]),
        "any": ("", [".anyMatch({p})"]),
        "all": ("", [".allMatch({p})"]),
        "none": ("", [".noneMatch({p})"]),
        "count_distinct": ("(int) ", [".distinct()", ".count()"]),
        "list": ("", [".toList()"]),
        "array": ("", [".toArray()"]),
        "join": ("", ['.collect(Collectors.joining(","))']),
        "string": ("", [".mapToObj(c -> String.valueOf((char) c))", collect]),
        "concatenation": ("", [collect]),
    }.get(terminal)
