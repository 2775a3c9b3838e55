"""The recorded results in docs/results, read and checked.

A file that is missing is None here and a plain sentence on the page. A file that is there and does
not have its shape is an error that names the value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from ..estimate import Estimate
from ..sampler.contract import Parameters


@dataclass(frozen=True)
class Setting:
    """What a request asked for; what it did not name has the sampler's default."""

    named: Mapping[str, object]

    @classmethod
    def of(cls, recorded: str | Mapping[str, object]) -> Setting:
        """From `name=value,...` or a mapping."""
        if isinstance(recorded, str):
            parts = (part.partition("=") for part in recorded.split(",") if part)
            return cls({name: value for name, _, value in parts})
        return cls(dict(recorded))

    def __getitem__(self, name: str) -> object:
        return self.named.get(name, getattr(Parameters, name))

    @property
    def mode(self) -> str:
        return str(self["mode"])

    @property
    def edits(self) -> bool:
        return self.mode == "diffusion" and float(self["edit_threshold"]) < 1

    @property
    def kind(self) -> str:
        """Mode, and what makes `diffusion` another way of decoding."""
        if self.mode != "diffusion":
            return self.mode
        return f"diffusion, {self['policy']}" + (", edits" if self.edits else "")

    @property
    def text(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.named.items())


@dataclass(frozen=True)
class Arm:
    """A checkpoint under a setting; `by_prompt` holds, by what it counts, a number a prompt."""

    name: str
    checkpoint: str
    setting: Setting
    flops: int
    by_prompt: Mapping[str, list[int]]

    def share(self, outcome: str) -> Estimate:
        return Estimate.of(self.by_prompt[outcome])

    def minus(self, other: Arm, outcome: str) -> Estimate:
        return Estimate.of_difference(self.by_prompt[outcome], other.by_prompt[outcome])

    def per_forward(self, unit: str) -> float:
        return sum(self.by_prompt[unit]) / sum(self.by_prompt["forwards"])

    def per_prompt(self, unit: str) -> float:
        return sum(self.by_prompt[unit]) / len(self.by_prompt[unit])


@dataclass(frozen=True)
class Comparison:
    """Arms on the same prompts."""

    seed: int
    count: int
    arms: tuple[Arm, ...]
    kinds: tuple[str, ...] = ()  # the kind of each prompt, where prompts have kinds
    told: tuple[Arm, ...] = ()  # what arms that search a gap's length do when it is told

    @property
    def baseline(self) -> Arm | None:
        """The autoregressive arm that has cost most."""
        plain = [arm for arm in self.arms if arm.setting.mode == "autoregressive"]
        return max(plain, key=lambda arm: arm.flops, default=None)


@dataclass(frozen=True)
class Point:
    """An arm under one setting of a sweep."""

    arm: str
    checkpoint: str
    setting: Setting
    pass_at_1: Estimate
    tokens_per_forward: float
    characters_per_forward: float
    positions_per_token: float

    @property
    def block_size(self) -> int | None:
        """None where nothing is denoised in blocks."""
        return int(self.setting["block_size"]) if self.setting.mode == "diffusion" else None


@dataclass(frozen=True)
class Curves:
    seed: int
    count: int
    points: tuple[Point, ...]

    @property
    def reference(self) -> Point | None:
        """The best autoregressive point."""
        plain = [point for point in self.points if point.setting.mode == "autoregressive"]
        return max(plain, key=lambda point: point.pass_at_1.mean, default=None)


@dataclass(frozen=True)
class Measured:
    """An on-policy run at a step; `pass_at_1` in per cent."""

    step: int
    tokens_per_forward: float
    pass_at_1: float
    flops: int


@dataclass(frozen=True)
class Run:
    name: str
    checkpoint: str
    block_size: int
    lines: tuple[Measured, ...]  # by step; the first is the start

    def speed_up(self, line: Measured) -> float:
        return line.tokens_per_forward / self.lines[0].tokens_per_forward

    def change(self, line: Measured) -> float:
        """Of pass@1 since the start, in points."""
        return line.pass_at_1 - self.lines[0].pass_at_1


@dataclass(frozen=True)
class Pace:
    """One sequence at a time."""

    tokens_per_second: float
    tokens_per_forward: float
    positions_per_token: float


@dataclass(frozen=True)
class Bench:
    machine: str
    modes: Mapping[str, Pace]
    milliseconds: Mapping[int, Mapping[int, float]]  # of a forward pass, by context, then by rows
    # Beside an autoregressive pace of their own, as they are measured in one go with it.
    lengths: Lengths | None


@dataclass(frozen=True)
class Lengths:
    plain: Pace
    by_block_size: Mapping[int, Pace]  # `diffusion`
    by_draft_length: Mapping[int, Pace]  # `exact`


@dataclass(frozen=True)
class Results:
    ablation: Comparison | None
    on_policy: tuple[Run, ...] | None
    bench: Bench | None
    curves: Curves | None
    repair: Comparison | None
    infilling: Comparison | None


def read(folder: Path) -> Results:
    """Raises ValueError for a file that does not hold what is expected of it."""
    return Results(
        ablation(folder / "ablation.json"),
        _on_policy(folder),
        _bench(folder),
        _curves(folder),
        repair(folder / "repair.json"),
        infilling(folder / "infilling.json"),
    )


