"""The `-sources` jars: a manifest that pins them, and the Java files inside.

A manifest is a JSON list of `{"artifact": "group:name:version", "licence": SPDX id, "sha256": of
the jar}`; the jars lie in one folder under the names that Maven gives them.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Licences that ask for no more than their notice, and code of our own.
LICENCES = ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "own")


@dataclass(frozen=True)
class SourcesJar:
    artifact: str  # group:name:version
    licence: str
    sha256: str

    @property
    def file_name(self) -> str:
        _, name, version = self.artifact.split(":")
        return f"{name}-{version}-sources.jar"


def read_manifest(path: Path) -> list[SourcesJar]:
    jars = [SourcesJar(**entry) for entry in json.loads(path.read_text())]
    for jar in jars:
        if jar.artifact.count(":") != 2:
            raise ValueError(f"artifact: {jar.artifact!r} (expected: group:name:version)")
        if jar.licence not in LICENCES:
            raise ValueError(
                f"licence of {jar.artifact}: {jar.licence} (expected: one of {LICENCES})"
            )
    return jars


def java_files(jar: SourcesJar, folder: Path) -> Iterator[str]:
    """The text of each Java file in order of its name; refuses a jar of another digest."""
    path = folder / jar.file_name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing (expected: {jar.artifact}, sources)")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise ValueError(f"sha256 of {path}: {found} (expected: {jar.sha256})")
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".java"):
                yield archive.read(name).decode("utf-8", errors="replace")
