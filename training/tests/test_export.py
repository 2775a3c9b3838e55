"""A written model version holds the weights it was made from, in llama.cpp's names and layout."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from jinja2 import Environment

from seedbed_training.draft_yield import measure
from seedbed_training.export import (
    ContractFacts,
    contract_document,
    interleave_pairs,
    tensors,
    write_version,
)
from seedbed_training.golden_tiny import (
    CHECKPOINTS,
    from_hugging_face,
    hugging_face_logits,
    hugging_face_model,
)
from seedbed_training.model import ModelConfig, rotary_angles, rotate
from seedbed_training.sampler.contract import BLOCK_CAUSAL, CAUSAL_CONTEXT, Contract
from seedbed_training.sampler.rounds import Slice
from seedbed_training.sampler.sources import slice_logits
from seedbed_training.seedling import CHAT_TEMPLATE

GOLDEN = Path(__file__).resolve().parents[2] / "triton-models" / "golden"


@pytest.mark.parametrize(
    "tiny", [tiny for tiny in CHECKPOINTS if tiny.weight_type == "f32"], ids=lambda tiny: tiny.name
)
def test_our_logits_equal_those_of_transformers_under_the_same_mask(tiny):
    source = hugging_face_model(tiny)
    model = from_hugging_face(source)
    grid = 8 if tiny.attention == BLOCK_CAUSAL else None
    for clean, masks in ((16, 0), (0, 8), (16, 8)):
        token_ids = (
            tuple(int(i) for i in np.random.default_rng(clean).integers(3, 300, clean))
            + (2,) * masks
        )
        slice_ = Slice((), token_ids, clean, 0, grid)
        theirs = hugging_face_logits(source, slice_)
        assert theirs.std() > 1  # a mask error must not drown
        np.testing.assert_allclose(slice_logits(model, slice_), theirs, atol=1e-4)


@pytest.mark.parametrize("tiny", CHECKPOINTS, ids=lambda tiny: tiny.name)
def test_a_committed_checkpoint_is_whole_and_holds_the_logits_it_promises(tiny):
    folder = GOLDEN / tiny.name
    contract = json.loads((folder / "contract.json").read_text())
    for file, digest in contract["sha256"].items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest, file
    golden = json.loads((folder / "golden.json").read_text())
    assert len(golden["logits"]) == 3 and golden["traces"]
    assert all(trace["margin"] > 2 * contract["tolerance"] for trace in golden["traces"])
    stored = gguf.GGUFReader(folder / "model.gguf")
    names = {tensor.name for tensor in stored.tensors}
    assert names == set(tensors(from_hugging_face(hugging_face_model(tiny))))
    assert ("blk.0.attn_q.bias" in names) == (tiny.architecture == "qwen2")
    assert ("output.weight" in names) != tiny.tied_embeddings


def test_interleaved_rows_rotate_as_neighbours_the_way_halves_rotate():
    config = ModelConfig(vocab_size=10, width=32, layers=1, heads=2, kv_heads=1, ffn_width=8)
    weight, x = torch.randn(32, 32), torch.randn(32)
    cosine, sine = rotary_angles(config, torch.tensor([[5]]))
    halves = rotate((weight @ x).view(1, 2, 1, 16), cosine, sine).view(2, 16)
    neighbours = (interleave_pairs(weight, 2) @ x).view(2, 8, 2)
    angle = 5 / config.rope_base ** (torch.arange(8) / 8)
    first = neighbours[..., 0] * angle.cos() - neighbours[..., 1] * angle.sin()
    second = neighbours[..., 0] * angle.sin() + neighbours[..., 1] * angle.cos()
    torch.testing.assert_close(torch.cat([first, second], -1), halves)


def test_a_version_has_the_files_and_fields_of_the_docs(tmp_path):
    model = from_hugging_face(hugging_face_model(CHECKPOINTS[0]))
    contract = contract_document(model.config, ContractFacts(CAUSAL_CONTEXT))
    write_version(
        tmp_path / "1", model, "test", "f16", contract, {"format": 1}, "{}", CHAT_TEMPLATE
    )
    written = json.loads((tmp_path / "1" / "contract.json").read_text())
    assert set(written) == {
        "format",
        "architecture",
        "attention",
        "modes",
        "vocab_size",
        "context_length",
        "block_size",
        "max_block_size",
        "mask_token_id",
        "pad_token_id",
        "end_token_ids",
        "forbidden_output",
        "shift_logits",
        "can_edit",
        "compute",
        "default_policy",
        "tolerance",
        "sha256",
    }
    types = {
        tensor.name: tensor.tensor_type.name
        for tensor in gguf.GGUFReader(tmp_path / "1" / "model.gguf").tensors
    }
    assert types["blk.0.attn_q.weight"] == types["token_embd.weight"] == "F16"
    assert types["output_norm.weight"] == "F32"


def test_a_contract_holds_the_draft_yield_only_where_it_was_measured():
    config = ModelConfig(vocab_size=10, width=32, layers=1, heads=2, kv_heads=1, ffn_width=8)
    silent = contract_document(config, ContractFacts(CAUSAL_CONTEXT))
    assert "draft_yield" not in silent and Contract.of(silent).draft_yield == ()
    told = contract_document(config, ContractFacts(CAUSAL_CONTEXT, draft_yield=((4, 3.5), (8, 6))))
    assert told["draft_yield"] == [[4, 3.5], [8, 6]]
    assert Contract.of(json.loads(json.dumps(told))).draft_yield == ((4, 3.5), (8, 6.0))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (None, "draft_yield has the wrong type: None"),
        ([], "draft_yield has the wrong type: []"),
        ([4, 3.5], "draft_yield holds no pair: 4 (expected: [draft_length,"),
        ([[4, 3.5, 1]], "draft_yield holds no pair: [4, 3.5, 1]"),
        ([[4.0, 3.5]], "draft_yield holds no pair: [4.0, 3.5]"),
        ([[4, "3.5"]], "draft_yield holds no pair: [4, '3.5']"),
        ([[0, 1]], "draft_length out of range: 0 (expected: 1..32, ascending)"),
        ([[33, 1]], "draft_length out of range: 33 (expected: 1..32, ascending)"),
        ([[8, 2], [8, 3]], "draft_length out of range: 8 (expected: 9..32, ascending)"),
        ([[8, 0.5]], "tokens per forward pass out of range: 0.5 (expected: 1..8)"),
        ([[8, 8.5]], "tokens per forward pass out of range: 8.5 (expected: 1..8)"),
        ([[8, float("nan")]], "tokens per forward pass out of range: nan (expected: 1..8)"),
    ],
)
def test_an_impossible_draft_yield_is_refused_by_value(pairs, words):
    config = ModelConfig(vocab_size=10, width=32, layers=1, heads=2, kv_heads=1, ffn_width=8)
    document = contract_document(config, ContractFacts(CAUSAL_CONTEXT)) | {"draft_yield": pairs}
    with pytest.raises(ValueError, match=re.escape(words)):
        Contract.of(document)
    without = {**document, "modes": ["diffusion"]}
    with pytest.raises(ValueError, match="draft_yield is given without mode exact"):
        Contract.of(without)


def test_a_measured_draft_yield_is_one_that_a_contract_takes_and_grows_with_the_draft():
    tiny = next(each for each in CHECKPOINTS if each.attention == CAUSAL_CONTEXT)
    model = from_hugging_face(hugging_face_model(tiny))
    document = contract_document(
        model.config, ContractFacts(CAUSAL_CONTEXT, block_size=8, max_block_size=8)
    )
    document["context_length"] = 40  # so that answers are short
    prompts = [[5, 6, 7 + number] for number in range(3)]
    measured = measure(model, Contract.of(document), prompts, lengths=(1, 8, 9))
    assert [length for length, _ in measured] == [1, 8]  # 9 is not offered
    assert measured[0][1] == 1 <= measured[1][1]
    assert (
        Contract.of(document | {"draft_yield": list(map(list, measured))}).draft_yield == measured
    )
    assert measure(model, Contract.of(document), []) == ()


@pytest.mark.parametrize(
    ("content", "prompt"),
    [
        (
            "Returns the sum of xs.\nstatic int f(int[] xs)",
            "/** Returns the sum of xs. */\nstatic int f(int[] xs) {",
        ),
        (
            "Returns the sum of xs.\nstatic int f(int[] xs) {\n",
            "/** Returns the sum of xs. */\nstatic int f(int[] xs) {",
        ),
        ("/** Sum. */\nstatic int f(int[] xs) {", "/** Sum. */\nstatic int f(int[] xs) {"),
        ("Returns the sum of xs.", "/** Returns the sum of xs. */\nstatic"),
    ],
)
def test_the_chat_template_writes_the_prompt_the_model_was_trained_on(content, prompt):
    messages = [
        {"role": "user", "content": "earlier"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": content},
    ]
    assert Environment().from_string(CHAT_TEMPLATE).render(messages=messages) == prompt
