"""Every kind of bad input on /v1 gets a clear error of the right kind and leaves nothing behind."""

import json

import httpx
import openai
import pytest
from admin import PLENTY, AdminClient, Tenant
from endpoints import Endpoints

PATHS = ("/v1/completions", "/v1/chat/completions")


def body(model: str, path: str, text: str = "static int f(int x) {", **more: object) -> dict:
    said = {"prompt": text} if path == "/v1/completions" else {"messages": [{"role": "user", "content": text}]}
    return {"model": model, "max_tokens": 8, **said, **more}


@pytest.fixture(scope="module")
def tenant(admin: AdminClient) -> Tenant:
    """Shared: no test here may change what it has."""
    return admin.create_tenant(PLENTY)


@pytest.fixture(autouse=True)
def nothing_is_left_behind(admin: AdminClient, tenant: Tenant):
    before = admin.budgets(tenant)
    yield
    assert admin.budgets(tenant) == before


def assert_refused(answer: httpx.Response, status: int, code: str, param: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) >= {"message", "type", "code", "param"}
    assert error["code"] == code
    assert error["message"]
    if param is not None:
        assert error["param"] == param
        assert param in error["message"]
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_tokens", 0),
        ("max_tokens", -1),
        ("max_tokens", 1_000_000),
        ("max_tokens", 1 << 40),
        ("max_tokens", 1.5),
        ("max_tokens", "8"),
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", "hot"),
        ("top_p", 0),
        ("top_p", 1.1),
        ("seed", -1),
        ("n", 2),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", [""]),
        ("stop", 3),
        ("stream", "yes"),
        ("mode", "quantum"),
        ("colour", "red"),
    ],
    ids=lambda value: json.dumps(value)[:20],
)
def test_a_bad_field_is_named(path: str, stream: bool, field: str, value: object, http: httpx.Client, endpoints: Endpoints):
    assert_refused(http.post(path, json={**body(endpoints.model, path, stream=stream), field: value}), 400, "invalid_request", field)


@pytest.mark.parametrize("prompt", ["", None, 7, {}, []], ids=repr)
def test_a_prompt_that_is_no_text_is_refused(prompt: object, http: httpx.Client, endpoints: Endpoints):
    assert_refused(http.post("/v1/completions", json={"model": endpoints.model, "prompt": prompt}), 400, "invalid_request", "prompt")


@pytest.mark.parametrize("messages", [[], None, "hi", [{}], [{"role": "user"}], [{"role": "wizard", "content": "x"}], [{"role": "user", "content": 7}]], ids=repr)
def test_messages_that_are_no_chat_are_refused(messages: object, http: httpx.Client, endpoints: Endpoints):
    answer = http.post("/v1/chat/completions", json={"model": endpoints.model, "messages": messages})
    assert_refused(answer, 400, "invalid_request")
    assert answer.json()["error"]["param"].startswith("messages")


@pytest.mark.parametrize("path", PATHS)
def test_a_prompt_longer_than_the_context_is_refused(path: str, http: httpx.Client, endpoints: Endpoints):
    assert_refused(http.post(path, json=body(endpoints.model, path, "int x; " * 2000)), 400, "context_length_exceeded")


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_model_is_not_found(path: str, http: httpx.Client):
    assert_refused(http.post(path, json=body("no-such-model", path)), 404, "model_not_found", "model")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"text"', b"null", b'{"model": "\xff\xfe"}', b'{"prompt": "\xc3("}', b'{"temperature": NaN}', b'{"prompt": "\\ud800"}', b'{"model": "a", "model": "b"}'],
    ids=repr,
)
@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_no_json_object_of_unicode_text_is_refused(path: str, content: bytes, http: httpx.Client):
    assert_refused(http.post(path, content=content, headers={"Content-Type": "application/json"}), 400, "invalid_request")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "a\ud800b", "\udc00"], ids=ascii)
@pytest.mark.parametrize("path", PATHS)
def test_a_nul_or_a_lone_surrogate_is_no_text(path: str, text: str, http: httpx.Client, endpoints: Endpoints):
    content = json.dumps(body(endpoints.model, path, text)).encode("ascii")
    assert_refused(http.post(path, content=content, headers={"Content-Type": "application/json"}), 400, "invalid_request")


@pytest.mark.parametrize("path", PATHS)
def test_a_body_of_ten_megabytes_is_too_large(path: str, http: httpx.Client, endpoints: Endpoints):
    assert_refused(http.post(path, json=body(endpoints.model, path, "x" * 10_000_000)), 413, "request_too_large")


@pytest.mark.parametrize("path", PATHS)
def test_another_content_type_is_refused(path: str, http: httpx.Client):
    assert_refused(http.post(path, content=b"prompt=x", headers={"Content-Type": "application/x-www-form-urlencoded"}), 415, "unsupported_media_type")


def test_another_method_is_refused(http: httpx.Client):
    assert_refused(http.get("/v1/completions"), 405, "method_not_allowed")


def test_an_unknown_path_is_not_found(http: httpx.Client):
    assert_refused(http.post("/v1/embeddings", json={}), 404, "not_found")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic dTpw", "Bearer nonsense", "Bearer sb-test-0000000000000000-wrong", f"Bearer {'x' * 5000}"],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("path", [*PATHS, "/v1/models"])
def test_no_or_a_wrong_key_is_refused(path: str, authorization: str | None, endpoints: Endpoints):
    headers = {} if authorization is None else {"Authorization": authorization}
    with httpx.Client(base_url=endpoints.base_url, headers=headers, timeout=60) as stranger:
        answer = stranger.get(path) if path == "/v1/models" else stranger.post(path, json=body(endpoints.model, path))
    assert_refused(answer, 401, "invalid_api_key")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_one_changed_character_makes_a_key_wrong(endpoints: Endpoints, tenant: Tenant):
    changed = tenant.api_key[:-1] + ("A" if tenant.api_key[-1] != "A" else "B")
    answer = httpx.get(f"{endpoints.base_url}/v1/models", headers={"Authorization": f"Bearer {changed}"}, timeout=60)
    assert_refused(answer, 401, "invalid_api_key")


def test_a_revoked_key_is_refused_while_the_tenants_other_key_works(endpoints: Endpoints, admin: AdminClient):
    rotated = admin.create_tenant(PLENTY)
    before = admin.budgets(rotated)

    def post(key: str, **more: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.post(f"{endpoints.base_url}/v1/completions", json=body(endpoints.model, "/v1/completions", **more), headers=headers, timeout=60)

    def assert_works(key: str) -> None:
        assert_refused(post(key, max_tokens=0), 400, "invalid_request", "max_tokens")

    assert_works(rotated.api_key)
    other = admin.create_key(rotated)
    admin.revoke(rotated)
    assert_refused(post(rotated.api_key), 401, "invalid_api_key")
    assert_works(other)
    assert admin.budgets(rotated) == before


def test_the_official_client_raises_its_own_error_classes(client: openai.OpenAI, endpoints: Endpoints):
    with pytest.raises(openai.BadRequestError):
        client.completions.create(model=endpoints.model, prompt="x", max_tokens=0)
    with pytest.raises(openai.NotFoundError):
        client.completions.create(model="no-such-model", prompt="x")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").models.list()
