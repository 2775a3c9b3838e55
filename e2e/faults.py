"""What holds while parts of the stack are taken away, for `./seedbed faults`: writes one JSON document, says its progress on stdout.

The first thing that does not hold ends the run with an error.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mixed_versions
import rolling_restart
from budget_burst import (
    Bursts,
    Size,
    kill_a_replica,
    pause_a_replica,
    take_the_database_away,
)
from disconnect import Disconnects
from own_stack import machine, replica_stack

PAUSED_SECONDS = 30  # three times a reservation's TTL
AWAY_SECONDS = 20


def budget(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    size = Size(options.requests, options.budget)
    leased = options.durability == "leased"
    result: dict[str, Any] = {
        "replicas": 2,
        "durability": options.durability,
        "requests": size.requests,
        "budget_requests": size.budget,
    }
    with replica_stack.running(home) as stack:
        bursts = Bursts(stack, size, options.durability.upper())
        bursts.warm_up()
        say(f"{size.requests} requests at the same moment, over two replicas, on a budget for {size.budget}")
        # What is leased and not used comes back a moment later, so that one burst need not find all of it.
        undisturbed = bursts.disturbed(lambda: None) if leased else bursts.undisturbed()
        result["undisturbed"] = shown("nothing is taken away", undisturbed)
        kill = partial(kill_a_replica, stack)
        result["killed"] = [
            shown(
                f"kill -9 of a replica, {n} of {options.kills}",
                bursts.disturbed(kill),
            )
            for n in range(1, options.kills + 1)
        ]
        # The others took the replica that had none of them, or came when all was settled.
        met = sum("EXPIRED" in outcome["reservations"] for outcome in result["killed"])
        say(f"  {met} of {options.kills} kills met admitted generations in flight")
        result["kills_that_met_generations_in_flight"] = met
        assert met > 0, "no kill met generations in flight: nothing was tried"
        pause = partial(pause_a_replica, stack, PAUSED_SECONDS)
        result["paused"] = shown(
            f"a replica stopped for {PAUSED_SECONDS} s",
            bursts.disturbed(pause),
        )
        away = partial(take_the_database_away, stack, AWAY_SECONDS)
        result["database_away"] = shown(
            f"PostgreSQL away for {AWAY_SECONDS} s",
            bursts.disturbed(away),
        )
    return result


def disconnect(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    with replica_stack.running(home, replicas=1) as stack:
        result = Disconnects(stack).measure(options.times)
    for way, figures in result.items():
        say(f"  {way}: {figures}")
    return result


def rolling(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    with replica_stack.running(home, options=rolling_restart.OPTIONS) as stack:
        result = rolling_restart.measure(stack, options.rolls)
    for name, figure in result.items():
        say(f"  {name.replace('_', ' ')}: {figure}")
    assert not result["failures_that_a_client_saw"], "a client saw a failure that its retries did not hide"
    assert result["still_reserved"] == 0, f"still reserved: {result['still_reserved']} (expected: 0)"
    return result


def versions(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    old = mixed_versions.Old(options.old_commit, options.old_subject, options.old_jar)
    with replica_stack.running(home, options=rolling_restart.OPTIONS, jar=old.jar) as stack:
        return mixed_versions.MixedVersions(stack, old, Size(options.requests, options.budget), say).measure()


def shown(title: str, outcome: dict[str, Any]) -> dict[str, Any]:
    say(f"  {title}: {outcome['clients_saw']}, {outcome['reservations']}, at most {outcome['watched']['most_posted_and_reserved']} held in {outcome['watched']['looks']} looks")
    if further := outcome.get("further_burst"):
        say(f"    a further burst: {further['clients_saw']}, posted {further['budget']['posted']} of {further['budget']['limit']}")
    return outcome


def say(text: str) -> None:
    print(text, flush=True)


SCENARIOS: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {"budget": budget, "disconnect": disconnect, "rolling": rolling, "versions": versions}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument(
        "--home",
        type=Path,
        required=True,
        help="folder that the stack may have for itself",
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--durability", choices=("strict", "leased"), default="strict")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--rolls", type=int, default=3)
    parser.add_argument("--old-commit")
    parser.add_argument("--old-subject")
    parser.add_argument("--old-jar", type=Path)
    options = parser.parse_args()
    result = {
        "machine": machine.describe(),
        **SCENARIOS[options.scenario](options.home, options),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
