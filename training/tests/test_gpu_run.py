"""runs/gpu.sh goes all the way at a toy size: prepare, train, a kill, train again, finish."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seedbed_training import checkpoint, pieces

SCRIPT = Path(__file__).resolve().parents[1] / "runs" / "gpu.sh"


class ToyRun:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data" / "toy"
        self.checkpoints = home / "checkpoints" / "toy"

    def start(self, part: str) -> subprocess.Popen:
        return subprocess.Popen(
            [SCRIPT, part, "--toy", sys.executable],
            env=os.environ | {"RUN_HOME": str(self.home), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, part: str) -> str:
        process = self.start(part)
        output, _ = process.communicate()
        assert process.returncode == 0, output
        return output

    def kill_after_a_checkpoint(self) -> int:
        """Trains, kills the script and all its processes, and returns the step that was kept."""
        process = self.start("train")
        while not pieces.exists(self.checkpoints / "ar"):
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return checkpoint.load(self.checkpoints / "ar")["step"]


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> ToyRun:
    toy = ToyRun(tmp_path_factory.mktemp("run"))
    toy.run("prepare")
    # What travels is the archive.
    shutil.rmtree(toy.data)
    toy.kept_step = toy.kill_after_a_checkpoint()
    toy.training = toy.run("train")
    toy.run("finish")
    return toy


def test_data_of_both_kinds_travels_in_one_archive_with_what_is_told_of_it(toy):
    assert (toy.home / "data" / "toy.tar.xz").stat().st_size < 200_000
    meta = json.loads((toy.data / "meta.json").read_text())
    assert meta["java_samples"] > 30 and meta["generated_samples"] > 1000
    assert 0.05 < meta["java_share"] < 0.4
    assert meta["vocabulary_size"] == 1024
    assert {"exact_duplicates", "near_duplicates", "methods_touching"} <= meta.keys()


def test_a_killed_stage_goes_on_at_its_checkpoint_and_the_others_follow(toy):
    starts = re.findall(r"(\w+): [\d,]+ parameters, .* from step (\d+)", toy.training)
    assert starts == [("ar", str(toy.kept_step)), ("diffusion", "0"), ("edit", "0")]
    assert toy.kept_step >= 10
    for stage in ("ar", "diffusion", "edit"):
        state = checkpoint.load(toy.checkpoints / stage)
        assert state["step"] == state["trainer_config"]["schedule"]["steps"]


def test_the_weights_that_travel_back_are_a_fraction_of_a_checkpoint(toy):
    whole, weights = (
        sum(piece.stat().st_size for piece in (toy.checkpoints / name).glob("*.piece"))
        for name in ("edit", "weights")
    )
    assert weights < whole / 5
    assert checkpoint.load_model(toy.checkpoints / "weights").parameter_count() > 10_000


def test_the_run_ends_with_a_version_and_its_evaluation(toy):
    contract = json.loads((toy.checkpoints / "version" / "contract.json").read_text())
    assert contract["vocab_size"] == 1024
    assert (toy.checkpoints / "version" / "model.gguf").stat().st_size > 10_000
    evaluation = json.loads((toy.checkpoints / "evaluation.json").read_text())
    assert evaluation["training_flops"] == checkpoint.load(toy.checkpoints / "edit")["flops"] > 1e9
    assert 0 <= evaluation["settings"]["exact:12"]["pass_at_1"] <= 1


def test_an_unknown_part_is_refused():
    refused = subprocess.run([SCRIPT, "evaluate"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "part unknown: evaluate (expected: prepare, train or finish)" in refused.stderr
