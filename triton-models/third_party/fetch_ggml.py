#!/usr/bin/env python3
"""Puts the sources of ggml, nlohmann/json and SHA-256 under .seedbed/third_party/ggml, from the sdist in requirements-ggml.txt.

Does nothing when those very sources are already there. The folder appears complete or not at all.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements-ggml.txt"
DEFAULT_TARGET = HERE.parents[1] / ".seedbed" / "third_party" / "ggml"
ROOT = PurePosixPath("vendor/llama.cpp")  # inside the sdist's own folder
WANTED = ("ggml/", "vendor/nlohmann/", "vendor/hash/", "licenses/", "LICENSE")
STAMP = "requirements.txt"


def is_complete(target: Path) -> bool:
    stamp = target / STAMP
    return stamp.is_file() and stamp.read_bytes() == REQUIREMENTS.read_bytes()


def download(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
         "--no-binary=llama-cpp-python", f"--dest={folder}", f"--requirement={REQUIREMENTS}"],
        check=True,
    )  # fmt: skip
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


def unpack(sdist: Path, folder: Path) -> None:
    with tarfile.open(sdist) as archive:
        for member in archive:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if not member.isfile() or not path.is_relative_to(ROOT):
                continue
            name = str(path.relative_to(ROOT))
            if not name.startswith(WANTED) or ".." in path.parts:
                continue
            destination = folder / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.extractfile(member) as source, destination.open("wb") as out:
                shutil.copyfileobj(source, out)
    if not (folder / "ggml/CMakeLists.txt").is_file():
        sys.exit(f"no ggml source in {sdist.name} (expected: {ROOT}/ggml)")


def fetch(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".ggml-") as scratch:
        unpacked = Path(scratch, "ggml")
        unpacked.mkdir()
        unpack(download(Path(scratch, "sdist")), unpacked)
        shutil.copyfile(REQUIREMENTS, unpacked / STAMP)
        if target.exists():  # another version, or a fetch that ran at the same time
            os.rename(target, Path(scratch, "replaced"))
        with contextlib.suppress(FileExistsError):
            os.rename(unpacked, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=DEFAULT_TARGET, help=f"folder to create (default: {DEFAULT_TARGET})")
    target = parser.parse_args().target.resolve()
    if is_complete(target):
        return
    print(f"fetching ggml into {target} (78 MB)", file=sys.stderr)
    try:
        fetch(target)
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip could not download the source in {REQUIREMENTS.name}: exit status {error.returncode}")


if __name__ == "__main__":
    main()
