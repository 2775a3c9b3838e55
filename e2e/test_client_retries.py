"""What every official client makes of its default retries: through a restart it pays once, and it asks again exactly when it is told to."""

from collections.abc import Iterator
from typing import Any

import clients
import long_generation
import pytest
from accounts import Accounts
from admin import PLENTY, AdminClient
from balancer import Balancer
from eventually import eventually
from own_stack import ReplicaStack, replica_stack
from public_grpc import connected, wire
from replica_metrics import refusals
from triton_metrics import read

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900), pytest.mark.parametrize("language", clients.PROGRAMS)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaStack]:
    with replica_stack.running(tmp_path_factory.mktemp("client-retries") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def long_request(stack: ReplicaStack) -> wire.GenerateRequest:
    with connected(stack.replicas[0].grpc, stack.demo_key) as demo:
        return long_generation.find(demo, stack.settings.model)


@pytest.fixture(scope="module")
def admin(stack: ReplicaStack) -> AdminClient:
    return AdminClient(stack.replicas[1].base_url, stack.secrets.admin_token)


def short(stack: ReplicaStack) -> dict[str, Any]:
    request = wire.GenerateRequest(model=stack.settings.model, prompt="static int f(int x) {", max_tokens=8)
    return long_generation.body_of(request) | {"top_p": 1.0}


def positions(stack: ReplicaStack) -> float:
    return read(f"127.0.0.1:{stack.settings.ports.triton_metrics}", "block_diffusion_positions_evaluated_total", stack.settings.model_version)


def test_an_answer_that_took_a_retry_on_another_replica_is_paid_once(language: str, stack: ReplicaStack, admin: AdminClient, long_request: wire.GenerateRequest):
    first, triton = stack.replicas[0], stack.engine[0]
    tenant = admin.create_tenant(PLENTY)
    accounts = Accounts(stack.database, tenant.tenant_id)
    idle = positions(stack)
    with Balancer([replica.address for replica in stack.replicas]) as balancer:
        client = clients.start(language, balancer.base_url, tenant.api_key, long_generation.body_of(long_request)).send()
        eventually("the engine works", lambda: positions(stack) > idle)
        triton.pause()
        try:
            eventually("the first attempt is open", lambda: accounts.generations() == {"RUNNING": 1})
            first.begin_stop()
            eventually("the client tried again elsewhere", lambda: accounts.generations() == {"FAILED": 1, "RUNNING": 1})
            first.wait_stopped()
        finally:
            triton.resume()
            first.end()
            first.restart()
        seen = client.seen()

    assert seen.failure is None
    assert seen.tokens == long_request.max_tokens
    failed, answered = accounts.requests()
    assert accounts.charged_for(failed)["POSITION"] > 0, "there was something to give back"
    budgets = admin.budgets(tenant)
    assert {unit: budgets[unit].posted for unit in ("OUTPUT_TOKEN", "POSITION")} == {unit: accounts.charged_for(answered)[unit] for unit in ("OUTPUT_TOKEN", "POSITION")}
    assert budgets["OUTPUT_TOKEN"].posted == seen.tokens
    assert admin.call("POST", "/ledger:verify", {})["differences"] == []


def test_an_answer_that_took_longer_than_its_client_waited_is_paid_once(language: str, stack: ReplicaStack, admin: AdminClient, long_request: wire.GenerateRequest):
    replica, triton = stack.replicas[1], stack.engine[0]
    tenant = admin.create_tenant(PLENTY)
    accounts = Accounts(stack.database, tenant.tenant_id)
    idle = positions(stack)
    body = long_generation.body_of(long_request)
    client = clients.start(language, replica.base_url, tenant.api_key, body, timeout_seconds=5).send()
    eventually("the engine works", lambda: positions(stack) > idle)
    # Shorter than a replica takes an engine's last word for true.
    triton.pause()
    try:
        eventually("the client tried again", lambda: accounts.generations() == {"CANCELLED": 1, "RUNNING": 1})
    finally:
        triton.resume()
    seen = client.seen()

    assert seen.failure is None
    assert seen.tokens == long_request.max_tokens
    given_up, answered = accounts.requests()
    assert accounts.charged_for(given_up)["POSITION"] > 0, "there was something to give back"
    eventually("the first try is given back", lambda: admin.budgets(tenant)["POSITION"].posted == accounts.charged_for(answered)["POSITION"])
    assert admin.budgets(tenant)["OUTPUT_TOKEN"].posted == seen.tokens
    assert admin.call("POST", "/ledger:verify", {})["differences"] == []


def test_a_budget_that_others_hold_is_asked_for_again(language: str, stack: ReplicaStack, admin: AdminClient, long_request: wire.GenerateRequest):
    replica, triton = stack.replicas[1], stack.engine[0]
    crowded = admin.create_tenant({"OUTPUT_TOKEN": long_request.max_tokens, "POSITION": PLENTY["POSITION"]})
    accounts = Accounts(stack.database, crowded.tenant_id)
    client = clients.start(language, replica.base_url, crowded.api_key, short(stack))
    # Shorter than a replica takes an engine's last word for true.
    triton.pause()
    try:
        with connected(replica.grpc, crowded.api_key) as holder:
            call = holder.open(long_request)
            held = next(call).started.request_id
            before = refusals(replica, "budget_reserved")
            client.send()
            eventually("the client was refused", lambda: refusals(replica, "budget_reserved") > before)
            admin.limit(crowded, "OUTPUT_TOKEN", 2 * long_request.max_tokens)
            call.cancel()
    finally:
        triton.resume()
    seen = client.seen()
    assert seen.failure is None
    eventually("both are settled", lambda: accounts.generations() == {"CANCELLED": 1, "FINISHED": 1})
    assert admin.budgets(crowded)["OUTPUT_TOKEN"].posted == seen.tokens + accounts.charged_for(held).get("OUTPUT_TOKEN", 0)
