"""Every kind of bad input on the admin API is refused as a problem of the right kind, and leaves neither a tenant nor an audit entry."""

import json
from collections.abc import Iterator

import httpx
import pytest
from admin import AdminClient, Tenant
from endpoints import Endpoints

TENANTS = "/admin/v1/tenants"


@pytest.fixture(scope="module")
def tenant(admin: AdminClient) -> Tenant:
    """Shared: no test here may change what it has."""
    return admin.create_tenant({"OUTPUT_TOKEN": 100, "POSITION": 100})


@pytest.fixture
def http(endpoints: Endpoints) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=endpoints.base_url, headers={"Authorization": f"Bearer {endpoints.admin_token}"}, timeout=60) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left_behind(admin: AdminClient, tenant: Tenant):
    def kept() -> tuple[object, ...]:
        return admin.call("GET", "/audit_entries?page_size=1"), admin.call("GET", f"/tenants/{tenant.tenant_id}"), admin.budgets(tenant)

    before = kept()
    yield
    assert kept() == before


def assert_refused(answer: httpx.Response, status: int, code: str, field: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["requestId"] == answer.headers["x-request-id"]
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000], ids=lambda token: str(token)[:10])
def test_no_or_a_wrong_admin_token_is_refused(token: str | None, endpoints: Endpoints):
    headers = {} if token is None else {"Authorization": f"Bearer {token}".strip()}
    assert_refused(httpx.post(f"{endpoints.base_url}{TENANTS}", json={"name": "stranger's"}, headers=headers, timeout=60), 401, "invalid_admin_token")


def test_a_tenants_key_is_no_admin_token(endpoints: Endpoints, tenant: Tenant):
    headers = {"Authorization": f"Bearer {tenant.api_key}"}
    assert_refused(httpx.get(f"{endpoints.base_url}{TENANTS}", headers=headers, timeout=60), 401, "invalid_admin_token")


@pytest.mark.parametrize("name", ["", " ", None, 7, [], {}, "x" * 10_000, "a\x00b", "a\ud800b"], ids=lambda name: ascii(name)[:20])
def test_a_name_that_is_none_is_refused(name: object, http: httpx.Client):
    answer = http.post(TENANTS, content=json.dumps({"name": name}).encode("ascii"), headers={"Content-Type": "application/json"})
    assert_refused(answer, 400, "invalid_request")


def test_an_unknown_field_is_named(http: httpx.Client):
    assert_refused(http.post(TENANTS, json={"name": "never made", "colour": "red"}), 400, "invalid_request", "colour")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"name": "\xff"}', b'{"name": "a", "name": "b"}', b'{"name": NaN}'], ids=repr)
def test_a_body_that_is_no_json_object_is_refused(content: bytes, http: httpx.Client):
    assert_refused(http.post(TENANTS, content=content, headers={"Content-Type": "application/json"}), 400, "invalid_request")


def test_a_body_of_ten_megabytes_is_too_large(http: httpx.Client):
    assert_refused(http.post(TENANTS, json={"name": "x" * 10_000_000}), 413, "request_too_large")


@pytest.mark.parametrize("limit", [-1, 1.5, "8", 1 << 70, True, []], ids=repr)
def test_a_limit_that_is_no_amount_is_refused(limit: object, http: httpx.Client, tenant: Tenant):
    assert_refused(http.put(f"{TENANTS}/{tenant.tenant_id}/limits/OUTPUT_TOKEN", json={"limit": limit}), 400, "invalid_request", "limit")


def test_an_unknown_unit_is_refused(http: httpx.Client, tenant: Tenant):
    assert http.put(f"{TENANTS}/{tenant.tenant_id}/limits/KARMA", json={"limit": 1}).status_code in (400, 404)


@pytest.mark.parametrize("path", ["/tenants/nobody", "/models/nothing", "/generations/none", "/no/such/path"])
def test_what_is_not_there_is_not_found(path: str, http: httpx.Client):
    answer = http.get(f"/admin/v1{path}")
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] in ("invalid_request", "not_found")


def test_another_method_is_refused(http: httpx.Client):
    assert_refused(http.put(TENANTS, json={}), 405, "method_not_allowed")


def test_another_content_type_is_refused(http: httpx.Client):
    assert_refused(http.post(TENANTS, content=b"name=x", headers={"Content-Type": "application/x-www-form-urlencoded"}), 415, "unsupported_media_type")
