"""Where the stack under test listens, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Endpoints:
    base_url: str
    grpc: str
    api_key: str
    admin_token: str
    adapter_grpc: str
    triton_grpc: str
    triton_http: str
    triton_metrics: str
    model: str
    versions: tuple[str, ...]  # of the model, the default first
    home: Path
    repository: Path

    @staticmethod
    def of(environment: Mapping[str, str] = os.environ) -> "Endpoints":
        def required(name: str) -> str:
            if not environment.get(name):
                raise KeyError(f"environment variable missing: {name} (expected: a stack of its own, as ./seedbed test e2e brings it)")
            return environment[name]

        return Endpoints(
            base_url=required("SEEDBED_BASE_URL"),
            grpc=required("SEEDBED_GRPC"),
            api_key=required("SEEDBED_API_KEY"),
            admin_token=required("SEEDBED_ADMIN_TOKEN"),
            adapter_grpc=required("SEEDBED_ADAPTER_GRPC"),
            triton_grpc=required("TRITON_GRPC"),
            triton_http=required("TRITON_HTTP"),
            triton_metrics=required("TRITON_METRICS"),
            model=required("SEEDBED_MODEL"),
            versions=tuple(required("SEEDBED_MODEL_VERSIONS").split(",")),
            home=Path(required("SEEDBED_HOME")),
            repository=Path(required("SEEDBED_MODEL_REPOSITORY")),
        )
