"""Each refusal and conflict as clients meet it.

Every official client with its default retries raises its own error class with our code at once, or has an answer in the end; a gRPC client gets the
status, and the details that tell what to do.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import clients
import httpx
import long_generation
import pytest
from accounts import Accounts
from admin import PLENTY, AdminClient, Tenant
from eventually import eventually
from grpc import RpcError, StatusCode
from own_stack import Replica, ReplicaStack, replica_stack
from public_grpc import connected, details_of, reason_of, wire
from replica_metrics import refusals, shed

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
every_client = pytest.mark.parametrize("language", clients.PROGRAMS)

# One at the engine, and nobody waits: whoever comes second is shed.
NARROW = ["--seedbed.generation.queue.max-in-flight=1", "--seedbed.generation.queue.max-waiting=0"]
KEY = "the-key-of-a-test"
JAVA_NAMES = {"AuthenticationError": "UnauthorizedException"}


@dataclass(frozen=True)
class Refused:
    kind: str  # the class in Python and JavaScript
    status: StatusCode
    details: set[str]  # beside ErrorInfo
    code: str
    api_key: Callable[[AdminClient, Tenant], str] = lambda admin, tenant: tenant.api_key
    fields: dict[str, Any] = field(default_factory=dict)


INVALID = ("BadRequestError", StatusCode.INVALID_ARGUMENT, {"BadRequest"})
DENIED = ("PermissionDeniedError", StatusCode.PERMISSION_DENIED, set(), "permission_denied")
ASKED_ONCE = {
    "a value out of its range": Refused(*INVALID, "invalid_request", fields={"max_tokens": 0}),
    "a prompt longer than the context": Refused(*INVALID, "context_length_exceeded", fields={"prompt": "int x; " * 2000}),
    "a wrong key": Refused("AuthenticationError", StatusCode.UNAUTHENTICATED, set(), "invalid_api_key", lambda admin, tenant: tenant.api_key[:-4] + "0000"),
    "a key that may not generate": Refused(*DENIED, lambda admin, tenant: admin.create_key(tenant, scopes=["usage.read"])),
    "a key of another model": Refused(*DENIED, lambda admin, tenant: admin.create_key(tenant, models=["another-model"])),
    "a model that nobody knows": Refused("NotFoundError", StatusCode.NOT_FOUND, {"ResourceInfo"}, "model_not_found", fields={"model": "no-such-model"}),
    "a spent budget": Refused(
        "RateLimitError", StatusCode.RESOURCE_EXHAUSTED, {"QuotaFailure"}, "budget_exceeded", lambda admin, tenant: admin.create_tenant({"OUTPUT_TOKEN": 1, "POSITION": 1}).api_key
    ),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaStack]:
    with replica_stack.running(tmp_path_factory.mktemp("client-errors") / "home", options=NARROW) as made:
        yield made


@pytest.fixture(scope="module")
def admin(stack: ReplicaStack) -> AdminClient:
    return AdminClient(stack.replicas[0].base_url, stack.secrets.admin_token)


@pytest.fixture(scope="module")
def long_request(stack: ReplicaStack) -> wire.GenerateRequest:
    with connected(stack.replicas[0].grpc, stack.demo_key) as demo:
        return long_generation.find(demo, stack.settings.model)


def short(stack: ReplicaStack, **fields: Any) -> wire.GenerateRequest:
    return wire.GenerateRequest(**{"model": stack.settings.model, "prompt": "static int f(int x) {", "max_tokens": 8, **fields})


def short_body(stack: ReplicaStack, **fields: Any) -> dict[str, Any]:
    return long_generation.body_of(short(stack, **fields)) | {"top_p": 1.0}


def name_in(language: str, kind: str) -> str:
    return JAVA_NAMES.get(kind, kind.replace("Error", "Exception")) if language == "java" else kind


@contextmanager
def running(replica: Replica, tenant: Tenant, body: dict[str, Any], headers: dict[str, str] | None = None) -> Iterator[None]:
    """A stream that has begun and that nobody reads; closed in the end."""
    known = {"Authorization": f"Bearer {tenant.api_key}", **(headers or {})}
    with httpx.stream("POST", f"{replica.base_url}/v1/completions", json=body | {"stream": True}, headers=known, timeout=60) as answer:
        assert answer.status_code == 200
        yield


@every_client
@pytest.mark.parametrize("refused", ASKED_ONCE.values(), ids=ASKED_ONCE)
def test_what_can_never_work_is_asked_for_once(language: str, refused: Refused, stack: ReplicaStack, admin: AdminClient):
    replica = stack.replicas[0]
    tenant = admin.create_tenant(PLENTY)
    before = refusals(replica, refused.code)
    seen = clients.start(language, replica.base_url, refused.api_key(admin, tenant), short_body(stack, **refused.fields)).send().seen()

    assert seen.failure is not None
    assert (seen.failure.ours, seen.failure.kind, seen.failure.code) == (True, name_in(language, refused.kind), refused.code)
    assert refusals(replica, refused.code) == before + 1
    assert Accounts(stack.database, tenant.tenant_id).generations() == {}


@every_client
def test_a_key_used_for_another_request_is_refused_at_once(language: str, stack: ReplicaStack, admin: AdminClient):
    replica = stack.replicas[0]
    tenant = admin.create_tenant(PLENTY)
    first = clients.start(language, replica.base_url, tenant.api_key, short_body(stack), idempotency_key=KEY).send().seen()
    assert first.failure is None
    before = refusals(replica, "idempotency_key_reused")
    seen = clients.start(language, replica.base_url, tenant.api_key, short_body(stack, max_tokens=9), idempotency_key=KEY).send().seen()

    assert seen.failure is not None
    assert (seen.failure.kind, seen.failure.code) == (name_in(language, "UnprocessableEntityError"), "idempotency_key_reused")
    assert refusals(replica, "idempotency_key_reused") == before + 1


@every_client
def test_an_answer_is_told_again_to_its_key_and_paid_once(language: str, stack: ReplicaStack, admin: AdminClient):
    tenant = admin.create_tenant(PLENTY)
    answers = [clients.start(language, replica.base_url, tenant.api_key, short_body(stack), idempotency_key=KEY).send().seen() for replica in stack.replicas]

    assert answers[0] == answers[1]
    assert answers[0].failure is None
    assert Accounts(stack.database, tenant.tenant_id).generations() == {"FINISHED": 1}
    assert admin.budgets(tenant)["OUTPUT_TOKEN"].posted == answers[0].tokens


@every_client
@pytest.mark.parametrize("reason", ["it still runs elsewhere", "too many of its tenant's run", "the engine has no room"])
def test_what_works_later_is_asked_for_again(reason: str, language: str, stack: ReplicaStack, admin: AdminClient, long_request: wire.GenerateRequest):
    here, elsewhere = stack.replicas
    triton = stack.engine[0]
    tenant, other = admin.create_tenant(PLENTY), admin.create_tenant(PLENTY)
    body = long_generation.body_of(long_request)
    refused, holder, key = {
        "it still runs elsewhere": (lambda: refusals(here, "idempotency_in_progress"), running(elsewhere, tenant, body, {"Idempotency-Key": KEY}), KEY),
        "too many of its tenant's run": (lambda: refusals(here, "rate_limit_exceeded"), running(elsewhere, tenant, body), ""),
        "the engine has no room": (lambda: shed(here), running(here, other, body), ""),
    }[reason]
    admin.limit(tenant, "CONCURRENT_REQUEST", 1)
    client = clients.start(language, here.base_url, tenant.api_key, body if key else short_body(stack), idempotency_key=key)
    before = refused()
    with ExitStack() as held:
        held.enter_context(holder)
        # Shorter than a replica takes an engine's last word for true.
        triton.pause()
        try:
            client.send()
            eventually("the client was refused", lambda: refused() > before)
        finally:
            triton.resume()
        if not key:
            held.close()
        seen = client.seen()

    assert seen.failure is None
    assert seen.tokens
    assert refused() > before
    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0)
    # One with a key is the same answer, told by the replica that has it.
    finished = Accounts(stack.database, tenant.tenant_id).finished()
    assert list(finished.values()) == [seen.tokens]


@every_client
def test_a_client_that_dies_mid_stream_pays_for_what_was_streamed(language: str, stack: ReplicaStack, admin: AdminClient, long_request: wire.GenerateRequest):
    tenant = admin.create_tenant(PLENTY)
    accounts = Accounts(stack.database, tenant.tenant_id)
    body = long_generation.body_of(long_request) | {"stream": True}
    own_process_group = "-KILL 0"
    assert clients.start(language, stack.replicas[0].base_url, tenant.api_key, body, fault=own_process_group).send().killed()

    eventually("the generation is settled", lambda: accounts.generations() == {"CANCELLED": 1})
    assert accounts.reserved() == 0
    (request_id,) = accounts.requests()
    streamed = admin.generation(request_id)["work"]["committed_tokens"]
    assert 0 < accounts.charged_for(request_id)["OUTPUT_TOKEN"] == streamed < long_request.max_tokens


def failure_of(call: Any) -> tuple[StatusCode, str, set[str]]:
    """Status, reason and details of a call that must fail."""
    with pytest.raises(RpcError) as raised:
        list(call)
    return raised.value.code(), reason_of(raised.value), details_of(raised.value) - {"ErrorInfo"}


@pytest.mark.parametrize("refused", ASKED_ONCE.values(), ids=ASKED_ONCE)
def test_a_refused_call_tells_why(refused: Refused, stack: ReplicaStack, admin: AdminClient):
    tenant = admin.create_tenant(PLENTY)
    with connected(stack.replicas[0].grpc, refused.api_key(admin, tenant)) as client:
        assert failure_of(client.open(short(stack, **refused.fields))) == (refused.status, refused.code.upper(), refused.details)
    assert Accounts(stack.database, tenant.tenant_id).generations() == {}


def test_a_call_whose_key_was_used_for_another_request_tells_so(stack: ReplicaStack, admin: AdminClient):
    with connected(stack.replicas[0].grpc, admin.create_tenant(PLENTY).api_key) as client:
        answer = list(client.open(short(stack), idempotency_key=KEY))
        again = list(client.open(short(stack), idempotency_key=KEY))
        assert again[-1].finished == answer[-1].finished
        assert again[0].started.request_id == answer[0].started.request_id
        other = client.open(short(stack, max_tokens=9), idempotency_key=KEY)
        assert failure_of(other) == (StatusCode.FAILED_PRECONDITION, "IDEMPOTENCY_KEY_REUSED", {"PreconditionFailure"})


def test_a_call_that_works_later_tells_when(stack: ReplicaStack, admin: AdminClient, long_request: wire.GenerateRequest):
    here, elsewhere = stack.replicas
    tenant, other = admin.create_tenant(PLENTY), admin.create_tenant(PLENTY)
    admin.limit(tenant, "CONCURRENT_REQUEST", 1)
    with connected(here.grpc, tenant.api_key) as client, connected(elsewhere.grpc, tenant.api_key) as holder, connected(here.grpc, other.api_key) as second:
        first = holder.open(long_request, idempotency_key=KEY)
        next(first)
        # Shorter than a replica takes an engine's last word for true.
        stack.engine[0].pause()
        try:
            assert failure_of(client.open(long_request, idempotency_key=KEY)) == (StatusCode.ABORTED, "IDEMPOTENCY_IN_PROGRESS", {"RetryInfo"})
            assert failure_of(client.open(short(stack))) == (StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMIT_EXCEEDED", {"QuotaFailure", "RetryInfo"})
            admin.limit(tenant, "CONCURRENT_REQUEST", 2)
            held = client.open(long_request)
            next(held)
            assert failure_of(second.open(short(stack))) == (StatusCode.UNAVAILABLE, "OVERLOADED", {"RetryInfo"})
        finally:
            stack.engine[0].resume()
        list(first)
        list(held)
