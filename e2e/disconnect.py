"""Clients that go away in the middle of a stream: what they pay, how soon they are missed, and what the engine does after that.

The engine's metrics are up to 100 ms old, which is a hundred rounds of one row. So what it had done at a moment is told by the last message
that somebody had of it by then: the client when it left, the adapter when the cancellation reached it, which it logs. Messages on their way count
as rounds after that moment, so each figure is rather too much than too little.
"""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import long_generation
from accounts import Accounts
from admin import PLENTY, AdminClient
from eventually import eventually
from own_stack import ReplicaStack
from public_grpc import connected
from triton_metrics import is_idle, read

# Read so much, then go.
READ_TOKENS = 40


@dataclass(frozen=True)
class Left:
    """A client that is gone."""

    request_id: str
    time: float  # seconds since 1970
    read_tokens: int  # at least so many


@dataclass(frozen=True)
class Missed:
    """What the adapter knew when the cancellation reached it."""

    time: float
    rounds: int


class Disconnects:
    def __init__(self, stack: ReplicaStack):
        self._stack = stack
        self._replica = stack.replicas[0]
        self._admin = AdminClient(self._replica.base_url, stack.secrets.admin_token)
        self._tenant = self._admin.create_tenant(PLENTY)
        self._accounts = Accounts(stack.database, self._tenant.tenant_id)
        self._metrics = f"127.0.0.1:{stack.settings.ports.triton_metrics}"
        with connected(self._replica.grpc, self._tenant.api_key) as client:
            self._request = long_generation.find(client, stack.settings.model)

    def measure(self, times: int) -> dict[str, Any]:
        ways: dict[str, Callable[[], Left]] = {"grpc_call_cancelled": self._cancel_grpc, "http_connection_closed": self._close_http}
        return {name: self._repeat(leave, times) for name, leave in ways.items()}

    def _repeat(self, leave: Callable[[], Left], times: int) -> dict[str, Any]:
        seen: list[dict[str, float]] = []
        for _ in range(times):
            start = self._engine_at_rest(0)
            left = leave()
            eventually("nothing is reserved", lambda: self._accounts.reserved() == 0)
            # The metrics are told a moment late.
            billed = self._admin.generation(left.request_id)["work"]["positions_evaluated"]
            end = self._engine_at_rest(start["positions"] + billed)
            engine = {name: end[name] - start[name] for name in end}
            work = self._check(left, engine["positions"])
            missed = self._missed(left.request_id)
            # One token a round, but for those of the prompt.
            rounds_read = left.read_tokens + work["forward_passes"] - work["committed_tokens"]
            seen.append(
                {
                    "milliseconds_to_detection": 1000 * (missed.time - left.time),
                    "rounds_to_detection": missed.rounds - rounds_read,
                    "rounds_after_detection": engine["rounds"] - missed.rounds,
                    "positions_unbilled": engine["positions"] - work["positions_evaluated"],
                }
            )
        figures: dict[str, Any] = {
            figure: {"median": statistics.median(row[figure] for row in seen), "most": max(row[figure] for row in seen)} for figure in seen[0]
        }
        within_two = sum(row["rounds_after_detection"] <= 2 for row in seen)
        return figures | {"times": times, "times_within_two_rounds_after_detection": within_two}

    def _check(self, left: Left, engine_positions: float) -> dict[str, int]:
        """The tenant pays exactly the last report, which is never more than the engine did."""
        record = self._admin.generation(left.request_id)
        work, paid = record["work"], self._accounts.charged_for(left.request_id)
        assert record["state"] == "CANCELLED", f"state of {left.request_id}: {record['state']} (expected: CANCELLED)"
        assert paid["OUTPUT_TOKEN"] == work["committed_tokens"] >= left.read_tokens, f"paid: {paid} (last report: {work}; read: {left.read_tokens} tokens)"
        assert paid["POSITION"] == work["positions_evaluated"] <= engine_positions, f"paid: {paid} (last report: {work}; engine: {engine_positions} positions)"
        assert work["committed_tokens"] < self._request.max_tokens, f"the generation was not interrupted: {work}"
        return dict(work)

    def _engine_at_rest(self, least_positions: float) -> dict[str, float]:
        version = self._stack.settings.model_version
        names = {"positions": "positions_evaluated_total", "rounds": "rounds_total"}

        def counted() -> dict[str, float] | None:
            if not is_idle(self._metrics, version):
                return None
            counters = {key: read(self._metrics, f"block_diffusion_{name}", version) for key, name in names.items()}
            return counters if counters["positions"] >= least_positions else None

        return eventually("the engine is idle, and says what it did", counted)

    def _missed(self, request_id: str) -> Missed:
        line = re.compile(rf"^(?P<time>\S+) .* generation {request_id} on \S+ ended: CANCELLED, .* (?P<rounds>\d+) forward passes$", re.MULTILINE)
        log = self._stack.settings.logs / "inference-adapter.log"
        found = eventually("the adapter says that the caller is gone", lambda: line.search(log.read_text()))
        return Missed(datetime.fromisoformat(found["time"].replace("Z", "+00:00")).timestamp(), int(found["rounds"]))

    def _cancel_grpc(self) -> Left:
        with connected(self._replica.grpc, self._tenant.api_key) as client:
            call = client.open(self._request)
            request_id = next(call).started.request_id
            read_tokens = 0
            for event in call:
                read_tokens = event.work.committed_tokens
                if read_tokens >= READ_TOKENS:
                    break
            left = Left(request_id, time.time(), read_tokens)
            call.cancel()
        return left

    def _close_http(self) -> Left:
        body = long_generation.body_of(self._request) | {"stream": True}
        url, headers = f"{self._replica.base_url}/v1/completions", {"Authorization": f"Bearer {self._tenant.api_key}"}
        with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            for _ in range(READ_TOKENS):
                next(lines)
            left = Left(answer.headers["x-request-id"], time.time(), READ_TOKENS)
        return left
