"""docs/training.md and its figures, put together; the words are in page.md.jinja."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from . import commands, figures, goals, tables
from .results import Arm, Comparison, Curves, Results, read

FIGURES = ("ablation", "on-policy", "forward-time", "throughput", "curves", "repair")


def write(docs: Path) -> None:
    """training.md and figures/ from results/, all in `docs`."""
    results = read(docs / "results")
    folder = docs / "figures"
    folder.mkdir(exist_ok=True)
    drawn = drawings(results)
    for name in FIGURES:
        file = folder / f"{name}.svg"
        if name in drawn:
            figures.save(drawn[name](), file)
        else:
            file.unlink(missing_ok=True)  # of a result that is no longer there
    (docs / "training.md").write_text(text(results))


def drawings(results: Results) -> dict[str, Callable[[], Figure]]:
    """What draws each figure for which there are results, by name."""
    draws = {
        "ablation": (figures.ablation, results.ablation),
        "on-policy": (figures.on_policy, results.on_policy),
        "forward-time": (figures.forward_time, results.bench),
        "throughput": (figures.throughput, results.bench and results.bench.lengths),
        "curves": (figures.curves, results.curves),
        "repair": (figures.repair, results.repair),
    }
    return {name: partial(draw, measured) for name, (draw, measured) in draws.items() if measured}


def text(results: Results) -> str:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    baseline = results.ablation.baseline if results.ablation else None
    return templates.get_template("page.md.jinja").render(
        r=results,
        goals=goals.judge(results),
        margin=f"{goals.MARGIN:g} point",
        equal_compute=goals.EQUAL_COMPUTE,
        baseline=baseline,
        costlier=_costlier(results.ablation, baseline),
        checkpoints=commands.CHECKPOINTS,
        table=tables,
        prompts=_prompts,
        number="{:,}".format,
        percent=lambda share: f"{100 * share:.0f} %",
        again=commands.again,
        to_measure=commands.to_measure,
        not_measured=commands.not_measured,
    )


def _costlier(measured: Comparison | None, baseline: Arm | None) -> Arm | None:
    """The costliest arm, when it is beyond what counts as equal to the baseline."""
    if measured is None or baseline is None:
        return None
    costliest = max(measured.arms, key=lambda arm: arm.flops)
    return None if goals.at_equal_compute(baseline, costliest) else costliest


def _prompts(measured: Comparison | Curves) -> str:
    return f"{measured.count:,} prompts of held-out compositions, drawn with seed {measured.seed}."
