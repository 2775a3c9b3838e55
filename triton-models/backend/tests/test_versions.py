import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import LONG_CONTEXT
from generation_stream import GenerationStream, generate
from model_versions import ModelVersion, tiny_checkpoint
from running_triton import MEMORY_GOES_BACK, RunningTriton
from tritonclient.utils import InferenceServerException

INTERRUPTED_CLIENT = Path(__file__).with_name("interrupted_client.py")


def add_version(triton: RunningTriton, name: str, **settings: object) -> ModelVersion:
    return ModelVersion(triton.repository, name, tiny_checkpoint("causal_context"), **settings)


def assert_unavailable(triton: RunningTriton, model: str) -> None:
    # Triton's own words: the backend is not asked.
    with GenerationStream(triton.grpc_address, model, [3], max_tokens=1) as stream:
        with pytest.raises(InferenceServerException, match=r"Request for unknown model: .*has no available versions"):
            stream.next()
    assert triton.metric("inflight", model=model) is None


def normal_client(triton: RunningTriton, version: ModelVersion, endless: dict) -> None:
    assert generate(triton.grpc_address, version.name, [3], max_tokens=4).token_ids


def cancelled_client(triton: RunningTriton, version: ModelVersion, endless: dict) -> None:
    with GenerationStream(triton.grpc_address, version.name, **endless) as stream:
        stream.next()


def refused_client(triton: RunningTriton, version: ModelVersion, endless: dict) -> None:
    with (
        GenerationStream(triton.grpc_address, version.name, [3], max_tokens=0) as stream,
        pytest.raises(InferenceServerException),
    ):
        stream.next()


