"""Measures a checkpoint at many settings on fresh held-out prompts: accuracy against parallelism.

`python scripts/evaluate_curves.py --seed 5 --count 500 --tokenizer FILE --out FILE NAME=CHECKPOINT
...`. The mode `diffusion` is swept over policies, block sizes and thresholds, `exact` over draft
lengths; each list can be shortened. Every forward pass counts, that of the prompt too. Points that
--out already holds are not measured again, so an interrupted sweep goes on, and a whole one only
prints: the Pareto front of each arm, the area under it, and the setting to serve.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import curves
from seedbed_training.arms import MAX_TOKENS, Arm, parsed, parser, record, recorded
from seedbed_training.comparison import measure_arm
from seedbed_training.evaluation import draw_prompts
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    options = parser(__doc__, count=500, arm="NAME=CHECKPOINT")
    options.add_argument(
        "--modes",
        type=_list_of(str, curves.MODES),
        default=("exact", "diffusion"),
        help=f"of {', '.join(curves.MODES)} (default: exact,diffusion)",
    )
    options.add_argument("--policies", type=_list_of(str, curves.POLICIES), default=curves.POLICIES)
    options.add_argument("--thresholds", type=_list_of(float), default=curves.THRESHOLDS)
    options.add_argument("--block-sizes", type=_list_of(int), default=curves.BLOCK_SIZES)
    options.add_argument("--draft-lengths", type=_list_of(int), default=curves.DRAFT_LENGTHS)
    options.add_argument(
        "--baseline",
        type=float,
        help="pass@1 (0 to 1) to keep up with; without it that of the first arm in a lossless mode",
    )
    options.add_argument("--tolerance", type=float, default=1.0, help="points that may be lost")
    options = parsed(options)

    asked = {"seed": options.seed, "count": options.count}
    results = recorded(options.out, asked, {"points": []})
    settings = list(
        curves.grid(
            options.modes,
            options.policies,
            options.thresholds,
            options.block_sizes,
            options.draft_lengths,
        )
    )
    arms = [arm.partition("=")[::2] for arm in options.arms]
    with Verifier(timeout_ms=5000) as verifier:
        prompts: list[dict] = []
        for name, file in arms:
            left = _not_measured(results["points"], name, Path(file).stem, settings)
            if not left:
                continue
            prompts = prompts or draw_prompts(options.seed, options.count, verifier)
            tokenizer = SeedbedTokenizer(options.tokenizer)
            arm = Arm.load(Path(file))
            for setting in left:
                began = time.monotonic()
                parameters = curves.request(setting, MAX_TOKENS)
                measured = measure_arm(arm, tokenizer, verifier, prompts, parameters)
                point = curves.point(name, Path(file).stem, setting, measured)
                results["points"].append(point)
                record(options.out, results, indent=1)
                print(f"{_line(point)}  {time.monotonic() - began:.0f} s", flush=True)
    _show(results["points"], [name for name, _ in arms], options.baseline, options.tolerance)


def _list_of(type_: Callable, allowed: Sequence = ()) -> Callable[[str], list]:
    """Reads `a,b,c`."""

    def read(text: str) -> list:
        values = [type_(part) for part in text.split(",")]
        for value in values:
            if allowed and value not in allowed:
                raise argparse.ArgumentTypeError(
                    f"{value!r} unknown (expected: of {', '.join(allowed)})"
                )
        return values

    return read


def _not_measured(
    points: list[dict], arm: str, checkpoint: str, settings: list[dict]
) -> list[dict]:
    mine = [point for point in points if point["arm"] == arm]
    for point in mine:
        if point["checkpoint"] != checkpoint:
            raise ValueError(
                f"arm {arm}: checkpoint {checkpoint} (expected: {point['checkpoint']}, of which "
                "--out holds points)"
            )
    known = [point["setting"] for point in mine]
    return [setting for setting in settings if setting not in known]


def _line(point: dict) -> str:
    low, high = point["interval_95"]
    setting = ",".join(f"{name}={value}" for name, value in point["setting"].items())
    return (
        f"{point['arm']} {setting}: pass@1 {100 * point['pass_at_1']:.1f} % "
        f"({100 * low:.1f}..{100 * high:.1f})  tokens a forward {point['tokens_per_forward']:.2f}  "
        f"characters {point['characters_per_forward']:.1f}  "
        f"positions a token {point['positions_per_token']:.2f}"
    )


def _show(points: list[dict], arms: list[str], baseline: float | None, tolerance: float) -> None:
    """What all points of these arms say that --out holds, whatever part of the grid was asked."""
    best = max(point["pass_at_1"] for point in points)
    if baseline is None:
        lossless = [
            point["pass_at_1"]
            for point in points
            if point["arm"] == arms[0] and point["setting"]["mode"] != "diffusion"
        ]
        baseline = max(lossless, default=None)
    for arm in arms:
        for mode in curves.MODES:
            mine = [p for p in points if p["arm"] == arm and p["setting"]["mode"] == mode]
            if not mine:
                continue
            area = curves.area_under_parallelism(mine, best)
            print(f"\n{arm}, {mode}: Pareto front of {len(mine)} points, area {area:.0f}")
            for point in curves.pareto_front(mine):
                print(f"  {_line(point)}")
            if baseline is not None:
                _show_choice(mine, baseline, tolerance)


def _show_choice(points: list[dict], baseline: float, tolerance: float) -> None:
    try:
        chosen = curves.choose_operating_point(points, baseline, tolerance)
    except ValueError as error:
        print(f"  to serve: {error}")
    else:
        print(f"  to serve, {tolerance:g} points below {baseline:.4f} at most: {_line(chosen)}")


if __name__ == "__main__":
    main()
