"""Versions made from the shipped one, whole or spoilt, and the adapter calls that load and use them."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc_stubs  # noqa: F401
from seedbed.inference.v1 import inference_pb2 as wire
from seedbed.inference.v1 import inference_pb2_grpc

# The model's default, which comes first; Endpoints.of() says it where the environment says nothing.
SHIPPED = os.environ.get("SEEDBED_MODEL_VERSIONS", "").split(",")[0]


def copy(repository: Path, name: str, spoil: Callable[[Path], None] | None = None) -> None:
    """A version of that name with the shipped files, then spoilt; the digests of its contract are made to fit again."""
    folder = repository / name
    shutil.copytree(repository / SHIPPED, folder)
    files = folder / "1"
    if spoil is not None:
        spoil(files)
        contract = json.loads((files / "contract.json").read_text())
        contract["sha256"] = {file: hashlib.sha256((files / file).read_bytes()).hexdigest() for file in contract["sha256"]}
        (files / "contract.json").write_text(json.dumps(contract))


def shorten_golden(files: Path) -> None:
    """Keeps of the self-test what a load needs at least: the test is not about it."""
    change(files / "golden.json", lambda golden: golden.update(logits=golden["logits"][:1], traces=golden["traces"][:1]))


def truncate_weights(files: Path) -> None:
    weights = files / "model.gguf"
    with weights.open("r+b") as file:
        file.truncate(weights.stat().st_size // 2)


def contradict_weights(files: Path) -> None:
    change(files / "contract.json", lambda contract: contract.update(context_length=contract["context_length"] + 1))


def forget_the_mask(files: Path) -> None:
    change(files / "contract.json", lambda contract: contract.pop("mask_token_id"))


def change_golden_token(files: Path) -> None:
    def spoil(golden: dict) -> None:
        tokens = golden["traces"][0]["token_ids"]
        tokens[0] = (tokens[0] + 1) % 1000

    change(files / "golden.json", spoil)


def change_golden_logit(files: Path) -> None:
    def spoil(golden: dict) -> None:
        golden["logits"][0]["values"][0][0] += 10.0

    change(files / "golden.json", spoil)


def change(file: Path, spoil: Callable[[dict], object]) -> None:
    content = json.loads(file.read_text())
    spoil(content)
    file.write_text(json.dumps(content))


@dataclass(frozen=True)
class Adapter:
    """The private contract, as the control plane uses it."""

    stub: inference_pb2_grpc.InferenceServiceStub

    def load(self, name: str) -> wire.ModelVersion:
        return self.stub.LoadModelVersion(wire.LoadModelVersionRequest(model_version=name), timeout=120).model_version

    def unload(self, name: str) -> None:
        self.stub.UnloadModelVersion(wire.UnloadModelVersionRequest(model_version=name), timeout=60)

    def versions(self) -> dict[str, wire.ModelVersion]:
        return {version.name: version for version in self.stub.ListModelVersions(wire.ListModelVersionsRequest(), timeout=30).model_versions}

    def open(self, name: str, prompt: str, max_tokens: int = 16, **fields: object) -> grpc.Call:
        request = wire.GenerateRequest(
            request_id="e2e", model_version=name, prompt=prompt, max_tokens=max_tokens, max_positions=1_000_000, tenant="e2e", **fields
        )
        return self.stub.Generate(request, timeout=120)

    def text(self, name: str, prompt: str) -> str:
        return "".join(message.committed.text for message in self.open(name, prompt))

    def status(self, name: str, prompt: str) -> grpc.StatusCode:
        """OK, or the status that the generation fails with."""
        try:
            self.text(name, prompt)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK


@contextmanager
def adapter(address: str) -> Iterator[Adapter]:
    with grpc.insecure_channel(address) as channel:
        yield Adapter(inference_pb2_grpc.InferenceServiceStub(channel))
