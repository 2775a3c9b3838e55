"""SIGTERM to the control plane while streams run: nothing is lost, nothing stays reserved, no stream ends without a word."""

import os
import signal
from collections.abc import Iterator

import grpc
import long_generation
import pytest
from admin import PLENTY, AdminClient
from endpoints import Endpoints
from eventually import eventually
from own_stack import TemporaryStack
from public_grpc import connected, wire
from test_faults import RECOVERY_SECONDS, STREAMS, Load
from triton_metrics import is_idle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryStack]:
    made = TemporaryStack(tmp_path_factory.mktemp("end") / "home")
    try:
        made.up()
        yield made
    finally:
        made.down()
    assert made.survivors() == []


def test_every_stream_ends_with_an_answer_or_an_error_and_is_settled(stack: TemporaryStack, prompts: list[str]):
    endpoints = Endpoints.of(stack.environment())
    admin = AdminClient(endpoints.base_url, endpoints.admin_token)
    tenant = admin.create_tenant(PLENTY)
    with connected(endpoints.grpc, tenant.api_key) as client:
        short = [wire.GenerateRequest(model=endpoints.model, prompt=prompt, max_tokens=48) for prompt in prompts]
        long = [request for _, request in zip(range(STREAMS), long_generation.candidates(endpoints.model), strict=False)]
        load = Load(client, [*short, *long])
        try:
            eventually("some answers finished", lambda: len(load.finished) >= STREAMS)
            before = stack.pid("control-plane")
            assert before is not None
            os.kill(before, signal.SIGTERM)
            eventually("the supervisor started another", lambda: stack.pid("control-plane") not in (None, before), RECOVERY_SECONDS)
        finally:
            load.stop.set()
            load.join()

        # UNAVAILABLE is a refusal of the drain or the terminal error of a stream that outlived its grace: no connection was cut.
        assert set(load.failures) <= {grpc.StatusCode.UNAVAILABLE}
        eventually("the next request succeeds", lambda: client.generate(short[0]).text, RECOVERY_SECONDS)

    # Settled by the one that ended, not swept by the one that came.
    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0, RECOVERY_SECONDS)
    for answer in load.finished:
        recorded = admin.generation(answer.request_id)
        assert recorded["state"] == "FINISHED"
        assert recorded["work"]["committed_tokens"] == answer.work.committed_tokens
    log = (stack.home / "logs" / "control-plane.log").read_text()
    assert "draining" in log
    assert "expired" not in log.split("draining", 1)[1]
    eventually("the engine is idle", lambda: is_idle(endpoints.triton_metrics, endpoints.versions[0]), RECOVERY_SECONDS)
