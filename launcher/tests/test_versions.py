from pathlib import Path

import pytest

from launcher.bench import by_cost, milliseconds
from launcher.evaluate import default_out
from launcher.screen import LauncherError
from launcher.settings import DEFAULT_VERSION, Ports, Settings, versions_in


def add(repository: Path, *names: str) -> None:
    for name in names:
        (repository / name / "1").mkdir(parents=True)
        (repository / name / "1" / "model.gguf").touch()


def settings(repository: Path) -> Settings:
    return Settings(home=repository, ports=Ports(), model_repository=repository)


def test_versions_are_the_numbered_folders_of_the_model_in_order(tmp_path: Path):
    add(tmp_path, "seedling-v10", "seedling-v2", "seedling-v1", "seedling-vx", "seedling-v3-copy", "second-v1", "spoilt-0a")
    (tmp_path / "seedling-v4").mkdir()  # not exported yet
    assert versions_in(tmp_path, "seedling") == ("seedling-v1", "seedling-v2", "seedling-v10")


def test_the_default_version_comes_first(tmp_path: Path):
    number = int(DEFAULT_VERSION.rpartition("-v")[2])
    others = [f"seedling-v{number + more}" for more in (1, 2)]
    add(tmp_path, *others, DEFAULT_VERSION)
    assert settings(tmp_path).versions == (DEFAULT_VERSION, *others)


def test_a_version_that_the_repository_does_not_hold_is_refused_with_those_it_holds(tmp_path: Path):
    add(tmp_path, "seedling-v1", "seedling-v2")
    assert settings(tmp_path).files_of("seedling-v2") == tmp_path / "seedling-v2" / "1"
    with pytest.raises(LauncherError, match=r"model version not found: seedling-v9 \(expected one below .*: seedling-v1, seedling-v2\)"):
        settings(tmp_path).files_of("seedling-v9")


def test_the_checkout_holds_the_default_version():
    shipped = Settings(home=Path(), ports=Ports())
    assert DEFAULT_VERSION in versions_in(shipped.model_repository, shipped.model)


def test_results_of_another_version_do_not_replace_those_of_the_default():
    names = [default_out(version, temperature).name for version in (DEFAULT_VERSION, "seedling-v99") for temperature in (0.0, 0.8)]
    assert names == ["evaluation.json", "evaluation-temperature-0.8.json", "evaluation-seedling-v99.json", "evaluation-seedling-v99-temperature-0.8.json"]


def cost_curve(milliseconds_of_a_pass: float, of_a_row: float) -> list[dict[str, float]]:
    rows = (1, 8, 16, 24, 32, 64)
    return [{"context": 0, "rows": each, "milliseconds": milliseconds_of_a_pass + of_a_row * each} for each in rows]


def test_the_cost_curve_chooses_the_draft_length_that_makes_most_of_the_time():
    yields = {"4": 3.9, "8": 6.8, "12": 8.9, "16": 10.2}
    lengths = {length: {"tokens_per_forward": tokens} for length, tokens in yields.items()}
    assert by_cost(lengths, cost_curve(1, 0)) == 16
    assert by_cost(lengths, cost_curve(0, 1)) == 4
    assert by_cost(lengths, cost_curve(8, 1)) == 8


def test_the_cost_of_a_pass_lies_on_the_line_between_two_that_were_measured():
    assert milliseconds({1: 1.0, 8: 2.0, 16: 6.0}, 8) == 2.0
    assert milliseconds({1: 1.0, 8: 2.0, 16: 6.0}, 10) == 3.0
