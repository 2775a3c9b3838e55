"""runs/gpu.sh goes all the way at a toy size: prepare, train, a kill, an interruption, finish."""

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

    def step(self) -> int:
        """That `ar` has kept."""
        path = self.checkpoints / "ar"
        return checkpoint.load(path)["step"] if pieces.exists(path) else 0

    def kill_after_a_checkpoint(self) -> None:
        process = self.start("train")
        while not self.step():
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def interrupt_after_a_step(self) -> int:
        """The script's status when it and all its processes are asked to end."""
        process = self.start("train")
        lines = iter(process.stdout)
        assert any(" lr " in line for line in lines)
        os.killpg(process.pid, signal.SIGTERM)
        rest = "".join(lines)
        assert "Error" not in rest, rest
        return process.wait()


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> ToyRun:
    toy = ToyRun(tmp_path_factory.mktemp("run"))
    toy.run("prepare")
    # What travels is the archive.
    shutil.rmtree(toy.data)
    toy.kill_after_a_checkpoint()
    toy.step_of_the_kill = toy.step()
    toy.status_of_the_interruption = toy.interrupt_after_a_step()
    toy.step_of_the_interruption = toy.step()
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


def test_an_interrupted_stage_keeps_its_last_step_and_a_killed_one_its_last_checkpoint(toy):
    assert toy.step_of_the_kill >= 10 and toy.step_of_the_kill % 10 == 0
    assert toy.status_of_the_interruption == 128 + signal.SIGTERM
    # On a slow machine the stage may have had its minutes at the kill.
    assert toy.step_of_the_interruption >= toy.step_of_the_kill


def test_a_stage_goes_on_where_it_was_and_the_others_follow(toy):
    starts = re.findall(r"(\w+): [\d,]+ parameters, .* from step (\d+)", toy.training)
    assert [stage for stage, _ in starts] == ["ar", "diffusion", "edit"]
    assert starts[0][1] == str(toy.step_of_the_interruption)
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
