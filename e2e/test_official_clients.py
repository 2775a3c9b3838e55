"""What the official Python client makes of our headers, refusals, drafts and timeouts."""

import time

import httpx
import openai
import pytest
from admin import AdminClient, Tenant
from endpoints import Endpoints
from eventually import eventually
from long_generation import find
from public_grpc import connected, wire

CHAT = [{"role": "user", "content": "Returns the sum of the even elements of xs.\nstatic int f(int[] xs)"}]
ALWAYS = ("x-request-id", "openai-processing-ms", "openai-version")
LIMITS = ("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "ratelimit", "ratelimit-policy")


def counting(asked: list[httpx.Request]) -> httpx.Client:
    return httpx.Client(event_hooks={"request": [asked.append]})


@pytest.fixture(scope="module")
def long_request(endpoints: Endpoints) -> wire.GenerateRequest:
    with connected(endpoints.grpc, endpoints.api_key) as demo:
        return find(demo, endpoints.model)


def test_headers_come_with_every_answer(client: openai.OpenAI, endpoints: Endpoints):
    completions = client.with_raw_response.completions
    answered = completions.create(model=endpoints.model, prompt="static int f(int x) {", max_tokens=4)
    streamed = completions.create(model=endpoints.model, prompt="static int f(int x) {", max_tokens=4, stream=True)
    with pytest.raises(openai.BadRequestError) as refused:
        client.completions.create(model=endpoints.model, prompt="x", max_tokens=0)
    for headers in (answered.headers, streamed.headers, refused.value.response.headers, client.models.with_raw_response.list().headers):
        assert not [name for name in ALWAYS + LIMITS if name not in headers]
    assert answered.request_id == answered.headers["x-request-id"]
    assert refused.value.request_id


def test_a_spent_budget_is_asked_for_once(admin: AdminClient, endpoints: Endpoints):
    spent = admin.create_tenant({"OUTPUT_TOKEN": 1, "POSITION": 1})
    asked: list[httpx.Request] = []
    with openai.OpenAI(base_url=f"{endpoints.base_url}/v1", api_key=spent.api_key, max_retries=2, http_client=counting(asked)) as client, pytest.raises(openai.RateLimitError) as refused:
        client.completions.create(model=endpoints.model, prompt="x")
    assert len(asked) == 1
    assert refused.value.type == "insufficient_quota"
    assert refused.value.code == "budget_exceeded"


def test_a_budget_that_others_hold_is_asked_for_again(admin: AdminClient, endpoints: Endpoints, long_request: wire.GenerateRequest):
    """Holds what there is by a stream, and lets the client try meanwhile."""
    crowded = admin.create_tenant({"OUTPUT_TOKEN": long_request.max_tokens, "POSITION": 1_000_000_000})
    asked: list[httpx.Request] = []
    with connected(endpoints.grpc, crowded.api_key) as holder:
        call = holder.open(long_request)
        next(call)
        with openai.OpenAI(base_url=f"{endpoints.base_url}/v1", api_key=crowded.api_key, max_retries=1, http_client=counting(asked)) as client:
            refusal = None
            try:
                client.completions.create(model=endpoints.model, prompt="static int f(int x) {", max_tokens=8)
            except openai.RateLimitError as refused:
                refusal = refused
        call.cancel()
    # The stream may have paid for all that it held before the client's last try.
    if refusal is not None and refusal.code == "budget_reserved":
        assert refusal.response.headers["x-should-retry"] == "true"
    elif refusal is not None:
        assert refusal.code == "budget_exceeded"
        assert refusal.response.headers["x-should-retry"] == "false"
    assert len(asked) == 2 or refusal is None or refusal.code == "budget_exceeded"


def test_drafts_change_nothing_for_a_plain_client(client: openai.OpenAI, endpoints: Endpoints):
    def text(chunks: list) -> str:
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    request = {"model": endpoints.model, "messages": CHAT, "max_tokens": 64, "temperature": 0, "stream": True}
    slow = {"mode": "diffusion", "policy": "fixed_steps", "steps": 8}
    plain = list(client.chat.completions.create(**request, extra_body=slow))
    drafted = list(client.chat.completions.create(**request, extra_body={**slow, "diffusing": True}))
    assert text(drafted) == text(plain) != ""
    assert [chunk for chunk in drafted if "draft" in (chunk.model_extra or {}).get("seedbed", {})]


def test_a_client_that_stops_waiting_is_cancelled(client: openai.OpenAI, endpoints: Endpoints, admin: AdminClient, tenant: Tenant, long_request: wire.GenerateRequest):
    knobs = {"mode": "autoregressive", "seed": long_request.options.seed, "top_p": long_request.options.top_p}
    stream = client.completions.create(
        model=endpoints.model, prompt=long_request.prompt, max_tokens=long_request.max_tokens, temperature=long_request.options.temperature, stream=True, extra_body=knobs
    )
    first = next(iter(stream))
    stream.close()
    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0)
    request_id = first.id.removeprefix("cmpl-")
    recorded = admin.generation(f"{request_id[:8]}-{request_id[8:12]}-{request_id[12:16]}-{request_id[16:20]}-{request_id[20:]}")
    assert recorded["state"] == "CANCELLED"
    assert recorded["finish_detail"] == "client_gone"
    assert recorded["reservation"]["state"] == "POSTED"
    assert recorded["limits"]


def test_usage_is_told_to_the_tenant_as_the_ledger_has_it(client: openai.OpenAI, http: httpx.Client, endpoints: Endpoints, admin: AdminClient, tenant: Tenant):
    before = int(time.time()) - 3600
    used = client.completions.create(model=endpoints.model, prompt="static int f(int x) {", max_tokens=32)
    page = http.get("/v1/usage", params={"start_time": before, "bucket_width": "1h", "group_by": "model"}).json()
    assert not page["has_more"]
    results = [result for bucket in page["data"] for result in bucket["results"]]
    assert [result["model"] for result in results] == [used.model]
    posted = {unit: budget.posted for unit, budget in admin.budgets(tenant).items() if budget.posted}
    assert results[0]["amounts"] == posted
    limits = {row["unit"]: row for row in http.get("/v1/usage/limits").json()["data"]}
    assert limits["OUTPUT_TOKEN"]["posted"] == posted["OUTPUT_TOKEN"] == used.usage.completion_tokens
