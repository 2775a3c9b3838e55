"""The same version, request and seed give the same tokens: beside any neighbours, and in the lossless mode."""

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from backend_stream import generate
from endpoints import Endpoints
from public_grpc import Answer, PublicGrpc, wire

STREAMS = 64
MODES = (wire.MODE_AUTOREGRESSIVE, wire.MODE_EXACT, wire.MODE_DIFFUSION)


def request(model: str, prompt: str, mode: wire.Mode, temperature: float, seed: int, max_tokens: int = 96) -> wire.GenerateRequest:
    options = wire.DecodeOptions(mode=mode, temperature=temperature, seed=seed)
    return wire.GenerateRequest(model=model, prompt=prompt, max_tokens=max_tokens, options=options)


def outcome(answer: Answer) -> tuple[str, int, int, str]:
    return answer.text, answer.work.committed_tokens, answer.finished.reason, answer.finished.detail


def test_sixty_four_concurrent_streams_give_the_tokens_of_one_at_a_time(public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    requests = [
        request(endpoints.model, prompts[number % len(prompts)], MODES[number % 3], (0.0, 0.8, 1.2)[number // 3 % 3], number)
        for number in range(STREAMS)
    ]
    alone = [outcome(public_grpc.generate(each)) for each in requests]
    with ThreadPoolExecutor(STREAMS) as pool:
        together = [outcome(answer) for answer in pool.map(public_grpc.generate, requests)]
    assert together == alone
    assert len({text for text, *_ in alone}) > STREAMS // 3


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_exact_equals_autoregressive_in_fewer_passes(temperature: float, public_grpc: PublicGrpc, version: str, prompts: list[str]):
    assert len(prompts) >= 20

    def run(mode: wire.Mode) -> list[Answer]:
        requests = [request(version, prompt, mode, temperature, 1000 + number) for number, prompt in enumerate(prompts)]
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(public_grpc.generate, requests))

    plain, exact = run(wire.MODE_AUTOREGRESSIVE), run(wire.MODE_EXACT)
    assert [outcome(answer) for answer in exact] == [outcome(answer) for answer in plain]
    assert sum(answer.work.forward_passes for answer in exact) < sum(answer.work.forward_passes for answer in plain)


@pytest.mark.parametrize("draft_length", [1, 5, 16])
def test_the_draft_length_never_changes_an_answer(draft_length: int, public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    for prompt in prompts[:4]:
        plain = request(endpoints.model, prompt, wire.MODE_AUTOREGRESSIVE, 0.8, 3)
        exact = request(endpoints.model, prompt, wire.MODE_EXACT, 0.8, 3)
        exact.options.draft_length = draft_length
        assert outcome(public_grpc.generate(exact)) == outcome(public_grpc.generate(plain))


def test_a_versions_golden_tokens_come_through_triton(version: str, endpoints: Endpoints):
    """The reference sampler recorded them at a margin that no machine's rounding exceeds."""
    golden = json.loads((endpoints.repository / version / "1" / "golden.json").read_text())
    for trace in golden["traces"]:
        parameters = {name: value for name, value in trace["parameters"].items() if value is not None}
        answer = generate(endpoints.triton_grpc, version, trace["prompt"], **parameters)
        assert answer.token_ids == trace["token_ids"], trace["parameters"]


def test_a_version_that_can_edit_serves_edits_alike_alone_and_together(
    version: str, public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]
):
    contract = json.loads((endpoints.repository / version / "1" / "contract.json").read_text())
    requests = [request(version, prompt, wire.MODE_DIFFUSION, 0.8, number) for number, prompt in enumerate(prompts[:8])]
    for each in requests:
        each.options.edit_threshold = 0.5
        each.options.edit_rounds = 2
    if not contract["can_edit"]:
        with pytest.raises(grpc.RpcError) as raised:
            public_grpc.generate(requests[0])
        assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        return
    alone = [outcome(public_grpc.generate(each)) for each in requests]
    with ThreadPoolExecutor(8) as pool:
        assert [outcome(answer) for answer in pool.map(public_grpc.generate, requests)] == alone
