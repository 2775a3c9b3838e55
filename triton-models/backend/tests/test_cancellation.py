import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LONG_CONTEXT
from generation_stream import GenerationStream, generate
from model_versions import ModelVersion
from running_triton import RunningTriton
from tritonclient.utils import InferenceServerException

INTERRUPTED_CLIENT = Path(__file__).with_name("interrupted_client.py")


def assert_freed_as_cancelled(triton: RunningTriton, version: ModelVersion) -> None:
    """For a version whose only request so far is the one in question."""
    triton.wait_until_idle(version.name, ended=1)
    assert triton.metric("requests_total", model=version.name, finish_reason="cancelled") == 1
    # Whatever was running has stopped: nothing is evaluated for nobody.
    rounds = triton.metric("rounds_total", model=version.name)
    assert generate(triton.grpc_address, version.name, [3], mode="autoregressive", max_tokens=1).token_ids
    triton.wait_until_idle(version.name, ended=2)
    assert triton.metric("rounds_total", model=version.name) == rounds + 1


@pytest.mark.parametrize("messages_read", [1, 25])
def test_client_that_cancels_mid_stream_frees_slot_and_kv(
    triton: RunningTriton, load, endless: dict, messages_read: int
) -> None:
    version = load(context_length=LONG_CONTEXT)
    with GenerationStream(triton.grpc_address, version.name, **endless) as stream:
        for _ in range(messages_read):
            stream.next()
        stream.cancel()
    assert_freed_as_cancelled(triton, version)


def test_client_that_is_killed_frees_slot_and_kv(triton: RunningTriton, load, endless: dict) -> None:
    version = load(context_length=LONG_CONTEXT)
    command = [sys.executable, str(INTERRUPTED_CLIENT), triton.grpc_address, version.name, json.dumps(endless)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout.readline() == "streaming\n"
        client.kill()
    assert_freed_as_cancelled(triton, version)


def test_deadline_ends_the_request_and_frees_slot_and_kv(triton: RunningTriton, load, endless: dict) -> None:
    version = load(context_length=LONG_CONTEXT)
    with GenerationStream(triton.grpc_address, version.name, timeout_seconds=0.3, **endless) as stream:
        with pytest.raises(InferenceServerException) as expired:
            list(stream)
    assert expired.value.status() == "StatusCode.DEADLINE_EXCEEDED"
    assert_freed_as_cancelled(triton, version)


def test_request_that_waits_for_kv_can_be_cancelled(triton: RunningTriton, load, endless: dict) -> None:
    version = load(context_length=LONG_CONTEXT, arena_positions=LONG_CONTEXT + 64)
    with GenerationStream(triton.grpc_address, version.name, **endless) as running:
        running.next()
        with GenerationStream(triton.grpc_address, version.name, **endless) as waiting:
            triton.wait_for(lambda: triton.metric("waiting", model=version.name) == 1, "the second request waits")
            waiting.cancel()
            triton.wait_for(lambda: triton.metric("waiting", model=version.name) == 0, "nobody waits")
        assert triton.metric("inflight", model=version.name) == 1
        assert running.next().finish_reason is None


def test_cancelled_stream_leaves_its_neighbours_alone(triton: RunningTriton, load, endless: dict) -> None:
    version = load(context_length=LONG_CONTEXT)
    request = {"mode": "autoregressive", "max_tokens": 200, "temperature": 0.7, "seed": 3}
    alone = generate(triton.grpc_address, version.name, [3, 4], **request)
    with GenerationStream(triton.grpc_address, version.name, **endless) as stream:
        stream.next()
        with GenerationStream(triton.grpc_address, version.name, [3, 4], **request) as neighbour:
            first = neighbour.next()
            stream.cancel()
            rest = list(neighbour)
    assert [token for message in [first, *rest] for token in message.token_ids] == alone.token_ids
    triton.wait_until_idle(version.name, ended=3)
