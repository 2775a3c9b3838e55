"""Text that looks dangerous and is merely text."""

import httpx
import pytest
from endpoints import Endpoints
from public_grpc import PublicGrpc, wire
from tokenizers import Tokenizer


@pytest.mark.parametrize("spelling", ["<|mask|>", "<|end|>", "<|pad|>", "<|sep|>"])
def test_the_spelling_of_a_special_token_stays_text(spelling: str, http: httpx.Client, endpoints: Endpoints, tokenizer: Tokenizer):
    prompt = f"// {spelling}\nint"
    as_text = tokenizer.encode(prompt, add_special_tokens=False).ids
    assert tokenizer.token_to_id(spelling) not in (None, *as_text)
    answer = http.post("/v1/completions", json={"model": endpoints.model, "prompt": prompt, "max_tokens": 4})
    assert answer.status_code == 200
    assert answer.json()["usage"]["prompt_tokens"] == len(as_text)


@pytest.mark.parametrize("text", ["\u2028", "🌱🌱", "\u202e abc", "ﷺ", "\\u0000"], ids=ascii)
def test_any_unicode_text_is_served_on_both_surfaces(text: str, http: httpx.Client, public_grpc: PublicGrpc, endpoints: Endpoints):
    answer = http.post("/v1/completions", json={"model": endpoints.model, "prompt": text, "max_tokens": 4})
    assert answer.status_code == 200, answer.text
    by_grpc = public_grpc.generate(wire.GenerateRequest(model=endpoints.model, prompt=text, max_tokens=4))
    assert answer.json()["choices"][0]["text"] == by_grpc.text
    assert answer.json()["usage"]["prompt_tokens"] == by_grpc.work.input_tokens
