"""A client that goes away mid-stream stops the work and pays for what was reported until then."""

import grpc
import httpx
import long_generation
import pytest
from admin import AdminClient, Tenant
from endpoints import Endpoints
from eventually import eventually
from public_grpc import PublicGrpc, connected, wire
from triton_metrics import is_idle


@pytest.fixture(scope="module")
def long_request(endpoints: Endpoints) -> wire.GenerateRequest:
    with connected(endpoints.grpc, endpoints.api_key) as demo:
        return long_generation.find(demo, endpoints.model)


def test_a_cancelled_call_frees_the_engine_and_is_billed_what_was_reported(
    long_request: wire.GenerateRequest, public_grpc: PublicGrpc, endpoints: Endpoints, admin: AdminClient, tenant: Tenant
):
    before = admin.budgets(tenant)["OUTPUT_TOKEN"].posted
    call = public_grpc.open(long_request)
    started = next(call).started
    seen = next(event for event in call if event.HasField("committed"))
    call.cancel()
    with pytest.raises(grpc.RpcError) as raised:
        list(call)
    assert raised.value.code() == grpc.StatusCode.CANCELLED

    eventually("the engine holds no slot and no KV", lambda: is_idle(endpoints.triton_metrics, started.model_version))
    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0)
    billed = admin.budgets(tenant)["OUTPUT_TOKEN"].posted - before
    assert seen.work.committed_tokens <= billed < long_request.max_tokens
    recorded = admin.generation(started.request_id)
    assert recorded["work"]["committed_tokens"] == billed
    assert recorded["state"] == "CANCELLED"


def test_a_closed_http_connection_frees_the_engine_and_is_billed(
    long_request: wire.GenerateRequest, endpoints: Endpoints, admin: AdminClient, tenant: Tenant, http: httpx.Client
):
    before = admin.budgets(tenant)["OUTPUT_TOKEN"].posted
    with http.stream("POST", "/v1/completions", json=long_generation.body_of(long_request) | {"stream": True}) as answer:
        assert answer.status_code == 200
        chunks = (line for line in answer.iter_lines() if line.startswith("data: "))
        assert '"text"' in next(chunks)
    eventually("the engine holds no slot and no KV", lambda: is_idle(endpoints.triton_metrics, endpoints.versions[0]))
    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0)
    assert 0 < admin.budgets(tenant)["OUTPUT_TOKEN"].posted - before < long_request.max_tokens
