"""What the training is held to, and whether the results meet it."""

from __future__ import annotations

from dataclasses import dataclass

from ..estimate import Estimate, signed
from .commands import not_measured, to_measure
from .results import Arm, Comparison, Measured, Results, Run

MARGIN = 1.0  # points of pass@1 that may be lost
TOKENS_PER_FORWARD = {"exact": 8.0, "diffusion": 6.0}
ON_POLICY_SPEED_UP = 1.5
# An arm is compared at equal compute when the baseline has cost at least this share of it: stages
# end at a step, not at a FLOP.
EQUAL_COMPUTE = 0.95


@dataclass(frozen=True)
class Goal:
    wanted: str
    measured: str
    verdict: str


def judge(results: Results) -> list[Goal]:
    return [
        *(parallel(mode, results.ablation) for mode in TOKENS_PER_FORWARD),
        on_policy(results.on_policy),
        edits(results.repair),
    ]


def parallel(mode: str, ablation: Comparison | None) -> Goal:
    """The best arm of a mode: of those within the margin the one with most tokens per forward, else
    the one that loses least."""
    wanted_tokens = TOKENS_PER_FORWARD[mode]
    wanted = (
        f"`{mode}`: {wanted_tokens:g} tokens per forward pass, at most {MARGIN:g} point of pass@1 "
        "below AR of the same compute"
    )
    if ablation is None:
        return Goal(wanted, "", not_measured("ablation"))
    baseline = ablation.baseline
    arms = [arm for arm in ablation.arms if arm.setting.mode == mode]
    equal = [arm for arm in arms if baseline and at_equal_compute(baseline, arm)]
    if not equal:
        lack = "no autoregressive arm has cost as much" if arms else f"no `{mode}` arm"
        return Goal(wanted, "", f"Not measured yet ({lack}): run {to_measure('ablation')}.")
    losses = {arm.name: arm.minus(baseline, "right") for arm in equal}
    within = [arm for arm in equal if within_margin(losses[arm.name].mean)]
    if within:
        best = max(within, key=lambda arm: arm.per_forward("tokens"))
    else:
        best = max(equal, key=lambda arm: losses[arm.name].mean)
    tokens, loss = best.per_forward("tokens"), losses[best.name]
    misses = []
    if tokens < wanted_tokens:
        misses.append(f"{wanted_tokens - tokens:.2f} tokens per forward pass")
    if not within_margin(loss.mean):
        misses.append(f"{-MARGIN - loss.mean:.2f} points")
    verdict = "missed by " + " and ".join(misses) if misses else "**met**"
    if not misses and not within_margin(loss.low):
        verdict += f", but the interval reaches {signed(loss.low)} points"
    measured = f"{best.name}: {tokens:.2f} tokens per forward pass, {loss.signed} points"
    return Goal(wanted, measured, verdict)


def within_margin(change: float) -> bool:
    """Whether a change of pass@1, in points, is allowed; without regard to rounding."""
    return change >= -MARGIN - 1e-9


def at_equal_compute(baseline: Arm, arm: Arm) -> bool:
    return baseline.flops >= EQUAL_COMPUTE * arm.flops


def on_policy(runs: tuple[Run, ...] | None) -> Goal:
    wanted = (
        f"on-policy learning: {ON_POLICY_SPEED_UP:g} times the tokens per forward pass, at most "
        f"{MARGIN:g} point of pass@1 below its start"
    )
    if not runs:
        return Goal(wanted, "", not_measured("on-policy"))
    run, line = max(
        ((run, fastest_within_margin(run)) for run in runs),
        key=lambda both: both[0].speed_up(both[1]),
    )
    speed_up = run.speed_up(line)
    measured = f"{run.name}, step {line.step}: {speed_up:.2f}x, {signed(run.change(line))} points"
    missing = ON_POLICY_SPEED_UP - speed_up
    return Goal(wanted, measured, "**met**" if missing <= 0 else f"missed by {missing:.2f}x")


def fastest_within_margin(run: Run) -> Measured:
    """Of the measured steps; the start always is one."""
    return max(
        (line for line in run.lines if within_margin(run.change(line))),
        key=lambda line: run.speed_up(line),
    )


def edits(repair: Comparison | None) -> Goal:
    """In the repair benchmark mode `diffusion` edits the faulty method; AR writes it again."""
    wanted = "edits repair more faults than AR, with an interval above 0"
    if repair is None:
        return Goal(wanted, "", not_measured("repair"))
    baseline = repair.baseline
    arms = [arm for arm in repair.arms if arm.setting.mode == "diffusion"]
    if baseline is None or not arms:
        lack = "no arm with edits" if baseline else "no autoregressive arm"
        return Goal(wanted, "", f"Not measured yet ({lack}): run {to_measure('repair')}.")
    best = max(arms, key=lambda arm: sum(arm.by_prompt["repaired"]))
    gain = best.minus(baseline, "repaired")
    return Goal(wanted, f"{best.name}: {gain.signed} points", _above_zero(gain))


def _above_zero(gain: Estimate) -> str:
    if gain.low > 0:
        return "**met**"
    if gain.mean > 0:
        return f"missed: the interval reaches {signed(gain.low)} points"
    return f"missed by {-gain.mean:.2f} points"
