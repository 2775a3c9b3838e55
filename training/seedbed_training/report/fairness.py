"""The figure of docs/operations.md: what a busy neighbour costs."""

from __future__ import annotations

from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from .figures import BASELINE_COLOUR, COLOURS, STYLE, WIDTH

HALF = 0.32  # of a bar's width, in places of the axis


def figure(measured: dict[str, Any]) -> Figure:
    """Slowdown of one stream by weights: median, every block, the share and the bound."""
    with rc_context(STYLE):
        drawn = Figure(figsize=(WIDTH, 4.2))
        axes = drawn.subplots()
        pairs = measured["pairs"]
        for place, pair in enumerate(pairs):
            first = place == 0
            share = (pair["busy_weight"] + pair["own_weight"]) / pair["own_weight"]
            axes.bar(
                place,
                pair["slowdown"],
                2 * HALF,
                color=COLOURS[0],
                alpha=0.75,
                label="measured, median" if first else None,
            )
            axes.plot(
                [place] * len(pair["slowdowns"]),
                pair["slowdowns"],
                "o",
                color=BASELINE_COLOUR,
                markersize=4,
                label="measured, each block of requests" if first else None,
            )
            axes.hlines(
                pair["bound"],
                place - HALF,
                place + HALF,
                color=COLOURS[1],
                linewidth=2,
                label="bound: 1.25 times the share" if first else None,
            )
            axes.hlines(
                share,
                place - HALF,
                place + HALF,
                color=COLOURS[2],
                linewidth=2,
                linestyle="dashed",
                label="all weights to the own: the share" if first else None,
            )
        axes.set_xticks(
            range(len(pairs)),
            [f"{pair['busy_weight']} : {pair['own_weight']}" for pair in pairs],
        )
        axes.set(
            xlabel="weights, busy tenant : own",
            ylabel="time per token\nto the time alone",
            ylim=(0, None),
        )
        axes.set_axisbelow(True)
        axes.grid(visible=False, axis="x")
        drawn.legend(loc="outside lower center", ncols=2)
        return drawn
