"""Command line of ./seedbed."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from launcher.screen import LauncherError
from launcher.settings import DEFAULT_VERSION, Ports, Settings, default_home


FAULTS = ("budget", "disconnect", "rolling", "versions")
# The last commit on main before leases and plans: its schema is three migrations behind, and a rolling update would meet it.
OLD_VERSION = "e0e7e5f"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="seedbed", description="Serves block-diffusion code models to many tenants.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="build what is missing and run the whole stack")
    up.add_argument("--detach", action="store_true", help="return when everything is ready")
    up.add_argument("--model-repository", type=Path, help="folder of model versions (default: the shipped ones)")
    up.add_argument("--otlp-endpoint", metavar="URL", help="where traces are sent, for example http://127.0.0.1:4318/v1/traces (default: nowhere)")
    Ports.add_options(up)

    commands.add_parser("down", help="stop the stack")
    commands.add_parser("doctor", help="say what is missing on this machine")

    test = commands.add_parser("test", help="run everything that passes or fails")
    test.add_argument("runners", nargs="*", metavar="RUNNER", help="only these: native, java, python, e2e")

    generate = commands.add_parser("generate", help="write a method, drawn as it is denoised")
    generate.add_argument("description", help="the Javadoc line, for example: Returns the sum of the even elements of xs.")
    generate.add_argument("--signature", required=True, help="for example: static int f(int[] xs)")
    generate.add_argument("--mode", choices=("autoregressive", "exact", "diffusion"))
    generate.add_argument("--model-version", metavar="NAME", help="for example seedling-v1 (default: the model's)")
    generate.add_argument("--temperature", type=float)
    generate.add_argument("--seed", type=int)
    generate.add_argument("--max-tokens", type=int, default=256)

    bench = commands.add_parser("bench", help="measure the running system on this machine")
    bench.add_argument("subject", nargs="?", choices=("system", "gateway"), default="system", help="the whole system, or the control plane alone beside LiteLLM's proxy")
    bench.add_argument("--model-version", metavar="NAME", default=DEFAULT_VERSION, help="(system)")
    bench.add_argument("--arms", default="strict,leased,unaccounted", help="how the tenant's requests are accounted for, separated by commas (gateway)")
    bench.add_argument("--tenants", type=int, default=8, help="who call in turn; with one, its requests wait for one another's commits (gateway)")
    bench.add_argument("--without-litellm", action="store_true", help="(gateway)")
    bench.add_argument("--rates", default="10,25", help="requests a second, separated by commas (gateway)")
    bench.add_argument("--concurrency", type=int, default=256, help="requests at a time when saturated (gateway)")
    bench.add_argument("--rounds", type=int, default=5, help="0: statements of a request are counted, and nothing is timed (gateway)")
    bench.add_argument("--seconds", type=float, default=8.0, help="of one run (gateway)")
    bench.add_argument("--out", help="where the result is written as JSON (gateway; default: docs/results/gateway.json, without rounds gateway-statements.json)")

    commands.add_parser("fairness", help="measure what a busy tenant costs another, and write docs/results/fairness.json")

    evaluate = commands.add_parser("evaluate", help="pass@1 and tokens per forward pass over held-out prompts, through the whole stack")
    evaluate.add_argument("--model-version", metavar="NAME", default=DEFAULT_VERSION)
    evaluate.add_argument("--prompts", type=int, default=1000)
    evaluate.add_argument("--seed", type=int, default=1)
    evaluate.add_argument("--temperature", type=float, default=0.0)
    evaluate.add_argument("--draft-length", type=int, help="of mode exact (default: the engine's choice for this machine)")
    evaluate.add_argument("--concurrency", type=int, default=4, help="requests in flight")
    evaluate.add_argument("--modes", default="autoregressive,exact,diffusion")
    evaluate.add_argument("--out", help="where the result is written as JSON")

    ledger = commands.add_parser("ledger", help="prove the running stack's books")
    ledger.add_argument("action", choices=("verify",), help="recompute everything; exit status 1 on a difference of one unit")

    faults = commands.add_parser("faults", help="take replicas and the database away under load, and check what must hold")
    faults.add_argument("scenario", choices=FAULTS)
    faults.add_argument("--requests", type=int, default=1000, help="of one burst (budget)")
    faults.add_argument("--budget", type=int, default=50, help="requests that the budget allows (budget)")
    faults.add_argument("--durability", choices=("strict", "leased"), default="strict", help="of the budget's limits (budget)")
    faults.add_argument("--kills", type=int, default=20, help="how often a replica is killed (budget)")
    faults.add_argument("--times", type=int, default=20, help="how often a client goes away (disconnect)")
    faults.add_argument("--rolls", type=int, default=3, help="how often each replica is restarted (rolling)")
    faults.add_argument("--old", metavar="COMMIT", default=OLD_VERSION, help="whose control plane runs beside this one's (versions)")
    faults.add_argument("--out", help="where the result is written as JSON (default: docs/results/faults-SCENARIO.json)")

    fuzz = commands.add_parser("fuzz", help="try requests made up from the OpenAPI pages on a stack of its own")
    fuzz.add_argument("--seconds", type=int, default=600, help="for each of /v1 and /admin/v1")

    commands.add_parser("train-report", help="write docs/training.md and its figures from docs/results")
    return top


def run(options: argparse.Namespace) -> int:
    # Imported per command: `doctor` must run on a machine where nothing else does.
    home = default_home()
    ports = Ports.of(options) if options.command == "up" else Ports()
    settings = Settings(home=home, ports=ports)
    if options.command == "up" and options.model_repository:
        settings = replace(settings, model_repository=options.model_repository.resolve())
    if options.command == "up" and options.otlp_endpoint:
        settings = replace(settings, otlp_endpoint=options.otlp_endpoint)
    match options.command:
        case "up":
            from launcher.up import up, up_detached

            return up_detached(settings) if options.detach else up(settings)
        case "down":
            from launcher.up import down

            return down(settings)
        case "doctor":
            from launcher.doctor import report

            return report()
        case "test":
            from launcher.testing import run_tests

            return run_tests(settings, options.runners)
        case "generate":
            from launcher.generate import generate

            return generate(settings, options)
        case "bench" if options.subject == "gateway":
            from launcher.gateway_bench import bench as bench_gateway

            return bench_gateway(settings, options)
        case "bench":
            from launcher.bench import bench

            return bench(settings, options.model_version)
        case "fairness":
            from launcher.fairness import fairness

            return fairness(settings)
        case "evaluate":
            from launcher.evaluate import evaluate

            return evaluate(settings, options)
        case "ledger":
            from launcher.ledger import verify

            return verify(settings)
        case "faults":
            from launcher.faults import faults

            return faults(settings, options)
        case "fuzz":
            from launcher.fuzz import fuzz

            return fuzz(settings, options)
        case "train-report":
            from launcher.train_report import train_report

            return train_report(settings)
    raise AssertionError(options.command)


def main() -> int:
    options = parser().parse_args()
    try:
        return run(options)
    except LauncherError as error:
        print(f"seedbed: {error}", file=sys.stderr)
        if error.log:
            print(f"log: {os.path.relpath(error.log)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
