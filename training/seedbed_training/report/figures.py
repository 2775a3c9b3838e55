"""The figures of the page, as SVG with the same bytes from the same results."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..estimate import Estimate
from . import tables
from .goals import MARGIN
from .results import Arm, Bench, Comparison, Curves, Lengths, Point, Run

# Okabe and Ito, "Color Universal Design" (2008), without yellow, which is too pale on white.
# Black is left for the autoregressive baseline.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
BASELINE_COLOUR = "#000000"
# A shape for a way of decoding, so that no colour has to be told apart from another.
MARKERS = {
    "autoregressive": "o",
    "prompt_lookup": "X",
    "exact": "s",
    "diffusion, confident_prefix": "^",
    "diffusion, threshold": "v",
    "diffusion, fixed_steps": "<",
    "diffusion, threshold, edits": "D",
    "diffusion, confident_prefix, edits": "d",
}
OTHER_MARKER = "P"
SHAPES = ("o", "s", "^", "D", "v", "P", "<", "d")
WIDTH = 9.0  # inches at 10 points: what a page in a browser shows without zooming
STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "errorbar.capsize": 2.5,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that no machine has another
    "font.size": 10,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.markersize": 6.5,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "seedbed",
}
NEAR = 2  # points below the baseline that the enlarged part of a figure reaches
FAR = 10  # points below it from which on a figure leaves points out
TOKENS_PER_FORWARD = "tokens per forward pass"
PASS_AT_1 = "pass@1, %"


def save(figure: Figure, file: Path) -> None:
    with rc_context(STYLE):
        figure.savefig(
            file, metadata={"Date": None, "Creator": None} if file.suffix == ".svg" else {}
        )


def ablation(measured: Comparison) -> Figure:
    """Pass@1 against tokens per forward pass, and the part around the baseline enlarged.

    A colour is a checkpoint, a shape a way of decoding.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 5.4))
        baseline = measured.baseline
        near = _near(measured)
        columns = 2 if near else 1
        panels = figure.subplots(1, columns, squeeze=False, width_ratios=[3, 2][:columns])[0]
        looks = _arm_looks(measured)
        for panel, arms in zip(panels, (measured.arms, near), strict=False):
            _margin_band(panel, baseline and baseline.share("right").mean)
            for arm in arms:
                _point(panel, arm.per_forward("tokens"), arm.share("right"), **looks[arm.name])
            panel.set(xlabel=TOKENS_PER_FORWARD)
        panels[0].set(ylabel=PASS_AT_1, xlim=(0, None))
        if near:
            panels[1].set_title("near the baseline, enlarged", fontsize=10)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
        return figure


def _near(measured: Comparison) -> list[Arm]:
    """Of the arms near the baseline's pass@1 those that are much faster than it, if any are."""
    baseline = measured.baseline
    if baseline is None:
        return []
    lowest = baseline.share("right").mean - NEAR
    near = [arm for arm in measured.arms if arm.share("right").mean >= lowest]
    half = max(arm.per_forward("tokens") for arm in near) / 2
    return [
        arm for arm in near if arm.per_forward("tokens") > max(half, baseline.per_forward("tokens"))
    ]


def _arm_looks(measured: Comparison) -> dict[str, dict[str, str]]:
    colours = _colours(
        arm.checkpoint for arm in measured.arms if arm.setting.mode != "autoregressive"
    )
    looks = {}
    seen = set()
    for arm in measured.arms:
        plain = arm.setting.mode == "autoregressive"
        colour = BASELINE_COLOUR if plain else colours[arm.checkpoint]
        look = (arm.checkpoint, arm.setting.kind)
        # Hollow: autoregressive but not the baseline, or another arm has colour and shape already.
        hollow = look in seen or (plain and arm is not measured.baseline)
        seen.add(look)
        looks[arm.name] = {
            "color": colour,
            "marker": MARKERS.get(arm.setting.kind, OTHER_MARKER),
            "markerfacecolor": "white" if hollow else colour,
            "label": arm.name,
        }
    return looks