def killed_client(triton: RunningTriton, version: ModelVersion, endless: dict) -> None:
    command = [sys.executable, str(INTERRUPTED_CLIENT), triton.grpc_address, version.name, json.dumps(endless)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout.readline() == "streaming\n"
        client.kill()


@pytest.mark.parametrize("client", [normal_client, cancelled_client, refused_client, killed_client])
def test_version_unloads_after_any_client_while_another_streams(
    triton: RunningTriton, lasting: ModelVersion, endless: dict, new_name, client
) -> None:
    version = add_version(triton, new_name(), arena_positions=2 * LONG_CONTEXT)
    version.lengthen_context(LONG_CONTEXT)
    triton.control.load_model(version.name)
    with GenerationStream(triton.grpc_address, lasting.name, **endless) as other:
        other.next()
        client(triton, version, endless)
        triton.control.unload_model(version.name)
        triton.wait_for(lambda: triton.metric("inflight", model=version.name) is None, "the version is unloaded")
        assert_unavailable(triton, version.name)
        assert other.next().finish_reason is None
        assert generate(triton.grpc_address, lasting.name, [3], max_tokens=4).token_ids


@pytest.mark.parametrize("client", [normal_client, refused_client])
def test_version_unloads_after_many_clients_that_left_on_their_last_message(
    triton: RunningTriton, new_name, client
) -> None:
    version = add_version(triton, new_name())
    triton.control.load_model(version.name)
    for _ in range(60):
        client(triton, version, {})
    triton.control.unload_model(version.name)
    triton.wait_for(lambda: triton.metric("inflight", model=version.name) is None, "the version is unloaded")


def test_stream_in_flight_finishes_while_its_version_unloads(triton: RunningTriton, new_name) -> None:
    version = add_version(triton, new_name())
    version.lengthen_context(4096)
    triton.control.load_model(version.name)
    request = {"mode": "autoregressive", "temperature": 0.0, "max_tokens": 2000}
    expected = generate(triton.grpc_address, version.name, [5], **request)
    with GenerationStream(triton.grpc_address, version.name, [5], **request) as stream:
        messages = [stream.next()]
        unload = threading.Thread(target=triton.control.unload_model, args=[version.name])
        unload.start()
        messages += list(stream)
    unload.join()
    assert [token for message in messages for token in message.token_ids] == expected.token_ids
    assert messages[-1].finish_reason == expected.last.finish_reason
    triton.wait_for(lambda: triton.metric("inflight", model=version.name) is None, "the metrics are gone")
    assert_unavailable(triton, version.name)


def truncate_weights(version: ModelVersion) -> str:
    weights = version.files / "model.gguf"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    version.seal()
    return "gguf"


def change_weights(version: ModelVersion) -> str:
    weights = version.files / "model.gguf"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    return "model.gguf"


def contradict_vocabulary(version: ModelVersion) -> str:
    version.change_contract(vocab_size=version.contract["vocab_size"] + 1)
    return "vocab_size"


def contradict_architecture(version: ModelVersion) -> str:
    other = {"llama": "qwen2", "qwen2": "llama"}[version.contract["architecture"]]
    version.change_contract(architecture=other)
    return "architecture"


def add_unknown_field(version: ModelVersion) -> str:
    version.change_contract(temperament="mild")
    return "temperament"


def remove_contract(version: ModelVersion) -> str:
    (version.files / "contract.json").unlink()
    return "contract"


def differ_in_a_logit(version: ModelVersion) -> str:
    golden = version.golden
    golden["logits"][0]["values"][0][0] += 1.0
    version.change_golden(golden)
    return "differs by"


def differ_in_a_token(version: ModelVersion) -> str:
    golden = version.golden
    for trace in golden["traces"]:
        trace["token_ids"][0] = (trace["token_ids"][0] + 1) % version.contract["vocab_size"]
    version.change_golden(golden)
    return "token 0 differs"


def ask_for_no_arena(version: ModelVersion) -> str:
    version.configure(arena_positions=0)
    return "arena_positions"


def set_unknown_parameter(version: ModelVersion) -> str:
    version.configure(max_batch="8")
    return "max_batch"


def ask_for_one_response(version: ModelVersion) -> str:
    config = version.folder / "config.pbtxt"
    config.write_text(config.read_text().replace("decoupled: true", "decoupled: false"))
    return "decoupled"


@pytest.mark.parametrize(
    "harm",
    [
        truncate_weights,
        change_weights,
        contradict_vocabulary,
        contradict_architecture,
        add_unknown_field,
        remove_contract,
        differ_in_a_logit,
        differ_in_a_token,
        ask_for_no_arena,
        set_unknown_parameter,
        ask_for_one_response,
    ],
)
def test_bad_version_is_refused_with_the_reason_while_another_serves(
    triton: RunningTriton, tiny: ModelVersion, new_name, harm
) -> None:
    version = add_version(triton, new_name())
    reason = harm(version)
    with pytest.raises(InferenceServerException, match=f"(?s)load failed.*{re.escape(reason)}"):
        triton.control.load_model(version.name)
    assert not triton.server.is_model_ready(version.name)
    assert version.name not in triton.metrics_page()
    assert generate(triton.grpc_address, tiny.name, [3], max_tokens=4).token_ids


def test_repaired_version_loads_after_a_refusal(triton: RunningTriton, new_name) -> None:
    version = add_version(triton, new_name())
    golden = version.golden
    differ_in_a_logit(version)
    with pytest.raises(InferenceServerException):
        triton.control.load_model(version.name)
    version.change_golden(golden)
    triton.control.load_model(version.name)
    assert generate(triton.grpc_address, version.name, [3], max_tokens=4).token_ids
    triton.control.unload_model(version.name)


def test_repeated_loads_leak_no_metric_and_no_memory(start_triton) -> None:
    triton = start_triton(backend_config={"max_round_rows": "64"}, environment=MEMORY_GOES_BACK)
    positions = 200_000
    version = add_version(triton, "comes-and-goes", arena_positions=positions)
    broken = add_version(triton, "never-comes", arena_positions=positions)
    differ_in_a_logit(broken)

    def come_and_go() -> None:
        triton.control.load_model(version.name)
        assert triton.metric("kv_positions", model=version.name) == positions
        generate(triton.grpc_address, version.name, [3], max_tokens=8)
        triton.control.unload_model(version.name)
        with pytest.raises(InferenceServerException):
            triton.control.load_model(broken.name)
        triton.wait_for(lambda: triton.metric("inflight") is None, "no version shows metrics")

    for _ in range(10):
        come_and_go()
    lines, allocated = len(triton.metrics_page().splitlines()), triton.allocated_bytes()
    loads = 40
    for _ in range(loads):
        come_and_go()
    assert "block_diffusion" not in triton.metrics_page()
    assert len(triton.metrics_page().splitlines()) == lines
    # The smallest thing of any weight that a load holds, were it to stay each time, would be as much as this. What
    # the allocator holds for itself comes and goes by a tenth of it.
    smallest = (version.files / "golden.json").stat().st_size
    assert triton.allocated_bytes() - allocated < loads * smallest


def test_the_draft_length_is_chosen_among_those_that_the_version_measured(triton: RunningTriton, load) -> None:
    version = load()
    assert triton.metric("draft_length", model=version.name) == version.contract["default_policy"]["draft_length"]
    triton.control.unload_model(version.name)
    triton.wait_for(lambda: triton.metric("draft_length", model=version.name) is None, "the metrics are gone")
    version.change_contract(draft_yield=[[2, 2.0], [7, 7.0]])
    triton.control.load_model(version.name)
    chosen = triton.metric("draft_length", model=version.name)
    assert chosen in (2, 7)
    request = {"mode": "exact", "temperature": 0.8, "seed": 3, "max_tokens": 40}
    free = generate(triton.grpc_address, version.name, [4, 8, 15], **request)
    for length in (2, 7):
        named = generate(triton.grpc_address, version.name, [4, 8, 15], draft_length=length, **request)
        assert named.token_ids == free.token_ids
        if length == chosen:
            assert named.last.work == free.last.work
    version.change_contract(draft_yield=[[7, 7.5]])
    with pytest.raises(InferenceServerException, match=r"tokens per forward pass out of range: 7.5 \(expected: 1..7\)"):
        triton.control.load_model(version.name)


def test_metrics_count_what_the_client_was_told(triton: RunningTriton, load) -> None:
    version = load()
    told = [
        generate(
            triton.grpc_address, version.name, [3, 4, 5], max_tokens=20, mode=mode, temperature=0.9, seed=seed
        ).last
        for mode in ("autoregressive", "exact", "diffusion")
        for seed in (1, 2)
    ]
    triton.wait_until_idle(version.name, ended=len(told))
    for name in (
        "input_tokens",
        "cached_input_tokens",
        "forward_passes",
        "positions_evaluated",
        "committed_tokens",
        "edits",
    ):
        assert triton.metric(f"{name}_total", model=version.name) == sum(message.work[name] for message in told)
    for reason in ("stop", "length", "cancelled", "error"):
        expected = sum(message.finish_reason == reason for message in told)
        assert triton.metric("requests_total", model=version.name, finish_reason=reason) == expected
    assert triton.metric("kv_positions", model=version.name) == 20000
    statistics = triton.control.get_inference_statistics(version.name).model_stats[0]
    assert statistics.inference_stats.success.count == len(told)
