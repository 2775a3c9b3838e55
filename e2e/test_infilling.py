"""FIM on the real model: a held-out method with its middle removed. What the model writes is its own; it must end before the suffix."""

import httpx
import openai
import pytest
from endpoints import Endpoints
from public_grpc import PublicGrpc, wire

HELD_OUT = 4


def whole(client: openai.OpenAI, endpoints: Endpoints, prompt: str) -> str:
    return client.completions.create(model=endpoints.model, prompt=prompt, max_tokens=160, temperature=0).choices[0].text


def with_gap(prompt: str, text: str) -> tuple[str, str, str]:
    """Prefix, the middle that is removed, and suffix: the method's last statement and what follows it."""
    cut = text.rindex("return")
    line = text.rindex("\n", 0, cut) if "\n" in text[:cut] else cut
    return prompt, text[:line], text[line:]


@pytest.mark.parametrize("number", range(HELD_OUT))
@pytest.mark.parametrize("path", ["/v1/fim/completions", "/v1/completions"])
def test_an_answer_ends_before_the_suffix(path: str, number: int, client: openai.OpenAI, http: httpx.Client, endpoints: Endpoints, prompts: list[str]):
    prefix, middle, suffix = with_gap(prompts[number], whole(client, endpoints, prompts[number]))
    request = {"model": endpoints.model, "prompt": prefix, "suffix": suffix, "max_tokens": 160, "temperature": 0}
    choice = http.post(path, json=request).json()["choices"][0]
    assert suffix.strip().splitlines()[0].strip() not in choice["text"]
    # The suffix is the model's own end of this method, so the gap is filled with what was removed.
    assert choice["text"].rstrip() == middle.rstrip()
    assert choice["finish_reason"] == "stop"


def test_the_indentation_of_the_suffix_is_its_own(client: openai.OpenAI, http: httpx.Client, endpoints: Endpoints, prompts: list[str]):
    prefix, middle, suffix = with_gap(prompts[1], whole(client, endpoints, prompts[1]))
    moved = "\n\n\t\t" + suffix.strip()
    answer = http.post("/v1/fim/completions", json={"model": endpoints.model, "prompt": prefix, "suffix": moved, "max_tokens": 160, "temperature": 0})
    assert answer.json()["choices"][0]["text"].rstrip() == middle.rstrip()


@pytest.mark.parametrize("suffix", ["", " \n\t"])
def test_a_blank_suffix_is_a_plain_completion(suffix: str, client: openai.OpenAI, http: httpx.Client, endpoints: Endpoints, prompts: list[str]):
    request = {"model": endpoints.model, "prompt": prompts[0], "suffix": suffix, "max_tokens": 160, "temperature": 0}
    assert http.post("/v1/fim/completions", json=request).json()["choices"][0]["text"] == whole(client, endpoints, prompts[0])


def test_the_same_over_grpc(client: openai.OpenAI, public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    prefix, middle, suffix = with_gap(prompts[1], whole(client, endpoints, prompts[1]))
    request = wire.GenerateRequest(model=endpoints.model, prompt=prefix, suffix=suffix, max_tokens=160)
    assert public_grpc.generate(request).text.rstrip() == middle.rstrip()
