"""A real server on free ports, and what it tells about itself."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import tritonclient.grpc as triton

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "serve"))
from triton_server import TritonServer

PATIENCE_SECONDS = 60.0

# Of glibc: what is freed goes back to the system, so that resident memory tells what is held and not what once was.
MEMORY_GOES_BACK = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
}


class RunningTriton:
    def __init__(
        self, repository: Path, log: Path, environment: Mapping[str, str] = MappingProxyType({}), **options: object
    ) -> None:
        http, grpc, metrics = _free_ports(3)
        self.server = TritonServer(
            repository=repository, http_port=http, grpc_port=grpc, metrics_port=metrics, **options
        )
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                self.server.command(), env={**self.server.environment(), **environment}, stdout=output, stderr=output
            )
        try:
            self.server.wait_until_ready(PATIENCE_SECONDS, lambda: self.process.poll() is None)
        except Exception as error:
            self.kill()
            raise AssertionError(f"{error}\n{log.read_text(errors='replace')[-4000:]}") from error
        self.control = triton.InferenceServerClient(self.grpc_address)

    @property
    def repository(self) -> Path:
        return self.server.repository

    @property
    def grpc_address(self) -> str:
        return f"{self.server.address}:{self.server.grpc_port}"

    @property
    def http_address(self) -> str:
        return f"http://{self.server.address}:{self.server.http_port}"

    def metrics_page(self) -> str:
        with urllib.request.urlopen(
            f"http://{self.server.address}:{self.server.metrics_port}/metrics", timeout=10
        ) as page:
            return page.read().decode()

    def metric(self, name: str, **labels: str) -> float | None:
        """None when no version shows it; otherwise the sum over the lines that have these labels."""
        values = []
        for match in re.finditer(rf"^block_diffusion_{name}{{(.*)}} (\S+)$", self.metrics_page(), re.MULTILINE):
            shown = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
            if labels.items() <= shown.items():
                values.append(float(match[2]))
        return sum(values) if values else None

    def wait_for(self, condition: Callable[[], bool], description: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"never happened: {description}\n{self.metrics_page()}")
            time.sleep(0.02)

    def wait_until_idle(self, model: str, *, ended: int) -> None:
        """Waits until so many requests have ended since the version was loaded, and nothing is held.

        The page lags behind the engine; that the count has arrived says that the other figures are from after it.
        """

        def idle() -> bool:
            return all(self.metric(name, model=model) == 0 for name in ("inflight", "waiting", "kv_positions_used"))

        self.wait_for(
            lambda: self.metric("requests_total", model=model) == ended, f"{ended} requests to {model} have ended"
        )
        self.wait_for(idle, f"{model} holds no request and no KV")

    def allocated_bytes(self) -> int:
        """Resident memory that no file backs."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)[1])

    def terminate(self, timeout_seconds: float) -> int:
        """SIGTERM; the exit status, or TimeoutExpired."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()
