"""Loops that end in a list, an array or a string."""

from __future__ import annotations

from .loop_plan import BOXED, Plan, Site, add_to, block
from .styles import Names, Style


def _list(site: Site, style: Style, names: Names) -> Plan:
    out = names.fresh("result", "out", "list")
    return Plan(
        [f"List<{BOXED[site.kind]}> {out} = new ArrayList<>();"], [f"{out}.add({site.v});"], out
    )


def _reversed_list(site: Site, style: Style, names: Names) -> Plan:
    made = _list(site, style, names)
    if style.variant == 0:
        made.after = [f"Collections.reverse({made.value});"]
    else:
        made.update = [f"{made.value}.add(0, {site.v});"]
    return made


def _array(site: Site, style: Style, names: Names) -> Plan:
    out = names.fresh("result", "out")
    if site.raw_size:
        n = names.fresh("count", "size", "k")
        return Plan(
            [f"int[] {out} = new int[{site.raw_size}];", f"int {n} = 0;"],
            [f"{out}[{n}++] = {site.v};"],
            f"Arrays.copyOf({out}, {n})",
        )
    made = _list(site, style, names)
    made.value = f"{made.value}.stream().mapToInt(Integer::intValue).toArray()"
    return made


def _join(site: Site, style: Style, names: Names) -> Plan:
    if site.kind == "str" or style.variant == 0:
        joiner = names.fresh("joiner", "result", "out")
        text = site.v if site.kind == "str" else f"String.valueOf({site.v})"
        return Plan(
            [f'StringJoiner {joiner} = new StringJoiner(",");'],
            [f"{joiner}.add({text});"],
            f"{joiner}.toString()",
        )
    sb = names.fresh("sb", "out")
    empty = f"{sb}.length() > 0" if style.variant == 1 else f"!{sb}.isEmpty()"
    return Plan(
        [f"StringBuilder {sb} = new StringBuilder();"],
        [*block(f"if ({empty})", f'{sb}.append(",");'), f"{sb}.append({site.v});"],
        f"{sb}.toString()",
    )


def _running_totals(site: Site, style: Style, names: Names) -> Plan:
    out, total = names.fresh("result", "out", "totals"), names.fresh("sum", "total")
    return Plan(
        [f"List<Integer> {out} = new ArrayList<>();", f"int {total} = 0;"],
        [add_to(style, total, "+", site.v), f"{out}.add({total});"],
        out,
    )


def _text(site: Site, style: Style, names: Names) -> Plan:
    if style.variant == 0:
        out = names.fresh("result", "out")
        return Plan([f'String {out} = "";'], [add_to(style, out, "+", site.v)], out)
    sb = names.fresh("sb", "result", "out")
    return Plan(
        [f"StringBuilder {sb} = new StringBuilder();"],
        [f"{sb}.append({site.v});"],
        f"{sb}.toString()",
    )


def _reversed_text(site: Site, style: Style, names: Names) -> Plan:
    if style.variant == 0:
        out = names.fresh("result", "out")
        return Plan([f'String {out} = "";'], [f"{out} = {site.v} + {out};"], out)
    made = _text(site, style, names)
    sb = made.value.removesuffix(".toString()")
    if style.variant == 1:
        made.update = [f"{sb}.insert(0, {site.v});"]
    else:
        made.value = f"{sb}.reverse().toString()"
    return made


def _palindrome(site: Site, style: Style, names: Names) -> Plan:
    sb, text = names.fresh("sb", "out"), names.fresh("t", "joined", "forward")
    return Plan(
        [f"StringBuilder {sb} = new StringBuilder();"],
        [f"{sb}.append({site.v});"],
        after=[
            f"String {text} = {sb}.toString();",
            f"return {text}.equals({sb}.reverse().toString());",
        ],
    )


def _extreme_length(order: str):
    def make(site: Site, style: Style, names: Names) -> Plan:
        best = names.fresh("best", "result")
        v = site.v
        if order == ">" and style.variant > 0:
            return Plan(
                [f'String {best} = "";'],
                block(f"if ({v}.length() > {best}.length())", f"{best} = {v};"),
                best,
            )
        return Plan(
            [f"String {best} = null;"],
            block(f"if ({best} == null || {v}.length() {order} {best}.length())", f"{best} = {v};"),
            f'{best} == null ? "" : {best}',
        )

    return make


COLLECTION_PLANS = {
    "list": _list,
    "reversed_list": _reversed_list,
    "array": _array,
    "join": _join,
    "running_totals": _running_totals,
    "string": _text,
    "reversed_string": _reversed_text,
    "palindrome": _palindrome,
    "concatenation": _text,
    "longest": _extreme_length(">"),
    "shortest": _extreme_length("<"),
}
