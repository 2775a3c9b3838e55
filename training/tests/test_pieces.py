"""A checkpoint in pieces is whole or the former one, and damage is named."""

from __future__ import annotations

import json

import pytest
import torch

from seedbed_training import checkpoint, pieces


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1000)


def test_a_file_in_pieces_is_read_back_and_no_piece_is_larger_than_the_limit(tmp_path):
    content = bytes(range(256)) * 10
    pieces.write(tmp_path, content)
    assert pieces.read(tmp_path) == content
    sizes = sorted(path.stat().st_size for path in tmp_path.glob("*.piece"))
    assert sizes == [560, 1000, 1000]


def test_a_shorter_file_leaves_nothing_of_a_longer_one(tmp_path):
    pieces.write(tmp_path, b"a" * 5000)
    pieces.write(tmp_path, b"b" * 10)
    assert pieces.read(tmp_path) == b"b" * 10
    assert len(list(tmp_path.glob("*.piece"))) == 1


def test_a_crash_before_the_manifest_leaves_the_former_content(tmp_path, monkeypatch):
    pieces.write(tmp_path, b"former" * 500)
    monkeypatch.setattr(pieces.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("crash")))
    with pytest.raises(OSError, match="crash"):
        pieces.write(tmp_path, b"later" * 500)
    assert pieces.read(tmp_path) == b"former" * 500


def test_a_damaged_and_a_missing_piece_are_named(tmp_path):
    pieces.write(tmp_path, b"x" * 1500)
    first, second = json.loads((tmp_path / pieces.MANIFEST).read_text())["pieces"]
    (tmp_path / first["name"]).write_bytes(b"y" * 1000)
    with pytest.raises(ValueError, match=f"sha256 of .*{first['name']}"):
        pieces.read(tmp_path)
    pieces.write(tmp_path, b"z" * 1500)
    _, second = json.loads((tmp_path / pieces.MANIFEST).read_text())["pieces"]
    (tmp_path / second["name"]).unlink()
    with pytest.raises(FileNotFoundError, match=second["name"]):
        pieces.read(tmp_path)


def test_a_folder_without_pieces_is_refused(tmp_path):
    assert not pieces.exists(tmp_path)
    with pytest.raises(FileNotFoundError, match=pieces.MANIFEST):
        pieces.read(tmp_path)


def test_a_checkpoint_goes_to_one_file_or_to_pieces_by_its_name(tmp_path):
    state = {"step": 7, "average": {"weight": torch.arange(2000.0)}}
    for path in (tmp_path / "one.pt", tmp_path / "many"):
        assert not checkpoint.exists(path)
        checkpoint.save(path, state)
        assert checkpoint.exists(path)
        loaded = checkpoint.load(path)
        assert loaded["step"] == 7
        assert torch.equal(loaded["average"]["weight"], state["average"]["weight"])
    assert (tmp_path / "one.pt").is_file()
    assert len(list((tmp_path / "many").glob("*.piece"))) > 5
