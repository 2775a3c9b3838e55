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

# Each starts a whole stack, some twice.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def models(environment: dict[str, str]) -> int:
    headers = {"Authorization": f"Bearer {environment['SEEDBED_API_KEY']}"}
    return httpx.get(f"{environment['SEEDBED_BASE_URL']}/v1/models", headers=headers, timeout=30).status_code


def foreground(stack: TemporaryStack) -> "subprocess.Popen[str]":
    command = [sys.executable, ROOT / "seedbed", "up", f"--model-repository={stack.repository}", *stack.ports.options()]
    environment = os.environ | {"SEEDBED_HOME": str(stack.home)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def test_no_process_survives_a_killed_launcher_or_ctrl_c_and_the_next_up_is_quick_and_has_the_same_key(tmp_path: Path):
    stack = TemporaryStack(tmp_path / "home")
    try:
        first = stack.up()
        assert models(first) == 200
        stack.kill("launcher")
        eventually("no process is left", lambda: stack.survivors() == [])

        with foreground(stack) as launcher:
            shown = until(launcher, "Ctrl-C")
            assert stack.environment() == first
            assert sum("-XX:AOTCache=" in command for command in stack.survivors()) == 2, "both Java processes start from their caches"
            assert models(first) == 200
            admin = re.search(r"admin +(http://\S+)", shown)
            assert httpx.get(admin[1], follow_redirects=True, timeout=30).status_code == 200
            stack.kill("inference-adapter")
            launcher.send_signal(signal.SIGINT)
            shown += launcher.stdout.read()
        assert launcher.returncode == 0, shown
        assert stack.survivors() == []
    finally:
        stack.down()


def test_ctrl_c_ends_a_stack_that_is_still_starting(tmp_path: Path):
    stack = TemporaryStack(tmp_path / "home")
    try:
        with foreground(stack) as launcher:
            shown = until(launcher, "triton is ready")
            assert len(stack.survivors()) > 1
            launcher.send_signal(signal.SIGINT)
            shown += launcher.stdout.read()
        assert launcher.returncode == 0, shown
        assert stack.survivors() == []
    finally:
        stack.down()


def until(launcher: "subprocess.Popen[str]", words: str) -> str:
    """What it shows up to the line with these words."""
    shown = ""
    for line in launcher.stdout:
        shown += line
        if words in line:
            return shown
    raise AssertionError(f"never shown: {words}\n{shown}")


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
