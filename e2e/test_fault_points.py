"""A control plane that dies at a fault point: who sees an end has paid for it, who does not pays at most what was reported."""

from collections.abc import Iterator
from dataclasses import replace

import grpc
import pytest
from accounts import Accounts
from admin import PLENTY, AdminClient
from eventually import eventually
from own_stack import ReplicaStack, replica_stack
from public_grpc import Answer, connected, wire

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

# Reservations of a process that died live for their TTL of 10 s, and are then swept.
EXPIRED_SECONDS = 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaStack]:
    with replica_stack.running(tmp_path_factory.mktemp("fault-points") / "home") as made:
        yield made


def dying_at(stack: ReplicaStack, point: str) -> str:
    """Starts the second replica so that it ends at a fault point; returns its gRPC address."""
    replica = stack.replicas[1]
    replica.end()
    options = ["--spring.profiles.active=faults", f"--seedbed.faults.halt-at={point}"]
    replica.spec = replace(replica.spec, argv=replica_stack.overridden(replica.spec.argv, options))
    replica.restart()
    return replica.grpc


def events_until_death(address: str, api_key: str, request: wire.GenerateRequest) -> list[wire.GenerateResponse]:
    events: list[wire.GenerateResponse] = []
    with connected(address, api_key) as client:
        with pytest.raises(grpc.RpcError) as died:
            events.extend(client.open(request))
            pytest.fail("the replica lived on")
    assert died.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN)
    return events


@pytest.mark.parametrize("point", ["ADMITTED", "DISPATCHED", "FIRST_TEXT", "MID_STREAM", "SETTLING", "SETTLED"])
def test_a_crash_bills_at_most_what_was_reported_and_leaves_nothing_open(point: str, stack: ReplicaStack, prompts: list[str]):
    survivor = stack.replicas[0]
    admin = AdminClient(survivor.base_url, stack.secrets.admin_token)
    tenant = admin.create_tenant(PLENTY)
    accounts = Accounts(stack.database, tenant.tenant_id)
    # Token by token, so that there are many texts.
    request = wire.GenerateRequest(
        model=stack.settings.model, prompt=prompts[0], max_tokens=64, options=wire.DecodeOptions(mode=wire.MODE_AUTOREGRESSIVE)
    )
    with connected(survivor.grpc, tenant.api_key) as client:
        undisturbed = client.generate(request)
    paid_before = admin.budgets(tenant)["POSITION"].posted

    seen = events_until_death(dying_at(stack, point), tenant.api_key, request)

    assert not any(event.HasField("finished") for event in seen)
    eventually("nothing is open", lambda: set(accounts.reservations()) <= {"POSTED", "VOIDED", "EXPIRED"}, EXPIRED_SECONDS)
    assert accounts.reserved() == 0
    paid = admin.budgets(tenant)["POSITION"].posted - paid_before
    most = most_reported(undisturbed, point)
    assert paid == most if point == "SETTLED" else paid <= most, f"paid for {paid} positions (reported: {most})"
    assert accounts.generations() == {"FINISHED": 2} if point == "SETTLED" else {"FINISHED": 1, "EXPIRED": 1}
    assert admin.call("POST", "/ledger:verify", {})["differences"] == []


def most_reported(undisturbed: Answer, point: str) -> int:
    """Positions that the engine has reported at most when the replica dies: the same request does the same work again."""
    texts = [event.work.positions_evaluated for event in undisturbed.events if event.HasField("committed")]
    match point:
        case "ADMITTED":
            return 0
        case "DISPATCHED" | "FIRST_TEXT":
            return texts[0]
        case "MID_STREAM":
            return texts[1]
        case _:
            return undisturbed.work.positions_evaluated
