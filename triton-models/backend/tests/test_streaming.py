import json
import math
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import LONG_CONTEXT
from generation_stream import COMMITTED, DRAFT, Generation, GenerationStream, generate
from model_versions import ModelVersion
from running_triton import RunningTriton

MODES = ("autoregressive", "exact", "diffusion")


def assert_well_formed(generation: Generation, prompt: list[int]) -> None:
    position = 0
    for message in generation.committed:
        assert message.start == position
        position += len(message.token_ids)
        assert len(message.confidence) == len(message.token_ids)
        assert all(0 < confidence <= 1 for confidence in message.confidence)
    for before, after in zip(generation.messages, generation.messages[1:], strict=False):
        assert all(after.work[name] >= before.work[name] for name in before.work)
    work = generation.last.work
    assert work["input_tokens"] == len(prompt)
    assert work["committed_tokens"] == position == len(generation.token_ids)
    assert work["positions_evaluated"] >= work["forward_passes"] > 0


@pytest.mark.parametrize("mode", MODES)
def test_tritonclient_streams_in_every_mode(triton: RunningTriton, tiny: ModelVersion, mode: str) -> None:
    prompt = [3, 5, 7, 11]
    generation = generate(triton.grpc_address, tiny.name, prompt, mode=mode, max_tokens=40, temperature=0.8, seed=5)
    assert_well_formed(generation, prompt)
    assert generation.token_ids
    ended = {"stop": "end_token", "length": "max_tokens"}
    assert generation.last.finish_detail == ended[generation.last.finish_reason]
    assert not set(generation.token_ids) & set(tiny.contract["forbidden_output"])


def test_block_causal_version_streams_diffusion(triton: RunningTriton, load) -> None:
    version = load("block_causal")
    prompt = list(range(3, 3 + version.contract["block_size"] + 2))
    generation = generate(triton.grpc_address, version.name, prompt, max_tokens=20)
    assert_well_formed(generation, prompt)
    assert generation.token_ids


@pytest.mark.parametrize("attention", ["causal_context", "block_causal"])
def test_answers_are_the_recorded_traces(triton: RunningTriton, load, attention: str) -> None:
    version = load(attention)
    decided = [trace for trace in version.golden["traces"] if trace["margin"] > 2 * version.contract["tolerance"]]
    assert decided
    for trace in decided:
        parameters = {name: value for name, value in trace["parameters"].items() if value is not None}
        for name in ("temperature", "top_p", "threshold"):
            if name in parameters:
                parameters[name] = float(parameters[name])
        generation = generate(triton.grpc_address, version.name, trace["prompt"], **parameters)
        assert generation.token_ids == trace["token_ids"]
        assert generation.last.finish_reason == trace["finish_reason"]
        assert generation.last.work["forward_passes"] == trace["forward_passes"]
        assert generation.last.work["positions_evaluated"] == trace["positions_evaluated"]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_exact_gives_the_tokens_of_autoregressive(
    triton: RunningTriton, tiny: ModelVersion, temperature: float
) -> None:
    request = {"max_tokens": 60, "temperature": temperature, "top_p": 0.95, "seed": 9}
    exact = generate(triton.grpc_address, tiny.name, [4, 8, 15], mode="exact", **request)
    autoregressive = generate(triton.grpc_address, tiny.name, [4, 8, 15], mode="autoregressive", **request)
    assert exact.token_ids == autoregressive.token_ids
    assert exact.last.finish_reason == autoregressive.last.finish_reason


def test_no_draft_is_sent_unasked(triton: RunningTriton, tiny: ModelVersion) -> None:
    generation = generate(triton.grpc_address, tiny.name, [3], mode="diffusion", max_tokens=32)
    assert {message.state for message in generation.messages} == {COMMITTED}


