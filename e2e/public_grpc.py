"""The public gRPC service, as a client uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import grpc_stubs  # noqa: F401
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from seedbed.generation.v1 import generation_pb2 as wire
from seedbed.generation.v1 import generation_pb2_grpc

DEADLINE_SECONDS = 120.0
# gRPC waits up to two minutes between attempts: a server that is back would seem to be away.
CHANNEL_OPTIONS = (("grpc.max_reconnect_backoff_ms", 1000),)


@dataclass(frozen=True)
class Answer:
    """All events of one finished generation."""

    events: list[wire.GenerateResponse] = field(repr=False)

    @property
    def request_id(self) -> str:
        return self.events[0].started.request_id

    @property
    def text(self) -> str:
        return "".join(event.committed.text for event in self.events if event.HasField("committed"))

    @property
    def finished(self) -> wire.Finished:
        return self.events[-1].finished

    @property
    def work(self) -> wire.Work:
        return self.events[-1].work


class PublicGrpc:
    def __init__(self, address: str, api_key: str | None):
        self.channel = grpc.insecure_channel(address, CHANNEL_OPTIONS)
        self._stub = generation_pb2_grpc.GenerationServiceStub(self.channel)
        self._metadata = (("authorization", f"Bearer {api_key}"),) if api_key is not None else ()

    def open(self, request: wire.GenerateRequest, deadline_seconds: float = DEADLINE_SECONDS, idempotency_key: str = "") -> grpc.Call:
        """The running call: an iterator of events that can be cancelled."""
        key = (("idempotency-key", idempotency_key),) if idempotency_key else ()
        return self._stub.Generate(request, metadata=self._metadata + key, timeout=deadline_seconds)

    def generate(self, request: wire.GenerateRequest) -> Answer:
        return Answer(list(self.open(request)))

    def refused(self, request: wire.GenerateRequest) -> tuple[grpc.StatusCode, str]:
        """Status and ErrorInfo.reason of a request that must fail."""
        try:
            self.generate(request)
        except grpc.RpcError as error:
            return error.code(), reason_of(error)
        raise AssertionError("the request was not refused")

    def close(self) -> None:
        self.channel.close()


def reason_of(error: grpc.RpcError) -> str:
    """`reason` of the error's google.rpc.ErrorInfo, which every error of ours carries."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            assert info.domain == "seedbed.dev"
            return info.reason
    raise AssertionError(f"no ErrorInfo: {error}")


def details_of(error: grpc.RpcError) -> set[str]:
    """Names of the error's google.rpc details."""
    status = rpc_status.from_call(error)
    return {detail.TypeName().removeprefix("google.rpc.") for detail in status.details} if status else set()


@contextmanager
def connected(address: str, api_key: str | None) -> Iterator[PublicGrpc]:
    client = PublicGrpc(address, api_key)
    try:
        yield client
    finally:
        client.close()
