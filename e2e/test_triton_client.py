"""tritonclient against the backend itself, without anything of Seedbed in between."""

import pytest
from backend_stream import generate
from endpoints import Endpoints
from model_versions import SHIPPED
from public_grpc import PublicGrpc, wire
from tokenizers import Tokenizer
from tritonclient.utils import InferenceServerException

FIRST_TEXT_ID = 4  # ids below are special and never text


def test_it_streams_the_tokens_that_the_public_service_turns_into_text(
    endpoints: Endpoints, public_grpc: PublicGrpc, tokenizer: Tokenizer, prompts: list[str]
):
    prompt = tokenizer.encode(prompts[0], add_special_tokens=False).ids
    answer = generate(endpoints.triton_grpc, SHIPPED, prompt, max_tokens=96, mode="exact", temperature=0.0)
    assert answer.messages > 1
    assert answer.work["committed_tokens"] == len(answer.token_ids)
    assert answer.work["input_tokens"] == len(prompt)
    options = wire.DecodeOptions(mode=wire.MODE_EXACT, temperature=0.0)
    served = public_grpc.generate(wire.GenerateRequest(model=endpoints.model, prompt=prompts[0], max_tokens=96, options=options))
    assert tokenizer.decode([token for token in answer.token_ids if token >= FIRST_TEXT_ID]) == served.text
    assert answer.work["forward_passes"] == served.work.forward_passes


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1 << 40}, "max_tokens"),
        ({}, "max_tokens"),
        ({"max_tokens": 8, "mode": "quantum"}, "mode"),
        ({"max_tokens": 8, "temperature": float("nan")}, "temperature"),
        ({"max_tokens": 8, "temperature": 2.5}, "temperature"),
        ({"max_tokens": 8, "top_p": 0.0}, "top_p"),
        ({"max_tokens": 8, "seed": -1}, "seed"),
        ({"max_tokens": 8, "colour": "red"}, "colour"),
        ({"max_tokens": "8"}, "max_tokens"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(parameters: dict, words: str, endpoints: Endpoints):
    with pytest.raises(InferenceServerException, match=words):
        generate(endpoints.triton_grpc, SHIPPED, [5, 6, 7], **parameters)


@pytest.mark.parametrize("prompt", [[], [-1], [1 << 30], [5] * 100_000], ids=["empty", "negative id", "unknown id", "too long"])
def test_a_bad_prompt_is_refused(prompt: list[int], endpoints: Endpoints):
    with pytest.raises(InferenceServerException):
        generate(endpoints.triton_grpc, SHIPPED, prompt, max_tokens=8)
