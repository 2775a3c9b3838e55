"""Starts the Triton Inference Server that third_party/fetch_triton.py unpacked, with the block_diffusion backend.

Needs nothing but Python's standard library. From the shell:
`python3 triton-models/serve/triton_server.py --load-model seedling-v1`.
A supervisor takes `command()` and `environment()` and runs them itself.
"""

import argparse
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class TritonServer:
    """What one server process is started with. Ports are TCP ports; address is what all three listeners bind to."""

    triton: Path = ROOT / ".seedbed" / "third_party" / "triton"
    backends: Path = ROOT / ".seedbed" / "build" / "native" / "backends"
    repository: Path = ROOT / "triton-models" / "repository"
    load_model: tuple[str, ...] = ()
    address: str = "127.0.0.1"
    http_port: int = 8000
    grpc_port: int = 8001
    metrics_port: int = 8002
    # How long SIGTERM may take. The backend ends streams in flight a second before; a client that keeps its call open
    # even then holds the process up, so a supervisor kills it some time after.
    exit_timeout_seconds: int = 3
    # Settings of the backend that all versions share (triton-models/README.md).
    backend_config: dict[str, str] = field(default_factory=dict)
    log_verbose: int = 0
    # Of a collector of OpenTelemetry traces, for example http://127.0.0.1:4318/v1/traces; empty: nothing is traced.
    otlp_endpoint: str = ""

    def command(self) -> list[str]:
        return [
            str(self.triton / "pytriton" / "tritonserver" / "bin" / "tritonserver"),
            f"--model-repository={self.repository}",
            f"--backend-directory={self.backends}",
            "--model-control-mode=explicit",
            "--disable-auto-complete-config",
            # A version that refuses to load must not take the others down with it.
            "--exit-on-error=false",
            "--strict-readiness=false",
            *(f"--load-model={name}" for name in self.load_model),
            *(f"--backend-config=block_diffusion,{name}={value}" for name, value in self._backend_config().items()),
            f"--http-address={self.address}",
            f"--http-port={self.http_port}",
            f"--grpc-address={self.address}",
            f"--grpc-port={self.grpc_port}",
            f"--metrics-address={self.address}",
            f"--metrics-port={self.metrics_port}",
            "--allow-gpu-metrics=false",
            "--allow-cpu-metrics=false",
            # A peer that vanished without a word is noticed within the sum of these two.
            "--grpc-keepalive-time=10000",
            "--grpc-keepalive-timeout=5000",
            f"--exit-timeout-secs={self.exit_timeout_seconds}",
            "--pinned-memory-pool-byte-size=0",
            "--log-format=ISO8601",
            f"--log-verbose={self.log_verbose}",
            *self._tracing(),
        ]

    def _backend_config(self) -> dict[str, str]:
        drain_ms = max(0, self.exit_timeout_seconds - 1) * 1000
        return {"drain_ms": str(drain_ms), **self.backend_config}

    def _tracing(self) -> list[str]:
        if not self.otlp_endpoint:
            return []
        settings = ("mode=opentelemetry", "level=TIMESTAMPS", "rate=1", f"opentelemetry,url={self.otlp_endpoint}", "opentelemetry,resource=service.name=triton")
        return [f"--trace-config={setting}" for setting in settings]

    def environment(self) -> dict[str, str]:
        """The caller's environment with the server's own libraries first."""
        libraries = [str(self.triton / "nvidia_pytriton.libs"), os.environ.get("LD_LIBRARY_PATH", "")]
        return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries))}

    def is_ready(self) -> bool:
        """True when the server answers; says nothing about any model."""
        return _answers(f"http://{self.address}:{self.http_port}/v2/health/ready")

    def is_model_ready(self, name: str) -> bool:
        return _answers(f"http://{self.address}:{self.http_port}/v2/models/{name}/ready")

    def wait_until_ready(self, timeout_seconds: float, is_alive: Callable[[], bool] = lambda: True) -> None:
        """Raises TimeoutError, or ChildProcessError as soon as `is_alive` says that nothing is left to wait for."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready():
            if not is_alive():
                raise ChildProcessError("Triton exited before it was ready")
            if time.monotonic() > deadline:
                raise TimeoutError(f"Triton was not ready in time: {timeout_seconds} s")
            time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _parse(arguments: list[str] | None = None) -> TritonServer:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    defaults = TritonServer()
    for option in fields(TritonServer):
        default = getattr(defaults, option.name)
        flag = "--" + option.name.replace("_", "-")
        if option.name == "load_model":
            parser.add_argument(
                flag, action="append", default=[], metavar="NAME", help="version to load at start, may be repeated"
            )
        elif option.name == "backend_config":
            parser.add_argument(
                flag, action="append", default=[], metavar="NAME=VALUE", help="setting of the backend, may be repeated"
            )
        else:
            parser.add_argument(flag, type=type(default) if not isinstance(default, Path) else Path, default=default)
    options = vars(parser.parse_args(arguments))
    options["load_model"] = tuple(options["load_model"])
    options["backend_config"] = dict(entry.split("=", 1) for entry in options["backend_config"])
    return TritonServer(**options)


def main() -> None:
    server = _parse()
    command = server.command()
    os.execve(command[0], command, server.environment())


if __name__ == "__main__":
    main()
