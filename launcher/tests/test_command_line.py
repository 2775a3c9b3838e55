import subprocess
import sys

import pytest
from conftest import ROOT

from launcher.cli import parser
from launcher.settings import Ports
from launcher.temporary_stack import free_ports


def seedbed(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(ROOT / "seedbed"), *arguments], capture_output=True, text=True, check=False)


def test_ports_travel_through_the_command_line_unchanged():
    ports = free_ports()
    assert Ports.of(parser().parse_args(["up", *ports.options()])) == ports


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", ""])
def test_a_port_out_of_range_is_refused_by_name_and_value(port: str):
    answer = seedbed("up", f"--http-port={port}")
    assert answer.returncode == 2
    assert f"port out of range: {port} (expected: 1..65535)" in answer.stderr


def test_an_unknown_runner_is_refused_with_the_known_ones():
    answer = seedbed("test", "javascript")
    assert answer.returncode == 1
    assert "unknown runner: javascript (expected: native, java, python, e2e)" in answer.stderr


def test_every_command_explains_itself():
    commands = ("up", "down", "doctor", "test", "generate", "bench", "evaluate", "faults", "fuzz", "train-report")
    overview = seedbed("--help").stdout
    for command in commands:
        assert command in overview
        assert seedbed(command, "--help").returncode == 0


def test_doctor_names_what_it_looked_for():
    answer = seedbed("doctor")
    assert "JDK >= 25" in answer.stdout
    assert answer.returncode in (0, 1)
