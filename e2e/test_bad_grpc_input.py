"""Every kind of bad input on the public gRPC service gets a status, an ErrorInfo, and leaves nothing behind."""

import math

import grpc
import pytest
from admin import PLENTY, AdminClient, Tenant
from endpoints import Endpoints
from public_grpc import PublicGrpc, connected, reason_of, wire


@pytest.fixture(scope="module")
def tenant(admin: AdminClient) -> Tenant:
    """Shared: no test here may change what it has."""
    return admin.create_tenant(PLENTY)


@pytest.fixture(autouse=True)
def nothing_is_left_behind(admin: AdminClient, tenant: Tenant):
    before = admin.budgets(tenant)
    yield
    assert admin.budgets(tenant) == before


def request(endpoints: Endpoints, **fields: object) -> wire.GenerateRequest:
    said = {} if "chat" in fields else {"prompt": "static int f(int x) {"}
    return wire.GenerateRequest(**{"model": endpoints.model, "max_tokens": 8, **said, **fields})


BAD_FIELDS = {
    "max_tokens 0": {"max_tokens": 0},
    "max_tokens -1": {"max_tokens": -1},
    "max_tokens huge": {"max_tokens": 2**31 - 1},
    "empty prompt": {"prompt": ""},
    "NUL in the prompt": {"prompt": "a\x00b"},
    "empty chat": {"chat": wire.Chat()},
    "unknown role": {"chat": wire.Chat(messages=[wire.ChatMessage(role="wizard", content="x")])},
    "temperature NaN": {"options": wire.DecodeOptions(temperature=math.nan)},
    "temperature infinite": {"options": wire.DecodeOptions(temperature=math.inf)},
    "temperature negative": {"options": wire.DecodeOptions(temperature=-1)},
    "top_p 0": {"options": wire.DecodeOptions(top_p=0)},
    "top_p NaN": {"options": wire.DecodeOptions(top_p=math.nan)},
    "threshold NaN": {"options": wire.DecodeOptions(threshold=math.nan)},
    "threshold above 1": {"options": wire.DecodeOptions(threshold=1.5)},
    "negative seed": {"options": wire.DecodeOptions(seed=-1)},
    "edit_threshold 0": {"options": wire.DecodeOptions(edit_threshold=0)},
    "edit_rounds 17": {"options": wire.DecodeOptions(edit_rounds=17)},
    "steps 0": {"options": wire.DecodeOptions(steps=0)},
    "block_size 0": {"options": wire.DecodeOptions(block_size=0)},
    "block_size huge": {"options": wire.DecodeOptions(block_size=10_000)},
    "draft_length huge": {"options": wire.DecodeOptions(draft_length=10_000)},
    "unknown mode": {"options": wire.DecodeOptions(mode=77)},
    "unknown policy": {"options": wire.DecodeOptions(policy=77)},
    "empty stop text": {"stop": [""]},
    "five stop texts": {"stop": list("abcde")},
}


@pytest.mark.parametrize("fields", BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_a_bad_field_is_an_invalid_argument(fields: dict, public_grpc: PublicGrpc, endpoints: Endpoints):
    assert public_grpc.refused(request(endpoints, **fields)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_a_request_without_input_is_an_invalid_argument(public_grpc: PublicGrpc, endpoints: Endpoints):
    empty = wire.GenerateRequest(model=endpoints.model, max_tokens=8)
    assert public_grpc.refused(empty) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_a_prompt_longer_than_the_context_is_an_invalid_argument(public_grpc: PublicGrpc, endpoints: Endpoints):
    answer = public_grpc.refused(request(endpoints, prompt="int x; " * 2000))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, "CONTEXT_LENGTH_EXCEEDED")


def test_an_unknown_model_is_not_found(public_grpc: PublicGrpc, endpoints: Endpoints):
    assert public_grpc.refused(request(endpoints, model="no-such-model")) == (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")


@pytest.mark.parametrize("key", [None, "", "nonsense", "sb-test-0000000000000000-wrong", "x" * 5000], ids=lambda key: str(key)[:20])
def test_no_or_a_wrong_key_is_unauthenticated(key: str | None, endpoints: Endpoints):
    with connected(endpoints.grpc, key) as stranger:
        assert stranger.refused(request(endpoints)) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_API_KEY")


def test_a_revoked_key_is_unauthenticated(endpoints: Endpoints, admin: AdminClient):
    revoked = admin.create_tenant(PLENTY)
    before = admin.budgets(revoked)
    admin.revoke(revoked)
    with connected(endpoints.grpc, revoked.api_key) as client:
        assert client.refused(request(endpoints)) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_API_KEY")
    assert admin.budgets(revoked) == before


def raw_call(public_grpc: PublicGrpc, tenant: Tenant, message: bytes) -> grpc.RpcError:
    send = public_grpc.channel.unary_stream("/seedbed.generation.v1.GenerationService/Generate")
    with pytest.raises(grpc.RpcError) as raised:
        list(send(message, metadata=(("authorization", f"Bearer {tenant.api_key}"),), timeout=60))
    return raised.value


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80"], ids=["no UTF-8", "cut sequence", "surrogate"])
def test_a_prompt_that_is_no_utf8_is_refused(text: bytes, public_grpc: PublicGrpc, endpoints: Endpoints, tenant: Tenant):
    # Field 2 (prompt), length-delimited, behind a valid rest.
    message = wire.GenerateRequest(model=endpoints.model, max_tokens=8).SerializeToString() + b"\x12" + bytes([len(text)]) + text
    assert raw_call(public_grpc, tenant, message).code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL)


def test_a_message_of_ten_megabytes_is_refused(public_grpc: PublicGrpc, endpoints: Endpoints, tenant: Tenant):
    message = request(endpoints, prompt="x" * 10_000_000).SerializeToString()
    assert raw_call(public_grpc, tenant, message).code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_spent_budget_is_resource_exhausted(endpoints: Endpoints, admin: AdminClient):
    poor = admin.create_tenant({"OUTPUT_TOKEN": 0, "POSITION": 0})
    with connected(endpoints.grpc, poor.api_key) as client, pytest.raises(grpc.RpcError) as raised:
        client.generate(request(endpoints))
    assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(raised.value) == "BUDGET_EXCEEDED"
