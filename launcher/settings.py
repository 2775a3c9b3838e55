"""Where everything lives, and on which ports it listens."""

import argparse
import os
import re
from dataclasses import dataclass, fields
from pathlib import Path

from launcher.screen import LauncherError

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


# What `seedling` answers with unless a request pins another version: the one place that says so.
DEFAULT_VERSION = "seedling-v3"


def versions_in(repository: Path, model: str) -> tuple[str, ...]:
    """Versions of the model that the repository holds: its folders `<model>-v<number>`, in the order of their numbers.

    Folders of other names are left alone: whoever put them there registers and loads them through the admin API.
    """
    numbers = {}
    for weights in repository.glob(f"{model}-v*/1/model.gguf"):
        if match := re.fullmatch(rf"{re.escape(model)}-v(\d+)", weights.parents[1].name):
            numbers[match[0]] = int(match[1])
    return tuple(sorted(numbers, key=numbers.__getitem__))


@dataclass(frozen=True)
class Settings:
    """One checkout's build products (`build_home`) and one running stack's state (`home`)."""

    home: Path
    ports: Ports
    host: str = "127.0.0.1"

    # Build products belong to the checkout: several stacks share them.
    build_home: Path = ROOT / ".seedbed"
    model_repository: Path = ROOT / "triton-models" / "repository"
    model_version: str = DEFAULT_VERSION  # the default of `model`
    model: str = "seedling"
    otlp_endpoint: str | None = None  # of a collector of traces; then every request is traced

    @property
    def versions(self) -> tuple[str, ...]:
        """All that `up` registers and loads, the default first."""
        others = (name for name in versions_in(self.model_repository, self.model) if name != self.model_version)
        return (self.model_version, *others)

    def files_of(self, version: str) -> Path:
        """Folder of a version's contract, weights and tokenizer. Raises LauncherError for one that the repository does not hold."""
        files = self.model_repository / version / "1"
        if not (files / "model.gguf").exists():
            held = ", ".join(versions_in(self.model_repository, self.model)) or "none"
            raise LauncherError(f"model version not found: {version} (expected one below {self.model_repository}: {held})")
        return files

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def demo_env(self) -> Path:
        return self.home / "demo.env"

    def running(self) -> dict[str, str]:
        """What `up` tells of the stack that runs, by the names of demo.env. Raises LauncherError when none does."""
        if not self.demo_env.exists():
            raise LauncherError("nothing is up: ./seedbed up --detach starts the stack")
        return dict(line.split("=", 1) for line in self.demo_env.read_text().splitlines() if line)

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.ports.http}"


def default_home() -> Path:
    """State directory of the stack: $SEEDBED_HOME, else .seedbed in the checkout."""
    return Path(os.environ.get("SEEDBED_HOME") or ROOT / ".seedbed").resolve()
