"""A tenant with many streams does not keep another's only stream out of the engine's rounds."""

from collections.abc import Callable

import long_generation
import pytest
from admin import Tenant
from endpoints import Endpoints
from measure_fairness import SLACK, busy, pace, requests_of
from public_grpc import connected

BUSY_STREAMS = 16


@pytest.mark.timeout(300)
def test_one_stream_takes_part_in_its_share_of_the_rounds(endpoints: Endpoints, new_tenant: Callable[[], Tenant], prompts: list[str]):
    with connected(endpoints.grpc, new_tenant().api_key) as client:
        # A long one: rounds between two requests, in which nothing of it waits, would count against it.
        request = long_generation.find(client, endpoints.versions[0])
        with busy(endpoints, new_tenant(), requests_of(endpoints, prompts), BUSY_STREAMS):
            measured = pace(endpoints, client, [request])
    assert measured.rounds_taken_part_in >= 1 / (2 * SLACK), "of two tenants with equal weights"
