"""Which settings a curve has, which of its points are worth having, and which one is served."""

from __future__ import annotations

import json
import math
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from seedbed_training import curves
from seedbed_training.export import contract_document
from seedbed_training.model import ModelConfig
from seedbed_training.sampler.contract import Contract, Parameters, validate
from seedbed_training.seedling import FACTS

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "evaluate_curves.py"


def point(accuracy: float, tokens: float, arm: str = "a", **setting: object) -> dict:
    return {
        "arm": arm,
        "checkpoint": "c",
        "setting": {"mode": "diffusion", **setting},
        "pass_at_1": accuracy,
        "interval_95": [accuracy, accuracy],
        "tokens_per_forward": tokens,
        "characters_per_forward": 3 * tokens,
        "positions_per_token": 2.0,
    }


def test_a_grid_has_every_combination_once_and_only_what_its_mode_reads():
    settings = list(curves.grid())
    assert len(settings) == 2 * 7 * 4 + 6
    assert len({json.dumps(setting) for setting in settings}) == len(settings)
    for setting in settings:
        assert Parameters(max_tokens=1, **setting).mode == setting["mode"]
    assert list(curves.grid(["autoregressive", "prompt_lookup"], draft_lengths=[4])) == [
        {"mode": "autoregressive"},
        {"mode": "prompt_lookup", "draft_length": 4},
    ]


def test_every_setting_of_the_grid_is_a_request_that_a_version_takes():
    contract = Contract.of(contract_document(ModelConfig(), FACTS))
    for setting in curves.grid():
        validate(contract, [5, 6], curves.request(setting, max_tokens=64))


def test_a_point_sums_over_prompts_before_it_divides():
    measured = {
        "right": [1, 1, 0, 1],
        "tokens": [10, 20, 30, 40],
        "forwards": [1, 2, 3, 4],
        "characters": [30, 30, 30, 60],
        "positions": [50, 50, 50, 50],
    }
    found = curves.point("a", "c", {"mode": "exact"}, measured)
    low, high = found["interval_95"]
    assert 0 <= low < found["pass_at_1"] == 0.75 < high <= 1
    assert found["tokens_per_forward"] == 10
    assert found["characters_per_forward"] == 15
    assert found["positions_per_token"] == 2


def test_the_front_holds_what_nothing_beats_from_slow_to_fast():
    random = np.random.default_rng(2)
    points = [point(float(a), float(t)) for a, t in random.integers(0, 12, (40, 2))]
    front = curves.pareto_front(points)

    def beats(one: dict, other: dict) -> bool:
        names = ("pass_at_1", "tokens_per_forward")
        return one != other and all(one[name] >= other[name] for name in names)

    assert front == sorted(front, key=lambda p: p["tokens_per_forward"])
    assert not any(beats(one, other) for one in points for other in front)
    assert all(any(beats(one, other) or one == other for one in front) for other in points)


def test_the_area_of_speed_that_costs_nothing_is_speed_times_accuracy():
    assert curves.area_under_parallelism([point(0.9, 2), point(0.9, 6)], best=0.9) == (
        pytest.approx(6 * 90)
    )


def test_speed_that_costs_accuracy_is_worth_less_and_nothing_past_five_points():
    slow, fast, too_fast = point(1.0, 2), point(0.96, 4), point(0.9, 9)
    expected = 2 * 100 + 2 * (100 + 96 * math.exp(-3 * 0.04)) / 2
    area = curves.area_under_parallelism([fast, too_fast, slow], best=1.0)
    assert area == pytest.approx(expected)


def test_the_fastest_point_within_the_tolerance_is_chosen():
    points = [point(0.99, 4), point(0.98, 8), point(0.985, 8), point(0.97, 9)]
    assert curves.choose_operating_point(points, 0.99, 1)["pass_at_1"] == 0.985
    assert curves.choose_operating_point(points, 0.99, 2)["tokens_per_forward"] == 9
    assert curves.choose_operating_point(points, 0.99, 0)["tokens_per_forward"] == 4
    assert curves.choose_operating_point(points, 0.9, 1)["tokens_per_forward"] == 9


def test_without_a_good_enough_point_none_is_chosen():
    with pytest.raises(ValueError, match=r"no point within 1 points of 0\.99: the best of 1 has 0"):
        curves.choose_operating_point([point(0.9, 4)], 0.99, 1)
    with pytest.raises(ValueError, match=r"baseline out of range: 99 \(expected: 0\.\.1\)"):
        curves.choose_operating_point([point(0.9, 4)], 99, 1)


def run(monkeypatch: pytest.MonkeyPatch, file: Path, *more: str) -> None:
    arguments = ["--seed=5", "--count=10", "--tokenizer=none", f"--out={file}", *more]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    runpy.run_path(str(SCRIPT), run_name="__main__")


def test_points_of_the_file_are_not_measured_again_and_are_told(tmp_path, monkeypatch, capsys):
    setting = {"policy": "threshold", "threshold": 0.9, "block_size": 16}
    points = [point(0.98, 7, **setting), point(1.0, 3) | {"setting": {"mode": "autoregressive"}}]
    file = tmp_path / "curves.json"
    file.write_text(json.dumps({"seed": 5, "count": 10, "points": points}))
    grid = ["--modes=diffusion", "--policies=threshold", "--block-sizes=16", "--thresholds=.9"]
    # Neither checkpoint nor tokenizer is there: a measurement would fail.
    run(monkeypatch, file, *grid, "--tolerance=3", "a=folder/c.pt")
    said = capsys.readouterr().out
    assert "a, diffusion: Pareto front of 1 points, area 686" in said
    assert "to serve, 3 points below 1.0000 at most: a mode=diffusion,policy=threshold" in said
    with pytest.raises(ValueError, match=r"arm a: checkpoint other \(expected: c"):
        run(monkeypatch, file, *grid, "a=other.pt")
    with pytest.raises(ValueError, match="holds other prompts"):
        run(monkeypatch, file, "--count=11", "a=c.pt")
    with pytest.raises(SystemExit):
        run(monkeypatch, file, "--modes=diffuse", "a=c.pt")
    assert "'diffuse' unknown (expected: of autoregressive, " in capsys.readouterr().err
