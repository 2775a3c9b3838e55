"""`bench gateway`: what a gateway costs, in CPU for each request and in added latency, with LiteLLM's proxy beside it.

One gateway works at a time, on core 0 together with its database; the others are stopped. The load generator and the paced servers have
core 1. Everything that is compared is interleaved, round by round.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from launcher import build, machine, stack, up, venv
from launcher.gateway_arms import ACCOUNTING, DEVICE_CORE, Arm, LiteLlm, SeedbedGateway, pinned
from launcher.load_generator import LoadGenerator, Target
from launcher.member import Member
from launcher.screen import LauncherError, say, step
from launcher.settings import ROOT, Settings
from launcher.temporary_stack import free_numbers, free_ports

# One answer: as many messages as a block-diffusion model needs for some 128 tokens.
FIRST_MS, TOKENS, INTERVAL_MS = 40, 16, 20
IDLE_PER_SECOND = 4.0
SETTLE_SECONDS = 1.0  # between runs
WARM_UP_SECONDS = 15.0
MOST_WARM_UPS = 12
# A gateway is warm when it became cheaper by no more than this, and its compiler takes no more than this of its CPU time.
WARM = 0.05
# What a lease costs does not depend on the number of its requests, so that only many of them show it.
STATEMENT_REQUESTS_PER_SECOND = {"seedbed, strict": 40.0, "seedbed, leased": 300.0}
# Before they are counted, at half that rate: a tenant that was idle is admitted singly at first.
STATEMENT_RAMP_SECONDS = 5.0
# A direct call that is slower than on an idle machine by more than this says that the machine, not a gateway, is the limit.
MOST_BEND = 0.10


def bench(settings: Settings, options: argparse.Namespace) -> int:
    if len(os.sched_getaffinity(0)) < 2:
        raise LauncherError("bench gateway needs two cores: one for the gateway, one for what measures it")
    accountings = options.arms.split(",")
    if unknown := [name for name in accountings if name not in ACCOUNTING]:
        raise LauncherError(f"unknown arm: {unknown[0]} (expected: {', '.join(ACCOUNTING)})")
    up.prepare(settings)
    with bench_of(settings, accountings, options.tenants, not options.without_litellm) as running:
        result = running.measure(options)
    out = Path(options.out) if options.out else ROOT / "docs" / "results" / ("gateway.json" if options.rounds else "gateway-statements.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    show(result)
    say(f"\nwritten to {os.path.relpath(out)}")
    return 0


@contextmanager
def bench_of(settings: Settings, accountings: Sequence[str], tenants: int, with_litellm: bool) -> Iterator["GatewayBench"]:
    home = settings.build_home / "gateway"
    subprocess.run(["rm", "-rf", home], check=True)
    own = Settings(home=home, ports=free_ports())
    openai_port, litellm_port = free_numbers(2)
    with ExitStack() as held:
        devices = Member(pinned(stack.paced_servers(own, openai_port, FIRST_MS, TOKENS, INTERVAL_MS), DEVICE_CORE), own.logs, own.run)
        held.callback(devices.end)
        devices.restart()
        seedbed = SeedbedGateway(own)
        held.callback(seedbed.end)
        seedbed.up()
        arms = [seedbed.arm(name, tenants) for name in accountings]
        if with_litellm:
            proxy = LiteLlm(own, litellm_port, openai_port)
            held.callback(proxy.proxy.end)
            proxy.up()
            arms.append(proxy.arm())
        generator = held.enter_context(LoadGenerator(build.build_testkit(own), own.logs / "load-generator.log", DEVICE_CORE))
        yield GatewayBench(own, seedbed, arms, generator, openai_port)


class GatewayBench:
    def __init__(self, settings: Settings, seedbed: SeedbedGateway, arms: Sequence[Arm], generator: LoadGenerator, openai_port: int):
        self._settings = settings
        self._seedbed = seedbed
        self._arms = arms
        self._generator = generator
        host, ports = settings.host, settings.ports
        self._direct = {
            stream: {
                "seedbed": Target(f"grpc://{host}:{ports.adapter}", stream, model_version=settings.model_version),
                "litellm": Target(f"http://{host}:{openai_port}/v1/chat/completions", stream, body=arms[-1].target(stream).body),
            }
            for stream in (False, True)
        }

    def measure(self, options: argparse.Namespace) -> dict[str, Any]:
        rates = [float(rate) for rate in options.rates.split(",")]
        say(machine.in_words(machine.describe()))
        result: dict[str, Any] = {
            "machine": machine.describe(),
            "versions": self._versions(),
            "pace": {"first_ms": FIRST_MS, "tokens": TOKENS, "interval_ms": INTERVAL_MS},
            "cores": "gateway and its database: 0; load generator and paced servers: 1",
            "tenants": options.tenants,
            "durable_write_ms": machine.durable_writes(self._settings.home),
            "rounds": options.rounds,
            "seconds_per_run": options.seconds,
        }
        for stream in (False, True):
            for target in self._direct[stream].values():
                self._generator.open(target, 100, WARM_UP_SECONDS)
        for arm in self._arms:
            with step(f"warm up {arm.name}"):
                self._warm_up(arm, options.concurrency)
        result["statements_per_request"] = self._statements()
        if options.rounds:
            for stream in (False, True):
                result[shape(stream)] = self._shape(stream, rates, options)
        return result

    def _warm_up(self, arm: Arm, concurrency: int) -> None:
        """A JVM compiles for minutes, and that is no request's cost."""
        before = math.inf
        for _ in range(MOST_WARM_UPS):
            compiled = arm.compiler_seconds()
            runs = [self._run(arm, stream, concurrency=concurrency, seconds=WARM_UP_SECONDS) for stream in (False, True)]
            spent = sum(run["cpu_seconds"]["gateway"] for run in runs)
            cost = spent / max(1, sum(run["answered"] for run in runs))
            if cost > (1 - WARM) * before and arm.compiler_seconds() - compiled <= WARM * spent:
                return
            before = cost

    def _shape(self, stream: bool, rates: Sequence[float], options: argparse.Namespace) -> dict[str, Any]:
        with step(f"{shape(stream)}: direct, idle"):
            idle = {name: [self._generator.open(target, IDLE_PER_SECOND, options.seconds) for _ in range(2)] for name, target in self._direct[stream].items()}
        points: dict[float, dict[str, list[dict[str, Any]]]] = {rate: {} for rate in rates}
        saturated: dict[str, list[dict[str, Any]]] = {}
        for number in range(1, options.rounds + 1):
            with step(f"{shape(stream)}: round {number} of {options.rounds}"):
                for rate in rates:
                    for name, target in self._direct[stream].items():
                        points[rate].setdefault(f"direct {name}", []).append(self._generator.open(target, rate, options.seconds))
                        time.sleep(SETTLE_SECONDS)
                    for arm in self._arms:
                        points[rate].setdefault(arm.name, []).append(self._run(arm, stream, rate=rate, seconds=options.seconds))
                for arm in self._arms:
                    saturated.setdefault(arm.name, []).append(self._run(arm, stream, concurrency=options.concurrency, seconds=options.seconds))
        return {
            "direct_idle": {name: summary(runs) for name, runs in idle.items()},
            "rates": {f"{rate:g}": self._point(runs, idle) for rate, runs in points.items()},
            "saturated": {name: summary(runs) for name, runs in saturated.items()},
        }

    def _point(self, runs: dict[str, list[dict[str, Any]]], idle: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        point: dict[str, Any] = {name: summary(measured) for name, measured in runs.items()}
        for system, calm in idle.items():
            direct, before = point[f"direct {system}"], summary(calm)
            direct["bends"] = any(
                direct[figure][quantile]["median"] > (1 + MOST_BEND) * before[figure][quantile]["median"] for figure in ("first_ms", "total_ms") for quantile in ("p50", "p99")
            )
        for arm in self._arms:
            direct = runs[f"direct {arm.name.split(',')[0]}"]
            point[arm.name]["added_ms"] = {
                figure: {quantile: spread([of[figure][quantile] - base[figure][quantile] for of, base in zip(runs[arm.name], direct, strict=True)]) for quantile in ("p50", "p99")}
                for figure in ("first_ms", "total_ms")
            }
        return point

    def _run(self, arm: Arm, stream: bool, rate: float | None = None, concurrency: int = 0, seconds: float = 0) -> dict[str, Any]:
        with self._alone(arm):
            before = arm.cpu_seconds()
            target = arm.target(stream)
            run = self._generator.closed(target, concurrency, seconds) if rate is None else self._generator.open(target, rate, seconds)
            run["cpu_seconds"] = {name: spent - before[name] for name, spent in arm.cpu_seconds().items()}
        time.sleep(SETTLE_SECONDS)
        return run

    @contextmanager
    def _alone(self, arm: Arm) -> Iterator[None]:
        """Stops the other gateways, which do some work even when nobody calls them."""
        others = {other.gateway for other in self._arms if other.gateway is not arm.gateway}
        for member in others:
            member.pause()
        try:
            yield
        finally:
            for member in others:
                member.resume()

    def _statements(self) -> dict[str, Any]:
        """SQL of one request of one tenant, by durability, as the database counts it; all that happens beside requests in that time is in it."""
        found: dict[str, Any] = {}
        for arm in self._arms:
            if arm.name not in STATEMENT_REQUESTS_PER_SECOND:
                continue
            for stream in (False, True):
                with step(f"count the statements of {arm.name}, {shape(stream)}"), self._alone(arm):
                    rate, target = STATEMENT_REQUESTS_PER_SECOND[arm.name], arm.of_one_tenant().target(stream)
                    self._generator.open(target, rate / 2, STATEMENT_RAMP_SECONDS)
                    before = self._asked("reset")
                    run = self._generator.open(target, rate, WARM_UP_SECONDS)
                    after = self._asked("read")
                requests = run["answered"]
                calls = sum(row["calls"] for row in after["statements"])
                found[f"{arm.name}, {shape(stream)}"] = {
                    "requests": requests,
                    "requests_per_second": round(requests / run["seconds"], 1),
                    "statements": round(calls / requests, 2),
                    "transactions": round((after["commits"] - before["commits"]) / requests, 2),
                    "database_ms": round(sum(row["milliseconds"] for row in after["statements"]) / requests, 3),
                    "by_statement": [
                        {"per_request": round(row["calls"] / requests, 2), "mean_ms": round(row["milliseconds"] / row["calls"], 4), "statement": row["statement"][:160]}
                        for row in after["statements"]
                        if row["calls"] > requests / 20
                    ],
                }
        return found

    def _asked(self, what: str) -> dict[str, Any]:
        environment = os.environ | {"SEEDBED_DATABASE": json.dumps(self._seedbed.database())}
        command = [venv.python(self._settings), ROOT / "e2e" / "statements.py", what]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LauncherError(f"the statements were not counted: {done.stderr}")
        return dict(json.loads(done.stdout))

    def _versions(self) -> dict[str, str]:
        litellm = self._settings.build_home / "litellm" / "bin" / "pip"
        shown = subprocess.run([litellm, "freeze"], capture_output=True, text=True, check=False).stdout if litellm.exists() else ""
        wanted = ("litellm", "uvicorn", "uvloop", "aiohttp", "fastapi")
        pins = dict(line.split("==") for line in shown.splitlines() if line.count("==") == 1)
        return {"seedbed": str(machine.commit()), "python": platform.python_version()} | {name: pins[name] for name in wanted if name in pins}


def shape(stream: bool) -> str:
    return "streamed" if stream else "unary"


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians and extremes over the rounds."""
    quantiles = ("p50", "p99")
    found: dict[str, Any] = {figure: {quantile: spread([run[figure][quantile] for run in runs]) for quantile in quantiles} for figure in ("first_ms", "total_ms", "lag_ms")}
    found["answered_per_second"] = spread([run["answered"] / run["seconds"] for run in runs])
    found["answered"] = sum(run["answered"] for run in runs)
    found["failures"] = {kind: sum(run["failures"].get(kind, 0) for run in runs) for kind in sorted({kind for run in runs for kind in run["failures"]})}
    found["generator_cpu_share"] = spread([run["generator_cpu_seconds"] / run["seconds"] for run in runs])
    if "cpu_seconds" in runs[0]:
        answered = [run for run in runs if run["answered"]]
        found["requests_per_cpu_second"] = spread([run["answered"] / max(run["cpu_seconds"]["gateway"], 0.01) for run in answered])
        found["requests_per_cpu_second_with_database"] = spread([run["answered"] / max(sum(run["cpu_seconds"].values()), 0.01) for run in answered])
        found["cpu_ms_per_request"] = {part: spread([1000 * run["cpu_seconds"][part] / run["answered"] for run in answered]) for part in ("gateway", "database")}
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median": round(statistics.median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}


def show(result: dict[str, Any]) -> None:
    for name, counted in result["statements_per_request"].items():
        say(
            f"\n{name}, {counted['requests_per_second']} requests a second: {counted['statements']} statements, without COMMIT, in {counted['transactions']} transactions for each request, {counted['database_ms']} ms in the database"
        )
    for form in [form for form in ("unary", "streamed") if form in result]:
        say(f"\n{form}, medians of {result['rounds']} rounds")
        say(f"  {'':28}{'req/CPU-s':>11}{'with db':>9}{'added p50':>11}{'added p99':>11}{'first p50':>11}{'first p99':>11}{'req/s':>8}  failures")
        for rate, point in result[form]["rates"].items():
            bends = [name for name, of in point.items() if of.get("bends")]
            say(f"  at {rate} a second" + (f"; not to be used, bends: {', '.join(bends)}" if bends else ""))
            for name, of in point.items():
                if "added_ms" in of:
                    say(row(name, of))
        say("  saturated")
        for name, of in result[form]["saturated"].items():
            say(row(name, of))


def row(name: str, of: dict[str, Any]) -> str:
    cells = f"  {name:28}{of['requests_per_cpu_second']['median']:11.1f}{of['requests_per_cpu_second_with_database']['median']:9.1f}"
    added = of.get("added_ms")
    for figure in ("total_ms", "first_ms"):
        for quantile in ("p50", "p99"):
            cells += f"{added[figure][quantile]['median']:11.2f}" if added else f"{'':11}"
    return cells + f"{of['answered_per_second']['median']:8.1f}  {of['failures'] or ''}"
