"""A generation that runs until `max_tokens`: what a test interrupts."""

from collections.abc import Iterator

from public_grpc import PublicGrpc, wire

LENGTH = 400


def candidates(model: str, prompt: str) -> Iterator[wire.GenerateRequest]:
    """At temperature 2 an end token is rare, and a seed decides whether one comes at all."""
    for seed in range(100):
        options = wire.DecodeOptions(mode=wire.MODE_AUTOREGRESSIVE, temperature=2.0, seed=seed)
        yield wire.GenerateRequest(model=model, prompt=prompt, max_tokens=LENGTH, options=options)


def find(client: PublicGrpc, model: str, prompt: str) -> wire.GenerateRequest:
    """The first candidate whose answer is as long as allowed; the same version repeats it token for token."""
    for request in candidates(model, prompt):
        if client.generate(request).work.committed_tokens == LENGTH:
            return request
    raise AssertionError(f"no seed gives {LENGTH} tokens")
