"""A collector of OpenTelemetry traces over HTTP, in this process."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    service: str
    name: str
    trace_id: str  # lower-case hexadecimal
    parent_id: str
    text: str  # the whole span as JSON


class Collector:
    def __init__(self) -> None:
        self.spans: list[Span] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.spans += spans_of(body, self.headers["Content-Type"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of_trace(self, trace_id: str) -> list[Span]:
        return [span for span in self.spans if span.trace_id == trace_id]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def spans_of(body: bytes, content_type: str) -> Iterator[Span]:
    """Triton sends JSON, whose ids are hexadecimal; the Java processes send protobuf, whose ids are bytes."""
    if content_type.startswith("application/json"):
        for resource in json.loads(body)["resourceSpans"]:
            service = next(one["value"]["stringValue"] for one in resource["resource"]["attributes"] if one["key"] == "service.name")
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    yield Span(service, span["name"], span["traceId"], span.get("parentSpanId", ""), json.dumps(span))
        return
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(service, span.name, span.trace_id.hex(), span.parent_span_id.hex(), json_format.MessageToJson(span))


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    try:
        yield collector
    finally:
        collector.close()
