"""One generation straight from the Triton backend, by tritonclient as anybody would use it."""

import queue
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

COMMITTED = 1
WORK = ("input_tokens", "cached_input_tokens", "forward_passes", "positions_evaluated", "committed_tokens", "edits")


@dataclass(frozen=True)
class BackendAnswer:
    token_ids: list[int]
    finish_reason: str
    work: dict[str, int]
    messages: int


def generate(address: str, model: str, prompt: Sequence[int], **parameters: object) -> BackendAnswer:
    """Reads the stream to its end; InferenceServerException when the server refuses."""
    received: queue.Queue[tuple[triton.InferResult | None, InferenceServerException | None]] = queue.Queue()
    tensor = triton.InferInput("token_ids", [len(prompt)], "INT32")
    tensor.set_data_from_numpy(np.array(prompt, dtype=np.int32))
    tokens: list[int] = []
    with triton.InferenceServerClient(address) as client:
        client.start_stream(lambda result, error: received.put((result, error)))
        client.async_stream_infer(model, [tensor], parameters=parameters)
        for messages in range(1, 100_000):
            result, error = received.get(timeout=60)
            if error is not None:
                raise error
            if result.as_numpy("state")[0] == COMMITTED:
                assert result.as_numpy("start")[0] == len(tokens), "committed tokens arrive in order, without gaps"
                tokens += result.as_numpy("token_ids").tolist()
            ended = result.get_response().parameters
            if "finish_reason" in ended:
                work = dict(zip(WORK, result.as_numpy("work").tolist(), strict=True))
                return BackendAnswer(tokens, ended["finish_reason"].string_param, work, messages)
    raise AssertionError("unreachable")
