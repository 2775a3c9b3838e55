"""One generation over tritonclient: one ModelStreamInfer call, closed after the last response."""

import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import np_to_triton_dtype

PATIENCE_SECONDS = 60.0
WORK = ("input_tokens", "cached_input_tokens", "forward_passes", "positions_evaluated", "committed_tokens", "edits")
DRAFT, COMMITTED = 0, 1


@dataclass(frozen=True)
class Message:
    token_ids: list[int]
    start: int
    confidence: list[float]
    state: int
    work: dict[str, int]
    finish_reason: str | None
    finish_detail: str | None


@dataclass(frozen=True)
class Generation:
    """What a client that reads to the end is left with."""

    messages: list[Message]

    @property
    def committed(self) -> list[Message]:
        return [message for message in self.messages if message.state == COMMITTED]

    @property
    def token_ids(self) -> list[int]:
        return [token for message in self.committed for token in message.token_ids]

    @property
    def last(self) -> Message:
        return self.messages[-1]


class GenerationStream:
    """Errors come as InferenceServerException."""

    def __init__(
        self,
        address: str,
        model: str,
        prompt: Sequence[int] | np.ndarray,
        *,
        timeout_seconds: float | None = None,
        outputs: Sequence[str] = (),
        **parameters: object,
    ) -> None:
        self._received: queue.Queue = queue.Queue()
        self._client = triton.InferenceServerClient(address)
        self._client.start_stream(
            lambda result, error: self._received.put(error or result), stream_timeout=timeout_seconds
        )
        self._client.async_stream_infer(
            model,
            [_tensor(prompt)],
            parameters=parameters,
            outputs=[triton.InferRequestedOutput(name) for name in outputs] or None,
        )

    def __enter__(self) -> "GenerationStream":
        return self

    def __exit__(self, *exception: object) -> None:
        self.cancel()

    def __iter__(self) -> Iterator[Message]:
        while True:
            message = self.next()
            yield message
            if message.finish_reason is not None:
                return

    def next_result(self) -> triton.InferResult:
        received = self._received.get(timeout=PATIENCE_SECONDS)
        if isinstance(received, Exception):
            raise received
        return received

    def next(self) -> Message:
        return _message(self.next_result())

    def cancel(self) -> None:
        """Cancels the call, also one that has ended: the way a client leaves that does not care."""
        self._client.stop_stream(cancel_requests=True)
        self._client.close()


def generate(address: str, model: str, prompt: Sequence[int], **options: object) -> Generation:
    with GenerationStream(address, model, prompt, **options) as stream:
        return Generation(list(stream))


def _tensor(prompt: Sequence[int] | np.ndarray) -> triton.InferInput:
    values = prompt if isinstance(prompt, np.ndarray) else np.array(prompt, dtype=np.int32)
    tensor = triton.InferInput("token_ids", list(values.shape), np_to_triton_dtype(values.dtype))
    tensor.set_data_from_numpy(values)
    return tensor


def _message(result: triton.InferResult) -> Message:
    parameters = result.get_response().parameters
    return Message(
        token_ids=result.as_numpy("token_ids").tolist(),
        start=int(result.as_numpy("start")[0]),
        confidence=result.as_numpy("confidence").tolist(),
        state=int(result.as_numpy("state")[0]),
        work=dict(zip(WORK, result.as_numpy("work").tolist(), strict=True)),
        finish_reason=parameters["finish_reason"].string_param if "finish_reason" in parameters else None,
        finish_detail=parameters["finish_detail"].string_param if "finish_detail" in parameters else None,
    )