def on_policy(runs: tuple[Run, ...]) -> Figure:
    """Tokens per forward pass to those at the start, and pass@1, by step."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 5.2))
        speed, quality = figure.subplots(2, sharex=True)
        looks = zip(itertools.cycle(COLOURS), itertools.cycle(SHAPES), strict=False)
        for run, (colour, marker) in zip(runs, looks, strict=False):
            steps = [line.step for line in run.lines]
            look = {"color": colour, "marker": marker, "label": run.name}
            speed.plot(steps, [run.speed_up(line) for line in run.lines], **look)
            quality.plot(steps, [line.pass_at_1 for line in run.lines], **look)
        speed.axhline(1, color="#888888", linestyle=":", zorder=0)
        speed.set(ylabel="speed-up to step 0\n(tokens per forward pass)")
        quality.set(ylabel=PASS_AT_1, xlabel="on-policy step")
        handles, labels = speed.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        return figure


def forward_time(bench: Bench) -> Figure:
    """Time of a forward pass to that of one row, by rows."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.8))
        axes = figure.add_subplot()
        looks = zip(itertools.cycle(COLOURS), itertools.cycle(SHAPES), strict=False)
        for (context, costs), (colour, marker) in zip(
            sorted(bench.milliseconds.items()), looks, strict=False
        ):
            rows = sorted(costs)
            axes.plot(
                rows, [costs[row] / costs[1] for row in rows], color=colour, marker=marker,
                label=f"{context} positions in context",
            )  # fmt: skip
        axes.set(
            xlabel="rows of the forward pass (block size)",
            ylabel="time relative to one row",
            xlim=(0, None),
            ylim=(0, None),
        )
        axes.legend(loc="upper left")
        return figure


