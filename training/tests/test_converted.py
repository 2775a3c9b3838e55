"""The committed versions of converted checkpoints, and what they decode, against transformers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from seedbed_training.conversion.configuration import Configuration
from seedbed_training.conversion.conventions import BY_NAME
from seedbed_training.conversion.weights import source_names
from seedbed_training.golden_converted import (
    SOURCES,
    difference_from_transformers,
    hugging_face_model,
    write_source,
)
from seedbed_training.golden_tiny import hugging_face_logits
from seedbed_training.sampler.contract import BLOCK_CAUSAL, FULL, Contract, Parameters
from seedbed_training.sampler.decoding import generate
from seedbed_training.sampler.rounds import Slice
from seedbed_training.stored_model import StoredModel

GOLDEN = Path(__file__).resolve().parents[2] / "triton-models" / "golden"
DIFFUSION = [source for source in SOURCES if BY_NAME[source.type].has_mask]


def of_type(source):
    return source.type


@pytest.mark.parametrize("source", SOURCES, ids=of_type)
def test_a_committed_version_promises_the_logits_of_transformers(source):
    folder = GOLDEN / source.folder_name
    assert difference_from_transformers(folder, hugging_face_model(source)) < 1e-4
    contract = json.loads((folder / "contract.json").read_text())
    for file, digest in contract["sha256"].items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest, file
    traces = json.loads((folder / "golden.json").read_text())["traces"]
    assert len(traces) == 2
    assert all(trace["margin"] > 2 * contract["tolerance"] for trace in traces)
    assert contract["shift_logits"] == (source.type in ("dream", "fast_dllm_v2"))


@pytest.mark.parametrize("source", DIFFUSION, ids=of_type)
def test_a_converted_model_writes_what_plain_denoising_with_transformers_writes(source, tmp_path):
    contract = _endless(Contract.load(GOLDEN / source.folder_name / "contract.json"))
    model = write_source(tmp_path, source)
    stored = StoredModel(
        GOLDEN / source.folder_name / "model.gguf",
        Configuration.load(tmp_path).model_config(BY_NAME[source.type], contract.context_length),
    )
    size = 4 if contract.attention == FULL else contract.block_size
    for length in (1, size, size + 3):
        prompt = np.random.default_rng(length).integers(3, 250, length).tolist()
        end = (len(prompt) if contract.attention == FULL else 0) + 3 * size
        parameters = Parameters(
            max_tokens=end - length, threshold=0.5, steps=1, block_size=size, draft_length=1
        )
        decoded = generate(contract, prompt, parameters, stored).token_ids
        assert decoded == _denoise(model, contract, prompt, end, parameters)


def _endless(contract: Contract) -> Contract:
    return replace(contract, forbidden_output=(*contract.forbidden_output, 1))


def _denoise(model, contract: Contract, prompt: list[int], end: int, parameters) -> list[int]:
    """The whole text again in every step, and the shift over the whole text, as the authors'
    own code has it."""
    size = parameters.block_size
    first = len(prompt) if contract.attention == FULL else 0
    grid = size if contract.attention == BLOCK_CAUSAL else None
    tokens = [*prompt, *[contract.mask_token_id] * (end - len(prompt))]
    undecided = set(range(len(prompt), end))
    for block in range(first, end, size):
        seen = end if grid is None else block + size
        clean = 0 if grid is None else seen
        while undecided & set(range(block, block + size)):
            text = tuple(tokens[:seen])
            logits = torch.from_numpy(hugging_face_logits(model, Slice((), text, clean, 0, grid)))
            if contract.shift_logits:
                logits = torch.cat([logits[:1], logits[:-1]])
            logits[:, list(contract.forbidden_output)] = -torch.inf
            confidence, ids = logits.double().softmax(-1).max(-1)
            left = sorted(undecided & set(range(block, block + size)))
            sure = [i for i in left if confidence[i] > parameters.threshold]
            for i in sure or [max(left, key=lambda i: float(confidence[i]))]:
                tokens[i] = int(ids[i])
                undecided.remove(i)
    return tokens[len(prompt) :]


@pytest.mark.parametrize("source", SOURCES, ids=of_type)
def test_every_tensor_of_a_checkpoint_is_in_its_version_once(source, tmp_path):
    model = write_source(tmp_path, source)
    config = Configuration.load(tmp_path).model_config(BY_NAME[source.type], 256)
    stored = gguf.GGUFReader(GOLDEN / source.folder_name / "model.gguf").tensors
    assert {each.name for each in stored} == set(source_names(config))
    assert sum(each.n_elements for each in stored) == sum(p.numel() for p in model.parameters())
