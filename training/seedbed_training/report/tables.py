"""The tables of the page, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..estimate import Estimate, signed
from .goals import Goal, fastest_within_margin
from .results import Arm, Bench, Comparison, Curves, Lengths, Pace, Run


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def flops(count: int) -> str:
    digits, exponent = f"{count:.2e}".split("e")
    return f"{digits}e{int(exponent)}"


def goals(judged: list[Goal]) -> str:
    return table(
        ("goal", "measured", "verdict"),
        ((goal.wanted, goal.measured or "–", goal.verdict) for goal in judged),
    )


def ablation(measured: Comparison) -> str:
    baseline = measured.baseline
    heads = [
        "arm", "training FLOPs", "pass@1, %", "tokens per forward", "characters per forward",
        "edits",
    ]  # fmt: skip
    rows = [
        [
            arm.name,
            flops(arm.flops),
            arm.share("right").text,
            f"{arm.per_forward('tokens'):.2f}",
            f"{arm.per_forward('characters'):.1f}",
            str(sum(arm.by_prompt["edits"])),
        ]
        for arm in measured.arms
    ]
    if baseline:
        heads.insert(3, f"minus “{baseline.name}”, points")
        for arm, row in zip(measured.arms, rows, strict=True):
            row.insert(3, "–" if arm is baseline else arm.minus(baseline, "right").signed)
    return table(heads, rows)


def on_policy(runs: tuple[Run, ...]) -> str:
    rows = []
    for run in runs:
        first, last, best = run.lines[0], run.lines[-1], fastest_within_margin(run)
        rows.append(
            [
                run.name,
                str(run.block_size),
                f"{first.tokens_per_forward:.2f}, {first.pass_at_1:.1f} %",
                f"{last.step}: {last.tokens_per_forward:.2f}, {last.pass_at_1:.1f} %",
                f"{best.step}: {run.speed_up(best):.2f}x, {signed(run.change(best))} points",
                flops(last.flops - first.flops),
            ]
        )
    heads = (
        "run", "block size", "start: tokens per forward, pass@1", "last step: the same",
        "fastest step within the margin", "FLOPs of the run",
    )  # fmt: skip
    return table(heads, rows)


def forward_time(bench: Bench) -> str:
    """Milliseconds of a forward pass, and how many times that of one row."""
    contexts = sorted(bench.milliseconds)
    widths = sorted(set.intersection(*(set(costs) for costs in bench.milliseconds.values())))
    return table(
        ("rows", *(f"{context} positions in context" for context in contexts)),
        (
            [
                str(rows),
                *(
                    f"{costs[rows]:.2f} ms, {costs[rows] / costs[1]:.2f}x"
                    for costs in (bench.milliseconds[context] for context in contexts)
                ),
            ]
            for rows in widths
        ),
    )


def modes(bench: Bench) -> str:
    return _paces(
        {f"`{mode}`": pace for mode, pace in bench.modes.items()},
        bench.modes["autoregressive"],
    )


def lengths(measured: Lengths) -> str:
    named = {"`autoregressive`": measured.plain}
    for length, pace in sorted(measured.by_draft_length.items()):
        named[f"`exact`, draft length {length}"] = pace
    for size, pace in sorted(measured.by_block_size.items()):
        named[f"`diffusion`, block size {size}"] = pace
    return _paces(named, measured.plain)


def _paces(named: dict[str, Pace], plain: Pace) -> str:
    return table(
        ("mode", "tokens per second", "to `autoregressive`", "tokens per forward",
         "positions per token"),
        (
            [
                name,
                f"{pace.tokens_per_second:,.0f}",
                f"{pace.tokens_per_second / plain.tokens_per_second:.2f}x",
                f"{pace.tokens_per_forward:.2f}",
                f"{pace.positions_per_token:.2f}",
            ]
            for name, pace in named.items()
        ),
    )  # fmt: skip


def curves(measured: Curves) -> str:
    return table(
        ("arm", "setting", "pass@1, %", "tokens per forward", "characters per forward",
         "positions per token"),
        (
            [
                point.arm,
                f"`{point.setting.text}`",
                point.pass_at_1.text,
                f"{point.tokens_per_forward:.2f}",
                f"{point.characters_per_forward:.1f}",
                f"{point.positions_per_token:.2f}",
            ]
            for point in measured.points
        ),
    )  # fmt: skip


def repair(measured: Comparison) -> str:
    return _outcomes(measured, {"repaired": "repaired, %", "minimal": "minimal, %",
                                "unharmed": "unharmed, %"})  # fmt: skip


def by_kind(measured: Comparison, outcome: str) -> str:
    """Shares of an outcome, a row for each kind of prompt."""
    return table(
        ("kind", "prompts", *(arm.name for arm in measured.arms)),
        (
            [
                in_words(kind),
                str(measured.kinds.count(kind)),
                *(of_kind(measured, arm, outcome, kind).text for arm in measured.arms),
            ]
            for kind in kinds(measured)
        ),
    )


def kinds(measured: Comparison) -> list[str]:
    """The kinds of prompt, by name."""
    return sorted(set(measured.kinds))


def in_words(kind: str) -> str:
    return kind.replace("_", " ")


def of_kind(measured: Comparison, arm: Arm, outcome: str, kind: str) -> Estimate:
    values = zip(arm.by_prompt[outcome], measured.kinds, strict=True)
    return Estimate.of([value for value, its in values if its == kind])


def infilling(measured: Comparison) -> str:
    everything = replace(measured, arms=measured.arms + measured.told)
    return _outcomes(everything, {"passed": "passed, %", "exact": "exact match, %"})


def _outcomes(measured: Comparison, columns: dict[str, str]) -> str:
    """Shares with intervals; the first column also as a paired difference to the baseline."""
    baseline, first = measured.baseline, next(iter(columns))
    heads = ["arm", "training FLOPs", *columns.values(), "forward passes per prompt"]
    rows = [
        [
            arm.name,
            flops(arm.flops),
            *(arm.share(column).text for column in columns),
            f"{arm.per_prompt('forwards'):.2f}",
        ]
        for arm in measured.arms
    ]
    if baseline:
        heads.insert(3, f"{first} minus “{baseline.name}”, points")
        for arm, row in zip(measured.arms, rows, strict=True):
            row.insert(3, "–" if arm is baseline else arm.minus(baseline, first).signed)
    return table(heads, rows)