def curves(measured: Curves) -> Figure:
    """Pass@1 against tokens per forward pass: a panel for each block size, one for what has none.

    A colour is an arm, a shape a way of decoding.
    """
    with rc_context(STYLE):
        by_panel: dict[str, list[Point]] = {}
        for size in block_sizes(measured):
            by_panel[f"block size {size}"] = [p for p in measured.points if p.block_size == size]
        if without := [point for point in measured.points if point.block_size is None]:
            by_panel["without blocks"] = without
        lines = -(-len(by_panel) // 2)
        figure = Figure(figsize=(WIDTH, 1 + 2.7 * lines))
        panels = figure.subplots(lines, 2, squeeze=False).ravel()
        reference = measured.reference
        colours = _colours(
            point.arm for point in measured.points if not reference or point.arm != reference.arm
        )
        if reference:
            colours = {reference.arm: BASELINE_COLOUR, **colours}
        lowest = min(point.pass_at_1.low for point in measured.points)
        if reference:
            lowest = max(lowest, reference.pass_at_1.mean - FAR)
        most = max(point.tokens_per_forward for point in measured.points)
        for panel, (title, points) in zip(panels, by_panel.items(), strict=False):
            _margin_band(panel, reference and reference.pass_at_1.mean)
            for (arm, kind), curve in _by_arm_and_kind(points).items():
                _curve(
                    panel,
                    curve,
                    color=colours[arm],
                    marker=MARKERS.get(kind, OTHER_MARKER),
                )
            panel.set_title(title, fontsize=10)
            panel.set(xlabel=TOKENS_PER_FORWARD, ylabel=PASS_AT_1)
            panel.set(xlim=(0, 1.05 * most), ylim=(lowest - 0.5, 100.5))
        for panel in panels[len(by_panel) :]:
            panel.set_visible(False)
        ways = dict.fromkeys(point.setting.kind for point in measured.points)
        arms = [Line2D([], [], color=colour, label=arm) for arm, colour in colours.items()]
        shapes = [
            Line2D([], [], color="#555555", linestyle="none", label=kind,
                   marker=MARKERS.get(kind, OTHER_MARKER))
            for kind in ways
        ]  # fmt: skip
        figure.legend(handles=arms + shapes, loc="outside lower center", ncols=4)
        return figure


def block_sizes(measured: Curves) -> list[int]:
    return sorted({p.block_size for p in measured.points if p.block_size is not None})


def throughput(measured: Lengths) -> Figure:
    """Tokens per second by block size of `diffusion` and draft length of `exact`."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.8))
        axes = figure.add_subplot()
        ways = (
            ("diffusion, by block size", measured.by_block_size, COLOURS[0], "^"),
            ("exact, by draft length", measured.by_draft_length, COLOURS[1], "s"),
        )
        for label, paces, colour, marker in ways:
            lengths = sorted(paces)
            pace = [paces[length].tokens_per_second for length in lengths]
            axes.plot(lengths, pace, color=colour, marker=marker, label=label)
        axes.axhline(
            measured.plain.tokens_per_second, color=BASELINE_COLOUR, linestyle=":",
            label="autoregressive",
        )  # fmt: skip
        axes.set(
            xlabel="block size, draft length (positions)",
            ylabel="tokens per second",
            xlim=(0, None),
            ylim=(0, None),
        )
        figure.legend(loc="outside lower center", ncols=3)
        return figure


def repair(measured: Comparison) -> Figure:
    """Faults repaired, by kind and over all, a shape and colour for each arm."""
    with rc_context(STYLE):
        names = ["all", *tables.kinds(measured)]
        figure = Figure(figsize=(WIDTH, 1.4 + (0.2 + 0.11 * len(measured.arms)) * len(names)))
        axes = figure.add_subplot()
        # The baseline has the first shape.
        looks = zip(itertools.cycle(COLOURS), itertools.cycle(SHAPES[1:]), strict=False)
        places = np.arange(len(names), dtype=float)
        step = 0.7 / max(1, len(measured.arms))
        for number, arm in enumerate(measured.arms):
            colour, marker = (
                (BASELINE_COLOUR, SHAPES[0]) if arm is measured.baseline else next(looks)
            )
            shares = [arm.share("repaired")]
            shares += [tables.of_kind(measured, arm, "repaired", kind) for kind in names[1:]]
            axes.errorbar(
                [share.mean for share in shares],
                places + step * (number - (len(measured.arms) - 1) / 2),
                xerr=np.transpose([_arms_of(share) for share in shares]),
                linestyle="none",
                color=colour,
                marker=marker,
                label=arm.name,
            )
        counts = [measured.count, *(measured.kinds.count(kind) for kind in names[1:])]
        axes.set_yticks(
            places,
            [f"{tables.in_words(name)} ({n:,})" for name, n in zip(names, counts, strict=True)],
        )
        axes.invert_yaxis()
        axes.set(xlabel="repaired, %", ylabel="fault (prompts)", xlim=(-2, 102))
        figure.legend(loc="outside lower center", ncols=2)
        return figure


def _colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in the order in which they first come."""
    return dict(zip(dict.fromkeys(names), itertools.cycle(COLOURS), strict=False))


def _by_arm_and_kind(points: list[Point]) -> dict[tuple[str, str], list[Point]]:
    """From few to many tokens per forward pass."""
    found: dict[tuple[str, str], list[Point]] = {}
    for point in sorted(points, key=lambda point: point.tokens_per_forward):
        found.setdefault((point.arm, point.setting.kind), []).append(point)
    return found


def _curve(axes: Axes, points: list[Point], **look) -> None:
    drawn = axes.errorbar(
        [point.tokens_per_forward for point in points],
        [point.pass_at_1.mean for point in points],
        yerr=np.transpose([_arms_of(point.pass_at_1) for point in points]),
        linewidth=1.2,
        elinewidth=0.8,
        capsize=0,
        markersize=5,
        **look,
    )
    for bar in drawn.lines[2]:
        bar.set_alpha(0.5)  # many stand close together


def _point(axes: Axes, at: float, share: Estimate, **look) -> None:
    axes.errorbar(at, share.mean, yerr=np.transpose([_arms_of(share)]), linestyle="none", **look)


def _arms_of(share: Estimate) -> tuple[float, float]:
    """Lengths of an interval's two halves; a bootstrap's mean can lie at its edge, never beyond."""
    return max(0.0, share.mean - share.low), max(0.0, share.high - share.mean)


def _margin_band(axes: Axes, reference: float | None) -> None:
    if reference is not None:
        axes.axhspan(reference - MARGIN, reference, color="#eeeeee", zorder=0)
        axes.axhline(reference, color="#888888", linestyle=":", zorder=1)
