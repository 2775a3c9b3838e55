"""The same version, request and seed give the same tokens: beside any neighbours, and in the lossless mode."""

from concurrent.futures import ThreadPoolExecutor

import pytest
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
def test_exact_equals_autoregressive_in_fewer_passes(temperature: float, public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    assert len(prompts) >= 20

    def run(mode: wire.Mode) -> list[Answer]:
        requests = [request(endpoints.model, prompt, mode, temperature, 1000 + number) for number, prompt in enumerate(prompts)]
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
