"""One request, one trace: from the client's traceparent through control plane, adapter and Triton."""

from pathlib import Path

import httpx
import pytest
from admin import PLENTY, AdminClient
from endpoints import Endpoints
from eventually import eventually
from own_stack import TemporaryStack
from trace_collector import Span, collecting

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SERVICES = {"seedbed-control-plane", "seedbed-inference-adapter", "triton"}
NAMING = {"seedbed-control-plane", "triton"}


def test_a_callers_trace_goes_through_all_processes_and_holds_no_text(tmp_path: Path, prompts: list[str]):
    with collecting() as collector:
        stack = TemporaryStack(tmp_path / "home", f"--otlp-endpoint={collector.endpoint}")
        try:
            endpoints = Endpoints.of(stack.up())
            tenant = AdminClient(endpoints.base_url, endpoints.admin_token).create_tenant(PLENTY)
            answer = httpx.post(
                f"{endpoints.base_url}/v1/completions",
                headers={"Authorization": f"Bearer {tenant.api_key}", "traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"},
                json={"model": endpoints.model, "prompt": prompts[0], "max_tokens": 16},
                timeout=120,
            )
            assert answer.status_code == 200

            request_id = answer.headers["x-request-id"]

            # A process sends its spans in batches, and the one that names the request need not be in the first.
            def complete() -> list[Span] | None:
                spans = collector.of_trace(TRACE_ID)
                naming = {span.service for span in spans if request_id in span.text}
                return spans if {span.service for span in spans} == SERVICES and NAMING <= naming else None

            spans = eventually("all processes sent their spans, and two name the request", complete)
        finally:
            stack.down()
    # Each process continues the trace of the one before.
    ids = {span.parent_id for span in spans}
    assert "" not in ids
    words = prompts[0].removeprefix("/**").split("*/")[0].strip()
    for span in collector.spans:
        assert words not in span.text
        assert tenant.api_key not in span.text
