"""Model versions in a repository: copies of the tiny checkpoints, changed where a test needs it."""

import hashlib
import json
import shutil
from pathlib import Path

from gguf import GGUFReader

TRITON_MODELS = Path(__file__).resolve().parents[2]
GOLDEN = TRITON_MODELS / "golden"
CONFIG = TRITON_MODELS / "repository" / "seedling-v1" / "config.pbtxt"
# With these a test model needs little memory and no more threads than the smallest machine has.
SMALL_SETTINGS = {"threads": 1, "arena_positions": 20000, "max_inflight": 128}


def tiny_checkpoint(attention: str) -> Path:
    """The first tiny checkpoint of this kind that the golden folder holds."""
    for folder in sorted(GOLDEN.glob("tiny-*")):
        if json.loads((folder / "contract.json").read_text())["attention"] == attention:
            return folder
    raise FileNotFoundError(f"no tiny checkpoint with attention {attention} in {GOLDEN}")


class ModelVersion:
    """One version's folder in a repository, named after its Triton model."""

    def __init__(self, repository: Path, name: str, checkpoint: Path, **settings: object) -> None:
        self.name = name
        self.folder = repository / name
        self.files = self.folder / "1"
        shutil.copytree(checkpoint, self.files)
        self.configure(**settings)

    def configure(self, **settings: object) -> None:
        head = CONFIG.read_text().split("# Threads of one forward pass")[0]
        parameters = (
            f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}'
            for key, value in {**SMALL_SETTINGS, **settings}.items()
        )
        (self.folder / "config.pbtxt").write_text(head + "\n".join(parameters) + "\n")

    @property
    def contract(self) -> dict:
        return json.loads((self.files / "contract.json").read_text())

    @property
    def golden(self) -> dict:
        return json.loads((self.files / "golden.json").read_text())

    def change_contract(self, **fields: object) -> None:
        (self.files / "contract.json").write_text(json.dumps({**self.contract, **fields}))

    def change_golden(self, golden: dict) -> None:
        (self.files / "golden.json").write_text(json.dumps(golden))
        self.seal()

    def seal(self) -> None:
        """Writes the digests of the files as they are now, so that only their content can refuse the version."""
        digests = {
            name: hashlib.sha256((self.files / name).read_bytes()).hexdigest() for name in self.contract["sha256"]
        }
        self.change_contract(sha256=digests)

    def lengthen_context(self, positions: int) -> None:
        """A stream that lasts: RoPE needs no weights for positions that the checkpoint was not made for."""
        reader = GGUFReader(self.files / "model.gguf", mode="r+")
        field = reader.get_field(f"{self.contract['architecture']}.context_length")
        field.parts[field.data[0]][0] = positions
        reader.data.flush()
        self.seal()
        self.change_contract(context_length=positions)
