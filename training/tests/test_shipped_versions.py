"""Every version in the repository: whole, and the reference sampler writes what its golden says.

The engine replays the same golden when it loads a version, so that this is equality of Python and
C++ on each of them; engine/tests and e2e/ do their part without naming a version either.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from seedbed_training.sampler.contract import Contract, Parameters
from seedbed_training.sampler.together import decode_together
from seedbed_training.stored_model import StoredModel, stored_config

REPOSITORY = Path(__file__).resolve().parents[2] / "triton-models" / "repository"
VERSIONS = sorted(file.parent for file in REPOSITORY.glob("*/1/contract.json"))


@pytest.fixture(params=VERSIONS, ids=lambda files: files.parent.name)
def files(request):
    return request.param


def shortest_of_each_kind(traces):
    """By mode, temperature and edits: the engine replays them all, this is slower."""
    kinds = {}
    for trace in sorted(traces, key=lambda trace: -trace["positions_evaluated"]):
        asked = trace["parameters"]
        kinds[asked["mode"], asked["temperature"], asked.get("edit_rounds", 0)] = trace
    return list(kinds.values())


def test_there_are_shipped_versions():
    assert VERSIONS


def test_a_shipped_version_is_whole(files):
    contract = json.loads((files / "contract.json").read_text())
    for file, digest in contract["sha256"].items():
        assert hashlib.sha256((files / file).read_bytes()).hexdigest() == digest, file
    assert (files.parent / "config.pbtxt").exists()


def test_its_golden_shows_every_mode_and_edits_where_it_can_edit(files):
    contract = Contract.load(files / "contract.json")
    golden = json.loads((files / "golden.json").read_text())
    shown = {(trace["parameters"]["mode"], trace["parameters"]["temperature"] > 0)
             for trace in golden["traces"]}  # fmt: skip
    assert {(mode, False) for mode in contract.modes} <= shown
    edited = [trace for trace in golden["traces"] if trace["parameters"].get("edit_rounds", 0)]
    assert bool(edited) == contract.can_edit


def test_the_reference_sampler_writes_its_golden_tokens(files):
    contract = Contract.load(files / "contract.json")
    path = files / "model.gguf"
    torch.set_num_threads(1)
    model = StoredModel(path, stored_config(path)).whole()
    traces = shortest_of_each_kind(json.loads((files / "golden.json").read_text())["traces"])
    requests = [(trace["prompt"], Parameters(**trace["parameters"])) for trace in traces]
    ended = dict(decode_together(model, contract, requests, slots=len(requests)))
    for number, trace in enumerate(traces):
        assert ended[number].output == trace["token_ids"], trace["parameters"]
        assert ended[number].work.forward_passes == trace["forward_passes"]
