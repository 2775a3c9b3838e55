"""Budgets are never exceeded, and a refused request changes no counter."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from admin import PLENTY, AdminClient
from endpoints import Endpoints

REQUESTS = 200
AFFORDABLE = 20
MAX_TOKENS = 4


def test_two_hundred_requests_on_a_budget_for_twenty_spend_at_most_the_budget(endpoints: Endpoints, admin: AdminClient, prompts: list[str]):
    limit = AFFORDABLE * MAX_TOKENS
    tenant = admin.create_tenant(PLENTY | {"OUTPUT_TOKEN": limit})
    seen = []
    limits = httpx.Limits(max_connections=REQUESTS)
    with httpx.Client(base_url=endpoints.base_url, headers={"Authorization": f"Bearer {tenant.api_key}"}, timeout=120, limits=limits) as http:

        def send(number: int) -> httpx.Response:
            body = {"model": endpoints.model, "prompt": prompts[number % len(prompts)], "max_tokens": MAX_TOKENS}
            return http.post("/v1/completions", json=body)

        with ThreadPoolExecutor(REQUESTS) as pool:
            pending = [pool.submit(send, number) for number in range(REQUESTS)]
            while not all(future.done() for future in pending):
                seen.append(admin.budgets(tenant)["OUTPUT_TOKEN"])
        answers = [future.result() for future in pending]

    assert seen
    assert all(budget.posted + budget.reserved <= limit for budget in seen)
    served = [answer.json() for answer in answers if answer.status_code == 200]
    # A machine too busy to renew a reservation in time stops that generation, which pays for what was reported.
    stopped = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["error"]["code"] for answer in stopped} <= {"overloaded"}
    refused = [answer for answer in answers if answer.status_code not in (200, 503)]
    assert {answer.status_code for answer in refused} == {429}
    assert {answer.json()["error"]["code"] for answer in refused} <= {"budget_exceeded", "budget_reserved"}
    spent = sum(answer["usage"]["completion_tokens"] for answer in served)
    assert AFFORDABLE <= len(served) + len(stopped) < REQUESTS
    assert spent > 0
    after = admin.budgets(tenant)
    paid = sum(admin.generation(answer.headers["x-request-id"])["work"]["committed_tokens"] for answer in stopped)
    assert after["OUTPUT_TOKEN"].posted == spent + paid <= limit
    assert after["POSITION"].posted >= spent
    assert admin.reserved(tenant) == 0


@pytest.mark.parametrize("unit", ["OUTPUT_TOKEN", "POSITION"])
def test_a_request_that_no_budget_can_hold_changes_no_counter(unit: str, endpoints: Endpoints, admin: AdminClient, prompts: list[str]):
    tenant = admin.create_tenant(PLENTY | {unit: 3})
    before = admin.budgets(tenant)
    headers = {"Authorization": f"Bearer {tenant.api_key}"}
    body = {"model": endpoints.model, "prompt": prompts[0], "max_tokens": 64}
    for stream in (False, True):
        answer = httpx.post(f"{endpoints.base_url}/v1/completions", json=body | {"stream": stream}, headers=headers, timeout=60)
        assert answer.status_code == 429
        assert answer.json()["error"]["code"] == "budget_exceeded"
    assert admin.budgets(tenant) == before


def test_a_raised_limit_admits_at_once_and_keeps_what_was_used(endpoints: Endpoints, admin: AdminClient, prompts: list[str]):
    tenant = admin.create_tenant(PLENTY | {"OUTPUT_TOKEN": 8})

    def status() -> int:
        body = {"model": endpoints.model, "prompt": prompts[0], "max_tokens": 8}
        return httpx.post(f"{endpoints.base_url}/v1/completions", json=body, headers={"Authorization": f"Bearer {tenant.api_key}"}, timeout=60).status_code

    assert [status(), status()] == [200, 429]
    used = admin.budgets(tenant)["OUTPUT_TOKEN"].posted
    admin.limit(tenant, "OUTPUT_TOKEN", 16)
    assert status() == 200
    assert admin.budgets(tenant)["OUTPUT_TOKEN"].posted == 2 * used == 16
