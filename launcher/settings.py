"""Where everything lives, and on which ports it listens."""

import argparse
import os
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ports:
    """TCP ports, all bound to `Settings.host`."""

    http: int = 8080
    grpc: int = 9090
    adapter: int = 9091
    adapter_management: int = 9092
    triton_http: int = 8000
    triton_grpc: int = 8001
    triton_metrics: int = 8002
    postgres: int = 5544

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        for field in fields(Ports):
            option = "--" + field.name.replace("_", "-") + "-port"
            parser.add_argument(option, type=port_number, default=field.default, metavar="PORT", dest=f"{field.name}_port")

    @staticmethod
    def of(options: argparse.Namespace) -> "Ports":
        return Ports(**{field.name: getattr(options, f"{field.name}_port") for field in fields(Ports)})

    def options(self) -> list[str]:
        return [f"--{field.name.replace('_', '-')}-port={getattr(self, field.name)}" for field in fields(Ports)]


def port_number(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"port out of range: {text} (expected: 1..65535)")


@dataclass(frozen=True)
class Settings:
    """One checkout's build products (`build_home`) and one running stack's state (`home`)."""

    home: Path
    ports: Ports
    host: str = "127.0.0.1"

    # Build products belong to the checkout: several stacks share them.
    build_home: Path = ROOT / ".seedbed"
    model_repository: Path = ROOT / "triton-models" / "repository"
    model_version: str = "seedling-v1"  # the default of `model`
    other_versions: tuple[str, ...] = ()  # registered and loaded beside it, for rollouts
    model: str = "seedling"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def demo_env(self) -> Path:
        return self.home / "demo.env"

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.ports.http}"


def default_home() -> Path:
    """State directory of the stack: $SEEDBED_HOME, else .seedbed in the checkout."""
    return Path(os.environ.get("SEEDBED_HOME") or ROOT / ".seedbed").resolve()
