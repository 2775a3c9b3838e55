from generation_stream import GenerationStream, generate
from model_versions import ModelVersion, tiny_checkpoint


def test_sigterm_ends_a_server_with_streams_in_flight(start_triton) -> None:
    triton = start_triton(exit_timeout_seconds=3)
    context = 60000
    version = ModelVersion(triton.repository, "lasting", tiny_checkpoint("causal_context"), arena_positions=9 * context)
    version.lengthen_context(context)
    triton.control.load_model(version.name)
    request = {"mode": "autoregressive", "temperature": 0.0, "max_tokens": context - 64}
    streams = [GenerationStream(triton.grpc_address, version.name, [token], **request) for token in range(3, 11)]
    for stream in streams:
        stream.next()
    # The wait is the assertion: it ends long before the streams would.
    triton.terminate(timeout_seconds=30)
    for stream in streams:
        stream.cancel()


def test_sigterm_ends_an_idle_server_with_status_zero(start_triton) -> None:
    triton = start_triton()
    version = ModelVersion(triton.repository, "idle", tiny_checkpoint("causal_context"))
    triton.control.load_model(version.name)
    assert generate(triton.grpc_address, version.name, [3], max_tokens=4).token_ids
    assert triton.terminate(timeout_seconds=30) == 0


def test_settings_of_the_backend_are_checked_when_the_first_version_loads(start_triton) -> None:
    triton = start_triton(backend_config={"max_inflight": "many"})
    version = ModelVersion(triton.repository, "first", tiny_checkpoint("causal_context"))
    try:
        triton.control.load_model(version.name)
    except Exception as error:  # noqa: BLE001
        assert "max_inflight = many" in str(error)
    else:
        raise AssertionError("loaded all the same")
