"""The gRPC stubs of api/, generated once per run. Importing this module makes `seedbed.*` importable."""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from endpoints import ROOT
from grpc_tools import protoc

PROTOS = ROOT / "api" / "src" / "main" / "protobuf"


def _generate() -> None:
    out = Path(tempfile.mkdtemp(prefix="seedbed-stubs-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    files = [str(file.relative_to(PROTOS)) for file in sorted(PROTOS.rglob("*.proto"))]
    if protoc.main(["protoc", f"-I{PROTOS}", f"--python_out={out}", f"--grpc_python_out={out}", *files]) != 0:
        raise RuntimeError(f"protoc failed on {PROTOS}")
    sys.path.insert(0, str(out))


_generate()
