"""kill -9 of any process while streams run: no finished answer is lost, nothing stays reserved, the next request succeeds."""

import threading
from collections.abc import Iterator

import grpc
import long_generation
import pytest
from admin import PLENTY, AdminClient, Tenant
from endpoints import Endpoints
from eventually import eventually
from own_stack import TemporaryStack
from public_grpc import Answer, PublicGrpc, connected, wire
from triton_metrics import is_idle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

STREAMS = 8
# Reservations of a process that died live for their TTL of 10 s, and are then swept.
RECOVERY_SECONDS = 180


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryStack]:
    made = TemporaryStack(tmp_path_factory.mktemp("faults") / "home")
    try:
        made.up()
        yield made
    finally:
        made.down()
    assert made.survivors() == []


@pytest.fixture
def endpoints(stack: TemporaryStack) -> Endpoints:
    return Endpoints.of(stack.environment())


@pytest.fixture
def admin(endpoints: Endpoints) -> AdminClient:
    return AdminClient(endpoints.base_url, endpoints.admin_token)


@pytest.fixture
def tenant(admin: AdminClient) -> Tenant:
    return admin.create_tenant(PLENTY)


class Load:
    """Streams that go on, one after another, until one of them fails or `stop` is set."""

    def __init__(self, client: PublicGrpc, requests: list[wire.GenerateRequest]):
        self.finished: list[Answer] = []
        self.failures: list[grpc.StatusCode] = []
        self.stop = threading.Event()
        self._client = client
        self._threads = [threading.Thread(target=self._run, args=(requests, number)) for number in range(STREAMS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=180)
            assert not thread.is_alive(), "a stream neither ended nor failed"

    def _run(self, requests: list[wire.GenerateRequest], number: int) -> None:
        while not self.stop.is_set():
            number += 1
            try:
                self.finished.append(self._client.generate(requests[number % len(requests)]))
            except grpc.RpcError as error:
                self.failures.append(error.code())
                return


@pytest.mark.parametrize("victim", ["triton", "inference-adapter", "control-plane", "postgres"])
def test_no_finished_answer_is_lost_and_service_goes_on(
    victim: str, stack: TemporaryStack, endpoints: Endpoints, admin: AdminClient, tenant: Tenant, prompts: list[str]
):
    with connected(endpoints.grpc, tenant.api_key) as client:
        short = [wire.GenerateRequest(model=endpoints.model, prompt=prompt, max_tokens=48) for prompt in prompts]
        long = list(zip(range(STREAMS), long_generation.candidates(endpoints.model), strict=False))
        load = Load(client, [*short, *(request for _, request in long)])
        try:
            eventually("some answers finished", lambda: len(load.finished) >= 2 * STREAMS)
            before = stack.pid(victim)
            stack.kill(victim)
            eventually("the supervisor restarted it", lambda: stack.pid(victim) not in (None, before), RECOVERY_SECONDS)
            # PostgreSQL alone may come back so soon that no stream notices.
            if victim != "postgres":
                eventually("a stream noticed", lambda: load.failures, RECOVERY_SECONDS)
        finally:
            load.stop.set()
            load.join()

        assert set(load.failures) <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
        eventually("the next request succeeds", lambda: client.generate(short[0]).text, RECOVERY_SECONDS)

    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0, RECOVERY_SECONDS)
    billed = admin.budgets(tenant)["OUTPUT_TOKEN"].posted
    assert billed >= sum(answer.work.committed_tokens for answer in load.finished)
    for answer in load.finished:
        recorded = admin.generation(answer.request_id)
        assert recorded["state"] == "FINISHED"
        assert recorded["work"]["committed_tokens"] == answer.work.committed_tokens
    eventually("the engine is idle", lambda: is_idle(endpoints.triton_metrics, endpoints.versions[0]), RECOVERY_SECONDS)
