"""A file in pieces: a folder of numbered files of at most `PIECE_BYTES`, with a manifest.

Pieces pass where a whole checkpoint is too large for one file. The manifest (`manifest.json`: bytes
and sha256 of the whole, name, bytes and sha256 of each piece) is replaced last and atomically, and
the pieces that it replaces are removed after that; so a crash leaves what stood there before.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

PIECE_BYTES = 16_000_000
MANIFEST = "manifest.json"


def write(folder: Path, content: bytes | memoryview) -> None:
    """Replaces what `folder` holds."""
    folder.mkdir(parents=True, exist_ok=True)
    content = memoryview(content)
    whole = hashlib.sha256(content).hexdigest()
    pieces = []
    for first in range(0, max(1, len(content)), PIECE_BYTES):
        part = content[first : first + PIECE_BYTES]
        # Named by the content, so that no piece of the former content is written over.
        name = f"{len(pieces):04d}-{whole[:12]}.piece"
        _write_to_disk(folder / name, part)
        digest = hashlib.sha256(part).hexdigest()
        pieces.append({"name": name, "bytes": len(part), "sha256": digest})
    manifest = {"bytes": len(content), "sha256": whole, "pieces": pieces}
    unfinished = folder / (MANIFEST + ".unfinished")
    _write_to_disk(unfinished, json.dumps(manifest, indent=1).encode() + b"\n")
    os.replace(unfinished, folder / MANIFEST)
    kept = {piece["name"] for piece in pieces}
    for piece in folder.glob("*.piece"):
        if piece.name not in kept:
            piece.unlink()


def read(folder: Path) -> bytes:
    """The content of `folder`; refuses pieces that are missing or damaged."""
    if not (folder / MANIFEST).exists():
        raise FileNotFoundError(f"{folder / MANIFEST} is missing (expected: a file in pieces)")
    manifest = json.loads((folder / MANIFEST).read_text())
    content = io.BytesIO()
    for piece in manifest["pieces"]:
        path = folder / piece["name"]
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing (expected: {piece['bytes']} bytes)")
        part = path.read_bytes()
        found = hashlib.sha256(part).hexdigest()
        if found != piece["sha256"]:
            raise ValueError(f"sha256 of {path}: {found} (expected: {piece['sha256']})")
        content.write(part)
    return content.getvalue()


def exists(folder: Path) -> bool:
    return (folder / MANIFEST).exists()


def _write_to_disk(path: Path, content: bytes | memoryview) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