def test_drafts_show_the_active_block(triton: RunningTriton, tiny: ModelVersion) -> None:
    block_size = 8
    generation = generate(
        triton.grpc_address,
        tiny.name,
        [3],
        mode="diffusion",
        policy="fixed_steps",
        steps=8,
        block_size=block_size,
        max_tokens=32,
        drafts=True,
    )
    drafts = [message for message in generation.messages if message.state == DRAFT]
    assert drafts
    committed = 0
    for message in generation.messages:
        if message.state == COMMITTED:
            committed += len(message.token_ids)
            continue
        assert message.start == committed
        assert len(message.token_ids) == len(message.confidence) == block_size
        for token, confidence in zip(message.token_ids, message.confidence, strict=True):
            assert (confidence == 0) == (token == tiny.contract["mask_token_id"])
    undrafted = generate(
        triton.grpc_address,
        tiny.name,
        [3],
        mode="diffusion",
        policy="fixed_steps",
        steps=8,
        block_size=block_size,
        max_tokens=32,
    )
    assert generation.token_ids == undrafted.token_ids


def test_only_requested_outputs_are_sent(triton: RunningTriton, tiny: ModelVersion) -> None:
    with GenerationStream(triton.grpc_address, tiny.name, [3], outputs=["token_ids", "work"], max_tokens=4) as stream:
        response = stream.next_result().get_response()
    assert {output.name for output in response.outputs} == {"token_ids", "work"}


def test_work_is_reported_while_nothing_is_committed(triton: RunningTriton, lasting: ModelVersion) -> None:
    prompt = [3] * (LONG_CONTEXT - 64)
    generation = generate(
        triton.grpc_address, lasting.name, prompt, mode="autoregressive", max_tokens=1, report_interval_ms=10
    )
    reports = [message for message in generation.messages[:-1] if not message.token_ids]
    assert reports
    assert all(0 <= message.work["positions_evaluated"] < len(prompt) for message in reports)


def test_work_never_exceeds_max_positions(triton: RunningTriton, tiny: ModelVersion) -> None:
    request = {"mode": "autoregressive", "temperature": 0.0, "max_tokens": 40}
    whole = generate(triton.grpc_address, tiny.name, [3, 4], **request)
    limit = whole.last.work["positions_evaluated"] - 1
    cut = generate(triton.grpc_address, tiny.name, [3, 4], max_positions=limit, **request)
    assert (cut.last.finish_reason, cut.last.finish_detail) == ("length", "work_limit")
    assert cut.last.work["positions_evaluated"] <= limit
    assert cut.token_ids == whole.token_ids[: len(cut.token_ids)]


def test_concurrent_streams_give_the_tokens_they_give_alone(triton: RunningTriton, tiny: ModelVersion) -> None:
    vocabulary = [
        token for token in range(tiny.contract["vocab_size"]) if token not in tiny.contract["forbidden_output"]
    ]

    def ask(number: int) -> list[int]:
        prompt = [vocabulary[(number * 7 + i * 13) % len(vocabulary)] for i in range(1 + number % 70)]
        return generate(
            triton.grpc_address,
            tiny.name,
            prompt,
            mode=MODES[number % 3],
            temperature=(0.0, 0.8)[number % 2],
            top_p=0.9,
            seed=number,
            max_tokens=24 + number % 9,
            tenant=f"tenant-{number % 5}",
            weight=1 + number % 3,
        ).token_ids

    alone = [ask(number) for number in range(64)]
    with ThreadPoolExecutor(64) as clients:
        together = list(clients.map(ask, range(64)))
    assert together == alone
    assert len({tuple(tokens) for tokens in alone}) > 16


def test_plain_http_streams_too(triton: RunningTriton, tiny: ModelVersion) -> None:
    body = json.dumps({"token_ids": [3, 5, 7], "max_tokens": 12, "mode": "exact", "temperature": 0.0}).encode()
    url = f"{triton.http_address}/v2/models/{tiny.name}/generate_stream"
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as response:
        events = [json.loads(line.removeprefix("data: ")) for line in response.read().decode().splitlines() if line]
    tokens: list[int] = []
    for event in events:
        received = event.get("token_ids", [])
        tokens += received if isinstance(received, list) else [received]
    expected = generate(triton.grpc_address, tiny.name, [3, 5, 7], max_tokens=12, mode="exact", temperature=0.0)
    assert tokens == expected.token_ids
    assert events[-1]["finish_reason"] == expected.last.finish_reason


def test_confidence_is_finite(triton: RunningTriton, tiny: ModelVersion) -> None:
    generation = generate(triton.grpc_address, tiny.name, [3], mode="diffusion", temperature=2.0, max_tokens=32)
    assert all(math.isfinite(value) for message in generation.messages for value in message.confidence)