def ablation(file: Path) -> Comparison | None:
    """What evaluate_ablation.py wrote."""
    return _comparison(file, ("right",), ("tokens", "forwards", "characters", "edits"))


def repair(file: Path) -> Comparison | None:
    """What evaluate_repair.py wrote."""
    return _comparison(file, ("repaired", "minimal", "unharmed"), ("forwards",))


def infilling(file: Path) -> Comparison | None:
    """What evaluate_infilling.py wrote."""
    return _comparison(file, ("passed", "exact"), ("forwards",))


def _document(folder: Path, name: str) -> dict | None:
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def _comparison(
    file: Path, outcomes: tuple[str, ...], counted: tuple[str, ...]
) -> Comparison | None:
    if not file.exists():
        return None
    return comparison_of(json.loads(file.read_text()), file.name, outcomes, counted)


def comparison_of(
    document: dict, name: str, outcomes: tuple[str, ...], counted: tuple[str, ...]
) -> Comparison:
    """The arms of a document called `name`, with a number a prompt for each column."""
    count = document["count"]
    arms, told = [], []
    for arm, recorded in document["arms"].items():
        place = f"{name}, {arm}"
        arms.append(_arm(place, arm, recorded, recorded, outcomes, counted))
        if "told" in recorded:
            label = f"{arm}, length told"
            told.append(_arm(place, label, recorded, recorded["told"], outcomes, counted))
    kinds = tuple(document.get("kinds", ()))
    if kinds and len(kinds) != count:
        raise ValueError(f"{name}: {len(kinds)} kinds (expected: {count}, one a prompt)")
    for arm in (*arms, *told):
        for column, values in arm.by_prompt.items():
            if len(values) != count:
                raise ValueError(
                    f"{name}, {arm.name}: {len(values)} of {column} "
                    f"(expected: {count}, one for each prompt)"
                )
    return Comparison(document["seed"], count, tuple(arms), kinds, tuple(told))


def _arm(
    place: str,
    name: str,
    recorded: dict,
    values: dict,
    outcomes: tuple[str, ...],
    counted: tuple[str, ...],
) -> Arm:
    """`values` holds the columns, `recorded` what the arm is."""
    for column in (*outcomes, *counted):
        if column not in values:
            raise ValueError(f"{place}: {', '.join(values)} (expected: {column} among them)")
    for column in outcomes:
        if wrong := set(values[column]) - {0, 1}:
            raise ValueError(f"{place}: {column} {wrong.pop()} (expected: 0 or 1)")
    by_prompt = {column: values[column] for column in (*outcomes, *counted)}
    setting = Setting.of(recorded["setting"])
    return Arm(name, recorded["checkpoint"], setting, recorded["flops"], by_prompt)


def _on_policy(folder: Path) -> tuple[Run, ...] | None:
    document = _document(folder, "on-policy")
    if document is None:
        return None
    runs = []
    for run in document["runs"]:
        lines = sorted(
            (
                Measured(
                    line["step"],
                    line["tokens_per_forward"],
                    100 * _fraction("on-policy.json", line["pass_at_1"]),
                    line["flops"],
                )
                for line in run["lines"]
            ),
            key=lambda line: line.step,
        )
        if not lines or lines[0].step != 0:
            first = lines[0].step if lines else "none"
            raise ValueError(f"on-policy.json, {run['name']}: first step {first} (expected: 0)")
        runs.append(Run(run["name"], run["checkpoint"], run["block_size"], tuple(lines)))
    return tuple(runs)


def _bench(folder: Path) -> Bench | None:
    document = _document(folder, "bench")
    if document is None:
        return None
    machine = document["machine"]
    milliseconds: dict[int, dict[int, float]] = {}
    for cost in document["step_cost"]:
        milliseconds.setdefault(cost["context"], {})[cost["rows"]] = cost["milliseconds"]
    for context, costs in milliseconds.items():
        if 1 not in costs:
            raise ValueError(
                f"bench.json: rows {sorted(costs)} at context {context} (expected: 1 among them)"
            )
    return Bench(
        f"{machine['cpu']}, {machine['cores']} cores",
        _paces(document["modes"]),
        milliseconds,
        _lengths(document) if "block_sizes" in document else None,
    )


def _lengths(document: dict) -> Lengths:
    block_sizes, drafts = _paces(document["block_sizes"]), _paces(document["draft_lengths"])
    return Lengths(
        _paces(document["side_by_side"])["autoregressive"],
        {int(size): pace for size, pace in block_sizes.items()},
        {int(length): pace for length, pace in drafts.items()},
    )


def _paces(document: dict) -> dict[str, Pace]:
    names = [field.name for field in fields(Pace)]
    return {arm: Pace(*(pace[name] for name in names)) for arm, pace in document.items()}


def _curves(folder: Path) -> Curves | None:
    document = _document(folder, "curves")
    if document is None:
        return None
    points = tuple(
        Point(
            point["arm"],
            point["checkpoint"],
            Setting.of(point["setting"]),
            Estimate(
                *(
                    100 * _fraction("curves.json", value)
                    for value in (point["pass_at_1"], *point["interval_95"])
                )
            ),
            point["tokens_per_forward"],
            point["characters_per_forward"],
            point["positions_per_token"],
        )
        for point in document["points"]
    )
    return Curves(document["seed"], document["count"], points)


def _fraction(file: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{file}: pass@1 out of range: {value} (expected: 0..1)")
    return value
