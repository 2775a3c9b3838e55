"""How each terminal is written inside a loop: what stands before, in and after the loop."""

from __future__ import annotations

from .collection_plans import COLLECTION_PLANS
from .composition import TERMINALS
from .conditions import CONDITIONS
from .instance import Instance
from .loop_plan import BOXED, JAVA, Plan, Site, block, increment
from .number_plans import NUMBER_PLANS
from .styles import Names, Style

# Terminals that use the element once, so that a map may be written in its place.
SINGLE_USE = (
    "sum",
    "product",
    "list",
    "reversed_list",
    "array",
    "string",
    "reversed_string",
    "concatenation",
    "alternating_sum",
    "running_totals",
    "count_distinct",
    "last",
    "average",
)
_PLANS = NUMBER_PLANS | COLLECTION_PLANS


def plan(instance: Instance, site: Site, style: Style, names: Names) -> Plan:
    """The loop plan of the instance's terminal at `site`."""
    name = instance.composition.terminal
    terminal = TERMINALS[name]
    if terminal.predicate:
        return _predicate(name, instance, site, style, names)
    if terminal.default:
        return _with_default(name, instance, site, style, names)
    return _PLANS[name](site, style, names)


def _predicate(name, instance, site, style, names):
    condition = CONDITIONS[instance.composition.predicate.name]
    operand = instance.operand("predicate")
    k = operand.text if operand else ""
    holds = condition.holds.format(v=site.v, k=k)
    fails = condition.fails.format(v=site.v, k=k)
    if name in ("any", "all", "none"):
        test, hit = (
            (fails, "false") if name == "all" else (holds, "true" if name == "any" else "false")
        )
        miss = "false" if hit == "true" else "true"
        if style.early:
            return Plan([], block(f"if ({test})", f"return {hit};"), miss)
        flag = names.fresh("found", "result") if name == "any" else names.fresh("ok", "result")
        body = [f"{flag} = {hit};"] + (["break;"] if style.variant == 0 else [])
        return Plan([f"boolean {flag} = {miss};"], block(f"if ({test})", *body), flag)
    if name == "longest_run":
        run, best = names.fresh("run", "current", "length"), names.fresh("best", "longest")
        grow = (
            [f"{best} = Math.max({best}, {run});"]
            if style.compare == "math"
            else block(f"if ({run} > {best})", f"{best} = {run};")
        )
        update = [
            f"if ({holds}) {{",
            f"    {increment(style, run)}",
            *("    " + line for line in grow),
            "} else {",
            f"    {run} = 0;",
            "}",
        ]
        return Plan([f"int {best} = 0;", f"int {run} = 0;"], update, best)
    if name == "first_index" and style.early:
        return Plan([], block(f"if ({holds})", f"return {site.index};"), "-1")
    found = names.fresh("index", "result", "pos")
    body = [f"{found} = {site.index};"] + (["break;"] if name == "first_index" else [])
    return Plan([f"int {found} = -1;"], block(f"if ({holds})", *body), found)


def _with_default(name, instance, site, style, names):
    default = instance.operand("default").text
    v, boxed = site.v, BOXED[site.kind]
    if name == "first":
        if style.early:
            return Plan([], [f"return {v};"], default)
        out = names.fresh("result", "first")
        return Plan([f"{JAVA[site.kind]} {out} = {default};"], [f"{out} = {v};", "break;"], out)
    if name == "last":
        out = names.fresh("result", "last")
        return Plan([f"{JAVA[site.kind]} {out} = {default};"], [f"{out} = {v};"], out)
    order, bound = (">", "MIN") if name == "max" else ("<", "MAX")
    best = names.fresh("best", name, "result")
    if style.variant == 0:
        better = (
            [f"{best} = Math.{name}({best}, {v});"]
            if style.compare == "math"
            else block(f"if ({v} {order} {best})", f"{best} = {v};")
        )
        found = names.fresh("found", "any")
        return Plan(
            [f"int {best} = Integer.{bound}_VALUE;", f"boolean {found} = false;"],
            [*better, f"{found} = true;"],
            f"{found} ? {best} : {default}",
        )
    return Plan(
        [f"{boxed} {best} = null;"],
        block(f"if ({best} == null || {v} {order} {best})", f"{best} = {v};"),
        f"{best} == null ? {default} : {best}",
    )
