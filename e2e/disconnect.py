"""Clients that go away in the middle of a stream: what they pay, and what the engine still does after their last look."""

import statistics
import time
from collections.abc import Callable
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
        ways: dict[str, Callable[[], tuple[str, dict[str, float]]]] = {"grpc_call_cancelled": self._cancel_grpc, "http_connection_closed": self._close_http}
        return {name: self._repeat(leave, times) for name, leave in ways.items()}

    def _repeat(self, leave: Callable[[], tuple[str, dict[str, float]]], times: int) -> dict[str, Any]:
        seen: list[dict[str, float]] = []
        for _ in range(times):
            request_id, before = leave()
            left = time.monotonic()
            eventually("the engine is idle", lambda: is_idle(self._metrics, self._stack.settings.model_version))
            idle_after = time.monotonic() - left
            after = self._engine()
            eventually("nothing is reserved", lambda: self._accounts.reserved() == 0)
            self._check(request_id, after["positions"] - before["start"])
            seen.append(
                {
                    "positions_after": after["positions"] - before["positions"],
                    "rounds_after": after["rounds"] - before["rounds"],
                    "positions_unbilled": after["positions"] - before["start"] - self._admin.generation(request_id)["work"]["positions_evaluated"],
                    "milliseconds_to_idle": 1000 * idle_after,
                }
            )
        return {figure: {"median": statistics.median(row[figure] for row in seen), "most": max(row[figure] for row in seen)} for figure in seen[0]} | {"times": times}

    def _check(self, request_id: str, engine_positions: float) -> None:
        """The tenant pays exactly the last report, which is never more than the engine did."""
        record = self._admin.generation(request_id)
        work, paid = record["work"], self._accounts.charged_for(request_id)
        assert record["state"] == "CANCELLED", f"state of {request_id}: {record['state']} (expected: CANCELLED)"
        assert paid["OUTPUT_TOKEN"] == work["committed_tokens"] >= READ_TOKENS, f"paid: {paid} (last report: {work}; read: {READ_TOKENS} tokens)"
        assert paid["POSITION"] == work["positions_evaluated"] <= engine_positions, f"paid: {paid} (last report: {work}; engine: {engine_positions} positions)"
        assert work["committed_tokens"] < self._request.max_tokens, f"the generation was not interrupted: {work}"

    def _engine(self) -> dict[str, float]:
        names = {"positions": "positions_evaluated_total", "rounds": "rounds_total"}
        return {key: read(self._metrics, f"block_diffusion_{name}", self._stack.settings.model_version) for key, name in names.items()}

    def _cancel_grpc(self) -> tuple[str, dict[str, float]]:
        start = self._engine()["positions"]
        with connected(self._replica.grpc, self._tenant.api_key) as client:
            call = client.open(self._request)
            request_id = next(call).started.request_id
            for event in call:
                if event.work.committed_tokens >= READ_TOKENS:
                    break
            before = self._engine()  # just before: what is measured is rather too much than too little
            call.cancel()
        return request_id, before | {"start": start}

    def _close_http(self) -> tuple[str, dict[str, float]]:
        start = self._engine()["positions"]
        body = long_generation.body_of(self._request) | {"stream": True}
        url, headers = f"{self._replica.base_url}/v1/completions", {"Authorization": f"Bearer {self._tenant.api_key}"}
        with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            for _ in range(READ_TOKENS):
                next(lines)
            before = self._engine()
        return answer.headers["x-request-id"], before | {"start": start}
