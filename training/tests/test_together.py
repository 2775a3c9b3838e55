"""Requests decoded together get the tokens that each gets alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from seedbed_training.export import ContractFacts, contract_document
from seedbed_training.model import ModelConfig, Transformer
from seedbed_training.passes import MASK
from seedbed_training.sampler.contract import CAUSAL_CONTEXT, Contract, Parameters
from seedbed_training.sampler.decoding import generate
from seedbed_training.sampler.diffusion_decoder import DiffusionDecoder
from seedbed_training.sampler.drawing import draw
from seedbed_training.sampler.rounds import Slice
from seedbed_training.sampler.sources import ModelLogits
from seedbed_training.sampler.together import decode_together
from seedbed_training.trainer import new_model

CONFIG = ModelConfig(
    vocab_size=40, context_length=128, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48,
    tied_embeddings=False,
)  # fmt: skip
FACTS = ContractFacts(CAUSAL_CONTEXT, can_edit=True)


@pytest.fixture(scope="module")
def model() -> Transformer:
    model = new_model(CONFIG, seed=3).with_marker(MASK)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(6)  # decisions with a margin
        model.visible_marker.normal_(std=0.2, generator=torch.Generator().manual_seed(4))
    return model.eval()


def contract() -> Contract:
    document = contract_document(CONFIG, FACTS)
    return replace(Contract.of(document), max_block_size=16)


def requests() -> list[tuple[list[int], Parameters]]:
    random = np.random.default_rng(5)
    settings = (
        {"mode": "autoregressive"},
        {"mode": "exact", "draft_length": 6},
        {"policy": "threshold", "threshold": 0.3, "block_size": 8},
        {"policy": "confident_prefix", "threshold": 0.5, "temperature": 0.7, "seed": 9},
        {"threshold": 0.1, "edit_threshold": 0.1, "edit_rounds": 4, "temperature": 0.9},
    )
    return [
        (
            random.integers(3, 40, int(random.integers(2, 30))).tolist(),
            Parameters(max_tokens=int(random.integers(4, 40)), **settings[i % len(settings)]),
        )
        for i in range(40)
    ]


def test_requests_decoded_together_end_like_each_alone(model):
    asked = requests()
    ended = dict(decode_together(model, contract(), asked, slots=7, drawing=draw))
    assert sorted(ended) == list(range(len(asked)))
    edits = compared = 0
    for number, (prompt, parameters) in enumerate(asked):
        alone = generate(contract(), prompt, parameters, ModelLogits(model))
        if alone.margin < 2e-6:
            continue  # rounding may decide
        compared += 1
        assert ended[number].output == alone.token_ids, parameters
        assert ended[number].work.as_list() == alone.work
        assert np.allclose(ended[number].confidence, alone.confidence, atol=1e-4)
        edits += alone.work[5]
    assert compared > 30 and edits > 10


def test_a_visible_token_looks_different_from_a_clean_one_when_it_may_be_replaced(model):
    source = ModelLogits(model)
    clean = source.logits(Slice((5, 6), (7,), 1, 0))
    visible = source.logits(Slice((5, 6), (7,), 0, 0))
    asked = source.logits(Slice((5, 6), (7,), 0, 0, edits=True))
    assert np.array_equal(clean, visible)
    assert np.abs(clean - asked).max() > 0.1
    undecided = Slice((5, 6), (MASK,), 0, 0)
    assert np.array_equal(source.logits(undecided), source.logits(replace(undecided, edits=True)))


def test_only_a_request_with_edits_marks_visible_tokens(model):
    for edit_threshold in (1.0, 0.9):
        asked = Parameters(max_tokens=8, block_size=8, edit_threshold=edit_threshold, edit_rounds=1)
        decoder = DiffusionDecoder(contract(), [5, 6], asked)
        decoder.block[0] = 7
        assert decoder.plan().marked(MASK)[2] is (edit_threshold < 1)


def test_a_marker_starts_towards_the_mask_and_leaves_clean_rows_alone():
    plain = new_model(CONFIG, seed=3)
    marked = plain.with_marker(MASK)
    alike = torch.cosine_similarity(marked.visible_marker, plain.embedding.weight[MASK], dim=0)
    assert alike.item() == pytest.approx(1)
    assert marked.visible_marker.norm() < plain.embedding.weight[MASK].norm()
    assert marked.with_marker(MASK) is marked
    slice_ = Slice((), (4, 5, 6), 3, 0)
    assert np.array_equal(ModelLogits(plain).logits(slice_), ModelLogits(marked).logits(slice_))
