"""The training report says what the results say, and that a result is missing where it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seedbed_training.estimate import Estimate, signed
from seedbed_training.report import goals, page, tables
from seedbed_training.report.results import Setting, read

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
COUNT = 200
AR = "mode=autoregressive"
EXACT = "mode=exact"
DIFFUSION = "policy=confident_prefix,threshold=0.95"


def arm(right: int, setting: str, flops: int, forwards: int = 1) -> dict:
    """The first `right` of the prompts are answered right; ten tokens each."""
    return {
        "checkpoint": f"model-{flops}", "setting": setting, "flops": flops,
        "right": [1] * right + [0] * (COUNT - right), "tokens": [10] * COUNT,
        "forwards": [forwards] * COUNT, "characters": [30] * COUNT, "positions": [40] * COUNT,
        "edits": [0] * COUNT,
    }  # fmt: skip


def repairing(repaired: list[int], setting: str, flops: int) -> dict:
    return {
        "checkpoint": "model", "setting": setting, "flops": flops, "repaired": repaired,
        "minimal": repaired, "unharmed": [1] * COUNT, "forwards": [2] * COUNT,
    }  # fmt: skip


def run(*lines: tuple[int, float, float]) -> dict:
    """On policy: (step, tokens per forward, pass@1)."""
    return {
        "name": "surrogate", "checkpoint": "model", "block_size": 16,
        "lines": [
            {"step": step, "tokens_per_forward": tokens, "pass_at_1": right, "flops": step,
             "weight": 0.1}
            for step, tokens, right in lines
        ],
    }  # fmt: skip


def point(setting: dict, pass_at_1: float, tokens: float) -> dict:
    return {
        "arm": "v9", "checkpoint": "model", "setting": setting, "pass_at_1": pass_at_1,
        "interval_95": [pass_at_1 - 0.01, min(1, pass_at_1 + 0.01)], "tokens_per_forward": tokens,
        "characters_per_forward": 3 * tokens, "positions_per_token": 3.0,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


def record(folder: Path, name: str, **document: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps(document))


def compare(folder: Path, name: str = "ablation", **more: object) -> None:
    record(folder, name, seed=5, count=COUNT, **more)


def everything(folder: Path) -> None:
    compare(folder, arms={"plain": arm(198, AR, 100), "quick": arm(190, EXACT, 90)})
    record(folder, "on-policy", runs=[run((0, 4.0, 0.9), (10, 5.0, 0.9))])
    diffusion = {"mode": "diffusion", "policy": "threshold", "block_size": 8}
    points = [point({"mode": "autoregressive"}, 0.99, 1.0), point(diffusion, 0.95, 5.0)]
    compare(folder, "curves", points=points)
    kinds = ["operator", "literal"] * (COUNT // 2)
    faulty = {"again": repairing([1, 0] * 100, AR, 100), "edit": repairing([1] * 200, "", 90)}
    compare(folder, "repair", kinds=kinds, faults={}, arms=faulty)
    pace = {"tokens_per_second": 9.0, "tokens_per_forward": 3.0, "positions_per_token": 2.0}
    costs = [
        {"rows": rows, "context": 0, "milliseconds": cost} for rows, cost in ((1, 2.0), (8, 5.0))
    ]
    record(
        folder, "bench", machine={"cpu": "Abacus", "cores": 2}, modes={"autoregressive": pace},
        step_cost=costs, side_by_side={"autoregressive": pace}, block_sizes={"8": pace},
        draft_lengths={"4": pace},
    )  # fmt: skip


def test_without_results_every_section_says_what_to_run_and_nothing_is_drawn(folder):
    page.write(folder.parent)
    text = (folder.parent / "training.md").read_text()
    assert text.count("\nNot measured yet: run `") == 6
    assert "figures/" not in text
    assert list((folder.parent / "figures").iterdir()) == []
    assert not [goal.measured for goal in goals.judge(read(folder)) if goal.measured]


def test_every_figure_is_drawn_shown_and_the_same_the_next_time(folder):
    everything(folder)
    page.write(folder.parent)
    files = {file: file.read_bytes() for file in folder.parent.rglob("*") if file.is_file()}
    text = (folder.parent / "training.md").read_text()
    shown = re.findall(r"\(figures/([\w-]+)\.svg\)", text)
    assert sorted(shown) == sorted(page.FIGURES)
    assert {file.stem for file in files if file.suffix == ".svg"} == set(page.FIGURES)
    page.write(folder.parent)
    assert {file: file.read_bytes() for file in files} == files


def test_a_figure_goes_with_its_result(folder):
    record(folder, "on-policy", runs=[run((0, 4.0, 0.9), (10, 5.0, 0.9))])
    page.write(folder.parent)
    drawn = folder.parent / "figures" / "on-policy.svg"
    assert drawn.exists()
    (folder / "on-policy.json").unlink()
    page.write(folder.parent)
    assert not drawn.exists()


def test_the_baseline_is_the_autoregressive_arm_that_cost_most_whatever_its_name(folder):
    arms = {"b": arm(190, AR, 50), "z": arm(180, AR, 100), "AR": arm(170, EXACT, 200)}
    compare(folder, arms=arms)
    assert read(folder).ablation.baseline.name == "z"


@pytest.mark.parametrize(
    ("right", "forwards", "verdict"),
    [
        (198, 1, "**met**"),
        (197, 1, "**met**, but the interval reaches -1.5 points"),
        (196, 1, "**met**, but the interval reaches -2.5 points"),
        (194, 1, "missed by 1.00 points"),
        (198, 2, "missed by 3.00 tokens per forward pass"),
        (194, 2, "missed by 3.00 tokens per forward pass and 1.00 points"),
    ],
)
def test_a_parallel_arm_is_held_to_speed_and_to_a_point_of_the_baseline(
    folder, right, forwards, verdict
):
    compare(folder, arms={"plain": arm(198, AR, 100), "quick": arm(right, EXACT, 100, forwards)})
    assert goals.parallel("exact", read(folder).ablation).verdict == verdict


def test_the_fastest_arm_within_the_margin_counts_before_a_better_slower_and_a_worse_faster_one(
    folder,
):
    arms = {
        "plain": arm(198, AR, 100), "careful": arm(198, EXACT, 100, 5),
        "quick": arm(197, EXACT, 100, 2), "rash": arm(150, EXACT, 100, 1),
    }  # fmt: skip
    compare(folder, arms=arms)
    goal = goals.parallel("exact", read(folder).ablation)
    assert goal.measured.startswith("quick: 5.00 tokens per forward pass, -0.5 (")


def test_an_arm_that_cost_more_than_the_baseline_decides_no_goal(folder):
    compare(folder, arms={"plain": arm(198, AR, 90), "quick": arm(198, DIFFUSION, 100)})
    goal = goals.parallel("diffusion", read(folder).ablation)
    assert goal.measured == ""
    assert goal.verdict.startswith("Not measured yet (no autoregressive arm has cost as much)")
    assert "90 % of what “quick” has cost" in page.text(read(folder))


@pytest.mark.parametrize(
    ("lines", "measured", "verdict"),
    [
        (((0, 4.0, 0.9), (10, 6.0, 0.89), (20, 9.0, 0.8)), "step 10: 1.50x, -1.0", "**met**"),
        (((0, 4.0, 0.9), (10, 8.0, 0.8)), "step 0: 1.00x, 0.0", "missed by 0.50x"),
    ],
)
def test_on_policy_steps_that_lose_answers_do_not_count(folder, lines, measured, verdict):
    record(folder, "on-policy", runs=[run(*lines)])
    goal = goals.on_policy(read(folder).on_policy)
    assert goal.measured == f"surrogate, {measured} points"
    assert goal.verdict == verdict


@pytest.mark.parametrize(
    ("edited", "verdict"),
    [
        ([1] * 200, "**met**"),
        ([1, 0] * 99 + [1, 1], "missed: the interval reaches 0.0 points"),
        ([1, 0] * 98 + [0] * 4, "missed by 1.00 points"),
    ],
)
def test_edits_must_repair_more_than_the_baseline_beyond_doubt(folder, edited, verdict):
    arms = {"again": repairing([1, 0] * 100, AR, 100), "edit": repairing(edited, DIFFUSION, 90)}
    compare(folder, "repair", kinds=["operator"] * COUNT, arms=arms)
    assert goals.edits(read(folder).repair).verdict == verdict


def test_repairs_are_told_by_kind_of_fault(folder):
    kinds = ["off_by_one"] * 50 + ["literal"] * 150
    arms = {"edit": repairing([1] * 50 + [1, 0, 0] * 50, DIFFUSION, 1)}
    compare(folder, "repair", kinds=kinds, arms=arms)
    table = tables.by_kind(read(folder).repair, "repaired")
    assert "| off by one | 50 | 100.0 (100.0 to 100.0) |" in table
    assert "| literal | 150 | 33.3 (" in table


def test_a_gap_whose_length_is_told_is_a_line_of_its_own_and_not_a_thing_to_measure(folder):
    filled = {"passed": [0] * COUNT, "exact": [0] * COUNT, "forwards": [3] * COUNT}
    told = filled | {"passed": [1] * COUNT}
    searched = {"checkpoint": "model", "setting": DIFFUSION, "flops": 1, **filled, "told": told}
    compare(folder, "infilling", kinds=["line"] * COUNT, arms={"fill": searched})
    text = page.text(read(folder))
    assert "| fill | 1.00e0 | 0.0 (0.0 to 0.0) |" in text
    assert "| fill, length told | 1.00e0 | 100.0 (100.0 to 100.0) |" in text
    assert "fill, length told=" not in text


def test_differences_are_paired_and_have_a_sign():
    same = Estimate.of_difference([1, 0, 1, 0], [1, 0, 1, 0])
    assert same.signed == "0.0 (0.0 to 0.0)"
    assert Estimate.of_difference([0, 0], [1, 1]).signed == "-100.0 (-100.0 to -100.0)"
    assert signed(0.25) == "+0.2"
    assert signed(-0.01) == "0.0"


@pytest.mark.parametrize(
    ("recorded", "kind"),
    [
        (AR, "autoregressive"),
        ("mode=exact,draft_length=8", "exact"),
        ("", "diffusion, threshold"),
        ("policy=threshold,edit_threshold=0.8", "diffusion, threshold, edits"),
        ({"mode": "diffusion", "policy": "confident_prefix"}, "diffusion, confident_prefix"),
    ],
)
def test_a_setting_is_a_way_of_decoding_with_the_samplers_defaults(recorded, kind):
    assert Setting.of(recorded).kind == kind


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"right": [1] * 199}, r"ablation.json, plain: 199 of right \(expected: 200, one for each"),
        ({"right": None}, r"ablation.json, plain: .*edits \(expected: right among them\)"),
        ({"right": [2] * 200}, r"ablation.json, plain: right 2 \(expected: 0 or 1\)"),
    ],
)
def test_a_result_of_another_shape_is_refused_with_its_value(folder, change, message):
    changed = arm(198, AR, 100) | change
    compare(folder, arms={"plain": {key: value for key, value in changed.items() if value}})
    with pytest.raises(ValueError, match=message):
        read(folder)


def test_a_pass_rate_in_per_cent_is_refused(folder):
    record(folder, "on-policy", runs=[run((0, 4.0, 90.0))])
    with pytest.raises(ValueError, match=r"pass@1 out of range: 90.0 \(expected: 0..1\)"):
        read(folder)


def test_a_measurement_can_be_typed_again_as_it_was(folder):
    compare(folder, arms={"plain, slow": arm(198, AR, 7)})
    text = page.text(read(folder))
    assert "evaluate_ablation.py --seed 5 --count 200 " in text
    assert "'plain, slow=checkpoints/model-7.pt:mode=autoregressive'" in text


def test_the_committed_page_is_what_the_committed_results_say():
    results = read(DOCS / "results")
    written = (DOCS / "training.md").read_text()
    assert written == page.text(results), "run ./seedbed train-report"
    for name in page.drawings(results):
        assert (DOCS / "figures" / f"{name}.svg").exists(), "run ./seedbed train-report"
