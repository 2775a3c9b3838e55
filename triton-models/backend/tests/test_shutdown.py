from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import LONG_CONTEXT, endless_request
from generation_stream import GenerationStream, Message, generate
from model_versions import ModelVersion, tiny_checkpoint
from tritonclient.utils import InferenceServerException

# Triton exits with status 1 at its timeout; a process that is still there after the patience hangs.
EXIT_TIMEOUT_SECONDS = 60
PATIENCE_SECONDS = 90


def read_to_the_end(stream: GenerationStream) -> Message:
    with stream:
        return list(stream)[-1]


def test_sigterm_ends_a_server_with_streams_in_flight(start_triton) -> None:
    streams = 4
    triton = start_triton(exit_timeout_seconds=EXIT_TIMEOUT_SECONDS, backend_config={"drain_ms": "500"})
    version = ModelVersion(
        triton.repository, "lasting", tiny_checkpoint("causal_context"), arena_positions=(streams + 1) * LONG_CONTEXT
    )
    version.lengthen_context(LONG_CONTEXT)
    triton.control.load_model(version.name)
    request = endless_request(triton.grpc_address, version)
    running = [GenerationStream(triton.grpc_address, version.name, **request) for _ in range(streams)]
    for stream in running:
        stream.next()
    with ThreadPoolExecutor(streams) as clients:
        last = clients.map(read_to_the_end, running)
        assert triton.terminate(PATIENCE_SECONDS) == 0
    assert [(message.finish_reason, message.finish_detail) for message in last] == [
        ("cancelled", "server_exit")
    ] * streams


def test_stream_that_ends_while_the_server_drains_is_whole(start_triton) -> None:
    triton = start_triton(exit_timeout_seconds=EXIT_TIMEOUT_SECONDS, backend_config={"drain_ms": "60000"})
    version = ModelVersion(
        triton.repository, "lasting", tiny_checkpoint("causal_context"), arena_positions=2 * LONG_CONTEXT
    )
    version.lengthen_context(LONG_CONTEXT)
    triton.control.load_model(version.name)
    request = {**endless_request(triton.grpc_address, version), "max_tokens": 1000}
    whole = generate(triton.grpc_address, version.name, **request)
    stream = GenerationStream(triton.grpc_address, version.name, **request)
    messages = [stream.next()]
    with ThreadPoolExecutor(1) as clients:
        status = clients.submit(triton.terminate, PATIENCE_SECONDS)
        with stream:
            messages += list(stream)
        assert status.result() == 0
    assert [token for message in messages for token in message.token_ids] == whole.token_ids


def test_sigterm_ends_an_idle_server_with_status_zero(start_triton) -> None:
    triton = start_triton()
    version = ModelVersion(triton.repository, "idle", tiny_checkpoint("causal_context"))
    triton.control.load_model(version.name)
    assert generate(triton.grpc_address, version.name, [3], max_tokens=4).token_ids
    assert triton.terminate(PATIENCE_SECONDS) == 0


def test_bad_setting_of_the_backend_is_refused_when_the_first_version_loads(start_triton) -> None:
    triton = start_triton(backend_config={"max_inflight": "many"})
    version = ModelVersion(triton.repository, "first", tiny_checkpoint("causal_context"))
    with pytest.raises(InferenceServerException, match="setting out of range: max_inflight = many"):
        triton.control.load_model(version.name)
