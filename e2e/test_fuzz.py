"""A short run of the fuzzer; `./seedbed fuzz` is the long one."""

import fuzz
import pytest
from admin import AdminClient, Tenant
from endpoints import Endpoints

SECONDS = 20


@pytest.mark.timeout(600)
def test_no_made_up_request_to_v1_is_answered_otherwise_than_described(endpoints: Endpoints, tenant: Tenant, admin: AdminClient):
    fuzz.of_v1(endpoints, tenant.api_key, SECONDS)
    assert admin.reserved(tenant) == 0


@pytest.mark.timeout(600)
def test_no_made_up_request_to_the_admin_api_is_answered_otherwise_than_described(endpoints: Endpoints):
    fuzz.of_admin(endpoints, SECONDS, alone=False)
