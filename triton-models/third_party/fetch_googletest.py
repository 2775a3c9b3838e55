#!/usr/bin/env python3
"""Puts GoogleTest's source under .seedbed/third_party/googletest, for machines without Debian's libgtest-dev.

Takes Debian's package `googletest` by name through apt, checks its digest and unpacks it; needs no root and installs nothing.
Does nothing when that very package is already there. The folder appears complete or not at all.
"""

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "googletest"
VERSION = "1.12.1-0.2"
SHA256 = "927be72067517da503b6538026d451455c9e860f5dbfe237f792543db7d5a928"
DEFAULT_TARGET = Path(__file__).resolve().parents[2] / ".seedbed" / "third_party" / "googletest"
STAMP = "sha256.txt"


def is_complete(target: Path) -> bool:
    stamp = target / STAMP
    return stamp.is_file() and stamp.read_text() == SHA256


def fetch(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".googletest-") as scratch:
        subprocess.run(["apt-get", "download", "-qq", f"{PACKAGE}={VERSION}"], cwd=scratch, check=True)
        (package,) = Path(scratch).glob("*.deb")
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        if digest != SHA256:
            sys.exit(f"digest of {package.name} differs: {digest} (expected: {SHA256})")
        root = Path(scratch, "root")
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
        unpacked = root / "usr" / "src" / "googletest"
        (unpacked / STAMP).write_text(SHA256)
        if target.exists():
            os.rename(target, Path(scratch, "replaced"))
        with contextlib.suppress(FileExistsError):
            os.rename(unpacked, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=DEFAULT_TARGET, help=f"folder to create (default: {DEFAULT_TARGET})")
    target = parser.parse_args().target.resolve()
    if is_complete(target):
        return
    print(f"fetching GoogleTest into {target} (0.5 MB)", file=sys.stderr)
    try:
        fetch(target)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        sys.exit(f"apt could not download {PACKAGE} {VERSION}: {error} (or install it: apt-get install libgtest-dev)")


if __name__ == "__main__":
    main()
