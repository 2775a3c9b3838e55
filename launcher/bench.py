"""`bench`: the system's own figures on this machine, from one run on a stack of its own."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from launcher import build, machine, temporary_stack, up, venv
from launcher.screen import LauncherError, say, step, tail
from launcher.settings import ROOT, Settings

ROWS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 63)
CONTEXTS = (0, 256)


def bench(settings: Settings) -> int:
    up.prepare(settings)
    interpreter = venv.python(settings)
    result: dict[str, Any] = {"machine": machine.describe()}
    say(machine.in_words(result["machine"]))
    with temporary_stack.running(settings.build_home / "bench") as stack:
        stack.down()
        with step("bring the stack up a second time"):
            started = time.monotonic()
            stack.up()
            result["second_up_seconds"] = time.monotonic() - started
        result |= measure(settings, interpreter, stack.environment())
    # Without the stack: nothing else runs on the cores.
    result["step_cost"] = step_cost(settings)
    out = settings.build_home / "bench.json"
    out.write_text(json.dumps(result, indent=1) + "\n")
    show(result)
    say(f"\nwritten to {os.path.relpath(out)}")
    return 0


def measure(settings: Settings, interpreter: Path, env: dict[str, str]) -> dict[str, Any]:
    log = settings.build_home / "logs" / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with step("measure modes and hops", log), log.open("wb") as progress:
        done = subprocess.run([interpreter, ROOT / "e2e" / "measure.py"], env=os.environ | env, stdout=subprocess.PIPE, stderr=progress, check=False)
    if done.returncode != 0:
        raise LauncherError(f"the measurement failed\n{tail(log)}", log)
    return dict(json.loads(done.stdout))


def step_cost(settings: Settings) -> list[dict[str, float]]:
    engine = build.native_build(settings) / "bin" / "seedbed-engine"
    model = settings.model_repository / settings.model_version / "1"
    lists = {"--rows": ROWS, "--contexts": CONTEXTS}
    options = [part for name, values in lists.items() for part in (name, ",".join(map(str, values)))]
    with step("measure the cost of a forward pass"):
        done = subprocess.run([engine, "bench", "--model", model, *options, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(f"seedbed-engine bench failed: {done.stderr}")
    return list(json.loads(done.stdout))


def show(result: dict[str, Any]) -> None:
    modes, hops = result["modes"], result["hops_milliseconds"]
    plain = modes["autoregressive"]
    say("\nOne sequence at a time, straight from Triton")
    say(f"  {'mode':16}{'tokens/s':>10}{'to AR':>8}{'tokens/forward':>16}{'to AR':>8}{'positions/token':>17}")
    for name, mode in modes.items():
        pace, yields = (mode[figure] / plain[figure] for figure in ("tokens_per_second", "tokens_per_forward"))
        say(f"  {name:16}{mode['tokens_per_second']:10.0f}{pace:7.2f}x{mode['tokens_per_forward']:16.2f}{yields:7.2f}x{mode['positions_per_token']:17.1f}")

    say("\nA forward pass, median milliseconds by rows")
    say(f"  {'context':>8}" + "".join(f"{rows:>8}" for rows in ROWS))
    for context in CONTEXTS:
        costs = {cost["rows"]: cost["milliseconds"] for cost in result["step_cost"] if cost["context"] == context}
        say(f"  {context:>8}" + "".join(f"{costs[rows]:8.2f}" for rows in ROWS))

    say("\nOne token, median milliseconds by where it is asked for")
    before = {"adapter": "triton", "control_plane_grpc": "adapter", "control_plane_http": "adapter"}
    for name, milliseconds in hops.items():
        added = f"+{milliseconds - hops[before[name]]:.2f} over {before[name]}" if name in before else ""
        say(f"  {name.replace('_', ' '):20}{milliseconds:8.2f}   {added}")

    say(f"\nA second up: {result['second_up_seconds']:.1f} s")
