import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from launcher.screen import LauncherError
from launcher.train_report import write


def test_the_page_and_its_figures_are_written_beside_the_results(tmp_path: Path):
    (tmp_path / "results").mkdir()
    shutil.copy(ROOT / "docs/results/bench.json", tmp_path / "results")
    write(Path(sys.executable), tmp_path)
    assert "(figures/forward-time.svg)" in (tmp_path / "training.md").read_text()
    assert (tmp_path / "figures/forward-time.svg").read_text().startswith("<?xml")


def test_a_result_that_cannot_be_read_is_told_with_its_reason(tmp_path: Path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results/on-policy.json").write_text('{"runs": [{"name": "late", "checkpoint": "a", "block_size": 16, "lines": []}]}')
    with pytest.raises(LauncherError, match=r"on-policy.json, late: first step none \(expected: 0\)"):
        write(Path(sys.executable), tmp_path)
    assert not (tmp_path / "training.md").exists()
