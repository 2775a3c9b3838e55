"""What measures each result."""

from __future__ import annotations

import shlex

from .results import Comparison, Curves

TOKENIZER = "data/seedling/tokenizer.json"
CHECKPOINTS = "training/runs/cpu.sh"
BENCH = "./seedbed bench"
_SCRIPTS = {
    "ablation": "evaluate_ablation.py",
    "on-policy": "train_on_policy.py",
    "curves": "evaluate_curves.py",
    "repair": "evaluate_repair.py",
    "infilling": "evaluate_infilling.py",
}


def to_measure(result: str) -> str:
    """The command for a result that is not there, in Markdown."""
    if result == "bench":
        return f"`{BENCH}`"
    return f"`python training/scripts/{_SCRIPTS[result]}` (`--help` says what it takes)"


def not_measured(result: str) -> str:
    return f"Not measured yet: run {to_measure(result)}."


def again(result: str, measured: Comparison | Curves) -> str:
    """The command that measured what a file holds, as typed in `training/`; an arm a line."""
    head = (
        f"python scripts/{_SCRIPTS[result]} --seed {measured.seed} --count {measured.count}"
        f" --tokenizer {TOKENIZER} --out ../docs/results/{result}.json"
    )
    if isinstance(measured, Curves):
        arms = dict.fromkeys(f"{p.arm}=checkpoints/{p.checkpoint}.pt" for p in measured.points)
    else:
        arms = dict.fromkeys(
            f"{arm.name}=checkpoints/{arm.checkpoint}.pt:{arm.setting.text}"
            for arm in measured.arms
        )
    return " \\\n  ".join([head, *map(shlex.quote, arms)])
