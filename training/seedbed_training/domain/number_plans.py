"""Loops that end in a number or in a yes or no about numbers."""

from __future__ import annotations

from .loop_plan import BOXED, Plan, Site, add_to, block, increment
from .styles import Names, Style


def _sum(site: Site, style: Style, names: Names) -> Plan:
    total = names.fresh("sum", "total", "result")
    return Plan([f"int {total} = 0;"], [add_to(style, total, "+", site.v)], total)


def _product(site: Site, style: Style, names: Names) -> Plan:
    total = names.fresh("product", "result", "prod")
    return Plan([f"int {total} = 1;"], [add_to(style, total, "*", site.v)], total)


def _count(site: Site, style: Style, names: Names) -> Plan:
    count = names.fresh("count", "total", "result")
    return Plan([f"int {count} = 0;"], [increment(style, count)], count)


def _average(site: Site, style: Style, names: Names) -> Plan:
    total, count = names.fresh("sum", "total"), names.fresh("count", "size")
    return Plan(
        [f"int {total} = 0;", f"int {count} = 0;"],
        [add_to(style, total, "+", site.v), increment(style, count)],
        f"{count} == 0 ? 0 : {total} / {count}",
    )


def _count_distinct(site: Site, style: Style, names: Names) -> Plan:
    seen = names.fresh("seen", "set", "unique")
    return Plan(
        [f"Set<{BOXED[site.kind]}> {seen} = new HashSet<>();"],
        [f"{seen}.add({site.v});"],
        f"{seen}.size()",
    )


def _sorted(order: str):
    def make(site: Site, style: Style, names: Names) -> Plan:
        last = names.fresh("prev", "last", "before")
        boxed = BOXED[site.kind]
        broken = f"{last} != null && {site.v} {order} {last}"
        if style.early:
            return Plan(
                [f"{boxed} {last} = null;"],
                [*block(f"if ({broken})", "return false;"), f"{last} = {site.v};"],
                "true",
            )
        flag = names.fresh("sorted", "ok", "result")
        return Plan(
            [f"boolean {flag} = true;", f"{boxed} {last} = null;"],
            [*block(f"if ({broken})", f"{flag} = false;"), f"{last} = {site.v};"],
            flag,
        )

    return make


def _rises(site: Site, style: Style, names: Names) -> Plan:
    last, count = names.fresh("prev", "last"), names.fresh("count", "rises", "result")
    return Plan(
        [f"int {count} = 0;", f"Integer {last} = null;"],
        [
            *block(f"if ({last} != null && {site.v} > {last})", increment(style, count)),
            f"{last} = {site.v};",
        ],
        count,
    )


def _second_largest(site: Site, style: Style, names: Names) -> Plan:
    if style.variant == 0:
        tree = names.fresh("sorted", "seen", "set")
        made = Plan([f"TreeSet<Integer> {tree} = new TreeSet<>();"], [f"{tree}.add({site.v});"])
        made.after = [
            *block(f"if ({tree}.size() < 2)", "return -1;"),
            f"{tree}.pollLast();",
            f"return {tree}.last();",
        ]
        return made
    best, second = names.fresh("best", "first", "max"), names.fresh("second", "next")
    v = site.v
    return Plan(
        [f"Integer {best} = null;", f"Integer {second} = null;"],
        [
            f"if ({best} == null || {v} > {best}) {{",
            f"    {second} = {best};",
            f"    {best} = {v};",
            f"}} else if ({v} < {best} && ({second} == null || {v} > {second})) {{",
            f"    {second} = {v};",
            "}",
        ],
        f"{second} == null ? -1 : {second}",
    )


def _spread(site: Site, style: Style, names: Names) -> Plan:
    low, high = names.fresh("min", "low", "lo"), names.fresh("max", "high", "hi")
    v = site.v
    if style.compare == "math":
        found = names.fresh("found", "any")
        return Plan(
            [
                f"int {low} = Integer.MAX_VALUE;",
                f"int {high} = Integer.MIN_VALUE;",
                f"boolean {found} = false;",
            ],
            [
                f"{low} = Math.min({low}, {v});",
                f"{high} = Math.max({high}, {v});",
                f"{found} = true;",
            ],
            f"{found} ? {high} - {low} : 0",
        )
    return Plan(
        [f"Integer {low} = null;", f"Integer {high} = null;"],
        [
            *block(f"if ({low} == null || {v} < {low})", f"{low} = {v};"),
            *block(f"if ({high} == null || {v} > {high})", f"{high} = {v};"),
        ],
        f"{low} == null ? 0 : {high} - {low}",
    )


def _alternating_sum(site: Site, style: Style, names: Names) -> Plan:
    total, sign = names.fresh("sum", "total", "result"), names.fresh("sign", "factor")
    v = f"({site.v})" if " " in site.v or site.v.startswith("-") else site.v
    return Plan(
        [f"int {total} = 0;", f"int {sign} = 1;"],
        [add_to(style, total, "+", f"{sign} * {v}"), f"{sign} = -{sign};"],
        total,
    )


NUMBER_PLANS = {
    "sum": _sum,
    "product": _product,
    "count": _count,
    "average": _average,
    "count_distinct": _count_distinct,
    "ascending": _sorted("<"),
    "descending": _sorted(">"),
    "rises": _rises,
    "second_largest": _second_largest,
    "spread": _spread,
    "alternating_sum": _alternating_sum,
}
