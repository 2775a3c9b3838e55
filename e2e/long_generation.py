"""A generation that runs long enough to be interrupted."""

from collections.abc import Iterator
from typing import Any

from public_grpc import PublicGrpc, wire

LONG_ENOUGH = 200  # tokens, each a forward pass of its own
AT_MOST = 400
PROMPT = "/** Returns true if the number of different values among the digits of n is greater than 11. */\nstatic boolean f(int n) {"


def candidates(model: str) -> Iterator[wire.GenerateRequest]:
    """At temperature 2 an end token is rare, and the seed decides when it comes."""
    for seed in range(100):
        options = wire.DecodeOptions(mode=wire.MODE_AUTOREGRESSIVE, temperature=2.0, top_p=1.0, seed=seed)
        yield wire.GenerateRequest(model=model, prompt=PROMPT, max_tokens=AT_MOST, options=options)


def body_of(request: wire.GenerateRequest) -> dict[str, Any]:
    """The same request to POST /v1/completions."""
    options = request.options
    knobs = {"mode": "autoregressive", "temperature": options.temperature, "top_p": options.top_p, "seed": options.seed}
    return {"model": request.model, "prompt": request.prompt, "max_tokens": request.max_tokens} | knobs


def find(client: PublicGrpc, model: str) -> wire.GenerateRequest:
    """Asks for as many tokens as it gets when nobody interrupts it: the same version repeats an answer token for token."""
    for request in candidates(model):
        length = client.generate(request).work.committed_tokens
        if length >= LONG_ENOUGH:
            request.max_tokens = length
            return request
    raise AssertionError(f"no seed gives {LONG_ENOUGH} tokens")
