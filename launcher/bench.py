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

# 63 is the largest block that a contract may offer; longer slices are prompts.
ROWS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 63, 96, 128)
CONTEXTS = (0, 256)


def bench(settings: Settings, version: str) -> int:
    up.prepare(settings)
    contract = json.loads((settings.files_of(version) / "contract.json").read_text())
    interpreter = venv.python(settings)
    result: dict[str, Any] = {"machine": machine.describe(), "model_version": version}
    say(machine.in_words(result["machine"]))
    with temporary_stack.running(settings.build_home / "bench") as stack:
        stack.down()
        with step("bring the stack up a second time"):
            started = time.monotonic()
            stack.up()
            result["second_up_seconds"] = time.monotonic() - started
        result |= measure(settings, interpreter, version, stack.environment())
    # Without the stack: nothing else runs on the cores.
    result["step_cost"] = step_cost(settings, version)
    result["draft_length"] |= {"contract": contract["default_policy"]["draft_length"], "by_cost": by_cost(result["draft_lengths"], result["step_cost"])}
    out = settings.build_home / ("bench.json" if version == settings.model_version else f"bench-{version}.json")
    out.write_text(json.dumps(result, indent=1) + "\n")
    show(result)
    say(f"\nwritten to {os.path.relpath(out)}")
    return 0


def measure(settings: Settings, interpreter: Path, version: str, env: dict[str, str]) -> dict[str, Any]:
    log = settings.build_home / "logs" / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with step("measure modes and hops", log), log.open("wb") as progress:
        done = subprocess.run([interpreter, ROOT / "e2e" / "measure.py", version], env=os.environ | env, stdout=subprocess.PIPE, stderr=progress, check=False)
    if done.returncode != 0:
        raise LauncherError(f"the measurement failed\n{tail(log)}", log)
    return dict(json.loads(done.stdout))


def step_cost(settings: Settings, version: str) -> list[dict[str, float]]:
    engine = build.native_build(settings) / "bin" / "seedbed-engine"
    lists = {"--rows": ROWS, "--contexts": CONTEXTS}
    options = [part for name, values in lists.items() for part in (name, ",".join(map(str, values)))]
    with step("measure the cost of a forward pass"):
        done = subprocess.run([engine, "bench", "--model", settings.files_of(version), *options, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(f"seedbed-engine bench failed: {done.stderr}")
    return list(json.loads(done.stdout)["step_cost"])


def by_cost(draft_lengths: dict[str, dict[str, float]], step_cost: list[dict[str, float]]) -> int:
    """Draft length with the most tokens per second by the cost curve alone: what one makes of a forward pass over what the pass costs.

    A pass has two rows for each position of the draft, as the engine counts (triton-models/engine/src/cost_curve.h), and no context.
    """
    curve = {cost["rows"]: cost["milliseconds"] for cost in step_cost if cost["context"] == 0}
    # Ties go to the shortest.
    return max(sorted(map(int, draft_lengths)), key=lambda length: draft_lengths[str(length)]["tokens_per_forward"] / milliseconds(curve, 2 * length))


def milliseconds(curve: dict[float, float], rows: int) -> float:
    """Of a pass of so many rows, on the line between the two numbers of rows that were measured. The largest must be one of them or above."""
    above = min(measured for measured in curve if measured >= rows)
    below = max((measured for measured in curve if measured < rows), default=above)
    share = 0 if above == below else (rows - below) / (above - below)
    return curve[below] + share * (curve[above] - curve[below])


def show(result: dict[str, Any]) -> None:
    modes, hops = result["modes"], result["hops_milliseconds"]
    say(f"\n{result['model_version']}, one sequence at a time, straight from Triton")
    show_paces("mode", modes, modes["autoregressive"])
    # Beside an autoregressive run of their own, as they are measured in one go with it.
    show_paces("exact by draft", result["draft_lengths"], result["side_by_side"]["autoregressive"])
    drafts = result["draft_length"]
    chosen = f"; the engine took {drafts['engine']:.0f} by its own curve" if drafts["measured_at_export"] else "; no draft_yield in the contract to choose by"
    say(f"  shipped: {drafts['contract']}, by the cost curve below: {drafts['by_cost']}{chosen}")
    show_paces("diffusion by block", result["block_sizes"], result["side_by_side"]["autoregressive"])

    for figure, what in (("milliseconds", "median milliseconds"), ("relative", "T(b)/T(1) of the fastest,")):
        say(f"\nA forward pass, {what} by rows")
        say(f"  {'context':>8}" + "".join(f"{rows:>8}" for rows in ROWS))
        for context in CONTEXTS:
            costs = {cost["rows"]: cost[figure] for cost in result["step_cost"] if cost["context"] == context}
            say(f"  {context:>8}" + "".join(f"{costs[rows]:8.2f}" for rows in ROWS))

    say("\nOne token, median milliseconds by where it is asked for")
    before = {"adapter": "triton", "control_plane_grpc": "adapter", "control_plane_http": "adapter"}
    for name, milliseconds in hops.items():
        added = f"+{milliseconds - hops[before[name]]:.2f} over {before[name]}" if name in before else ""
        say(f"  {name.replace('_', ' '):20}{milliseconds:8.2f}   {added}")

    say(f"\nA second up: {result['second_up_seconds']:.1f} s")


def show_paces(title: str, arms: dict[str, dict[str, float]], plain: dict[str, float]) -> None:
    say(f"  {title:20}{'tokens/s':>10}{'to AR':>8}{'tokens/forward':>16}{'to AR':>8}{'positions/token':>17}")
    for name, arm in arms.items():
        pace, yields = (arm[figure] / plain[figure] for figure in ("tokens_per_second", "tokens_per_forward"))
        say(f"  {name:20}{arm['tokens_per_second']:10.0f}{pace:7.2f}x{arm['tokens_per_forward']:16.2f}{yields:7.2f}x{arm['positions_per_token']:17.1f}")
