"""`up` and `down` as a person uses them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from endpoints import ROOT, Endpoints
from eventually import eventually
from own_stack import TemporaryStack

pytestmark = pytest.mark.faults


def models(environment: dict[str, str]) -> int:
    headers = {"Authorization": f"Bearer {environment['SEEDBED_API_KEY']}"}
    return httpx.get(f"{environment['SEEDBED_BASE_URL']}/v1/models", headers=headers, timeout=30).status_code


def test_no_process_survives_a_killed_launcher_and_the_next_up_has_the_same_key(tmp_path: Path):
    stack = TemporaryStack(tmp_path / "home")
    try:
        first = stack.up()
        assert models(first) == 200
        stack.kill("launcher")
        eventually("no process is left", lambda: stack.survivors() == [])

        second = stack.up()
        assert second == first
        assert models(second) == 200
    finally:
        stack.down()
    assert stack.survivors() == []


def test_ctrl_c_ends_a_stack_in_the_foreground(tmp_path: Path):
    stack = TemporaryStack(tmp_path / "home")
    command = [sys.executable, ROOT / "seedbed", "up", f"--model-repository={stack.repository}", *stack.ports.options()]
    environment = os.environ | {"SEEDBED_HOME": str(stack.home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as launcher:
        shown = ""
        for line in launcher.stdout:
            shown += line
            if "Ctrl-C" in line:
                break
        assert models(stack.environment()) == 200
        launcher.send_signal(signal.SIGINT)
        shown += launcher.stdout.read()
    assert launcher.returncode == 0, shown
    assert stack.survivors() == []


def test_a_second_up_of_a_running_stack_is_refused(endpoints: Endpoints):
    answer = subprocess.run([sys.executable, ROOT / "seedbed", "up"], capture_output=True, text=True, env=os.environ | {"SEEDBED_HOME": str(endpoints.home)}, check=False)
    assert answer.returncode == 1
    assert re.search(r"already up \(launcher pid \d+\)", answer.stderr)


def test_generate_prints_an_answer_and_its_cost(endpoints: Endpoints):
    command = [sys.executable, ROOT / "seedbed", "generate", "Returns the sum of the even elements of xs.", "--signature", "static int f(int[] xs)"]
    answer = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"SEEDBED_HOME": str(endpoints.home)}, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "static int f(int[] xs) {" in answer.stdout
    cost = re.search(r"(\d+) tokens, (\d+) forward passes, ([\d.]+) tokens per forward, (\d+) ms", answer.stdout)
    assert cost
    assert int(cost[1]) > 0
    assert "\x1b" not in answer.stdout, "no terminal, no escape codes"
