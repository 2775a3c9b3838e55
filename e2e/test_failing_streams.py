"""Streams that fail after their first text: every official client raises its own error with our code, and the tenant pays for what was streamed."""

from collections.abc import Iterator
from typing import Any

import clients
import long_generation
import pytest
from accounts import Accounts
from admin import PLENTY, AdminClient
from eventually import eventually
from own_stack import ReplicaStack, replica_stack
from public_grpc import connected, wire

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

# Long enough for a first text on a busy machine; whoever waits longer waits for an engine that stands still.
LONGEST = "--seedbed.generation.max-duration=20s"
# Reservations of a process that died live for their TTL of 10 s, and are then swept.
RECOVERY_SECONDS = 180


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaStack]:
    with replica_stack.running(tmp_path_factory.mktemp("failing-streams") / "home", replicas=1, options=[LONGEST]) as made:
        yield made


@pytest.fixture(scope="module")
def body(stack: ReplicaStack) -> dict[str, Any]:
    with connected(stack.replicas[0].grpc, stack.demo_key) as demo:
        return long_generation.body_of(long_generation.find(demo, stack.settings.model)) | {"stream": True}


@pytest.mark.parametrize("language", clients.PROGRAMS)
@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        ("the engine stands still", "deadline_exceeded", "CANCELLED"),
        ("the engine is killed", "model_unavailable", "FAILED"),
        ("the adapter is killed", "model_unavailable", "FAILED"),
        ("the replica is killed", None, "EXPIRED"),
    ],
)
def test_a_stream_that_fails_ends_with_an_error_and_is_charged_as_far_as_it_came(
    fault: str, code: str | None, state: str, language: str, stack: ReplicaStack, body: dict[str, Any]
):
    replica, (triton, adapter) = stack.replicas[0], stack.engine
    victim = {"engine": triton, "adapter": adapter, "replica": replica}[fault.split()[1]]
    signal = "-KILL" if fault.endswith("killed") else "-STOP"
    tenant = AdminClient(replica.base_url, stack.secrets.admin_token).create_tenant(PLENTY)
    accounts = Accounts(stack.database, tenant.tenant_id)

    try:
        seen = clients.start(language, replica.base_url, tenant.api_key, body, fault=f"{signal} {victim.pid}").send().seen()
    finally:
        if signal == "-STOP":
            victim.resume()
        else:
            victim.end()
            victim.restart()
            eventually("the model is served again", lambda: answers(stack), RECOVERY_SECONDS)

    assert seen.text
    assert seen.failure is not None, f"ended as if complete: {seen}"
    assert seen.failure.code == code
    if code is not None:
        assert seen.failure.ours, seen.failure
    eventually("the generation is settled", lambda: accounts.generations() == {state: 1}, RECOVERY_SECONDS)
    assert accounts.reserved() == 0
    (request_id,) = accounts.requests()
    recorded = AdminClient(replica.base_url, stack.secrets.admin_token).generation(request_id)
    streamed = recorded["work"]["committed_tokens"]
    assert streamed < body["max_tokens"]
    assert accounts.charged_for(request_id).get("OUTPUT_TOKEN", 0) == streamed
    if state != "EXPIRED":  # of a replica that died the last checkpoint is charged
        assert streamed > 0


def answers(stack: ReplicaStack) -> bool:
    with connected(stack.replicas[0].grpc, stack.demo_key) as demo:
        return bool(demo.generate(wire.GenerateRequest(model=stack.settings.model, prompt="static int f(int x) {", max_tokens=1)).events)
