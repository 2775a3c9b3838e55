"""`fairness`: what a busy neighbour costs a tenant with one stream, on a stack of its own; writes the result and its figure."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from launcher import machine, temporary_stack, up, venv
from launcher.screen import LauncherError, say, step, tail
from launcher.settings import ROOT, Settings

RESULT = ROOT / "docs" / "results" / "fairness.json"


def fairness(settings: Settings) -> int:
    up.prepare(settings)
    interpreter = venv.python(settings)
    result: dict[str, Any] = {"machine": machine.describe()}
    say(machine.in_words(result["machine"]))
    with temporary_stack.running(settings.build_home / "fairness") as stack:
        result |= measure(settings, interpreter, stack.environment())
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    draw(interpreter, ROOT / "docs")
    show(result)
    say(f"\nwritten to {os.path.relpath(RESULT)}")
    return 0


def measure(settings: Settings, interpreter: Path, env: dict[str, str]) -> dict[str, Any]:
    log = settings.build_home / "logs" / "fairness.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with step("measure one tenant beside another", log), log.open("wb") as progress:
        done = subprocess.run([interpreter, ROOT / "e2e" / "measure_fairness.py"], env=os.environ | env, stdout=subprocess.PIPE, stderr=progress, check=False)
    if done.returncode != 0:
        raise LauncherError(f"the measurement failed\n{tail(log)}", log)
    return dict(json.loads(done.stdout))


def draw(interpreter: Path, docs: Path) -> None:
    """docs/figures/fairness.svg, from docs/results/fairness.json."""
    command = [interpreter, ROOT / "training/scripts/fairness_figure.py", f"--docs={docs}"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(f"the figure was not drawn\n{done.stderr.strip()}")


def show(result: dict[str, Any]) -> None:
    say(f"\nOne stream beside {result['pairs'][0]['busy_streams']} of another tenant, {result['model_version']}, {result['mode']}")
    say(f"  {'weights, busy : own':20}{'alone, ms/token':>16}{'beside':>10}{'slower':>10}{'bound':>10}{'in streams':>12}")
    for pair in result["pairs"]:
        weights = f"{pair['busy_weight']} : {pair['own_weight']}"
        alone, beside = pair["milliseconds_per_token_alone"], pair["milliseconds_per_token_beside"]
        say(f"  {weights:20}{alone:16.2f}{beside:10.2f}{pair['slowdown']:9.2f}x{pair['bound']:9.2f}x{pair['slowdown_within_streams']:11.2f}x")
