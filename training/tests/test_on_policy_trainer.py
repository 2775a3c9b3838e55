"""The loop of on-policy learning: what its anchors add, and that it goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seedbed_training import checkpoint
from seedbed_training.dataset import Dataset, write
from seedbed_training.export import contract_document
from seedbed_training.flops import training_flops
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import BLOCK_DIFFUSION
from seedbed_training.on_policy import OnPolicyConfig
from seedbed_training.on_policy_trainer import OnPolicyTrainer
from seedbed_training.passes import MASK
from seedbed_training.prefetch import DrawnBatches
from seedbed_training.sampler.contract import Contract
from seedbed_training.seedling import FACTS
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.trainer import new_model

TOKENIZER = Path(__file__).parents[2] / "triton-models/repository/seedling-v1/1/tokenizer.json"
CONFIG = ModelConfig(width=32, layers=2, heads=4, kv_heads=2, ffn_width=48)
# Below what a drawn model gives a token, so that its answers take few rounds.
POLICY = OnPolicyConfig(steps=3, prompts=2, group=2, updates=2, threshold=1e-4, anchor_tokens=200)


@pytest.fixture(scope="module")
def anchors(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("anchors")
    random = np.random.default_rng(0)
    totals = random.integers(12, 40, 1100)
    write(folder, [(random.integers(3, 2048, total), total // 3) for total in totals])
    return Dataset(folder)


def new_trainer(verifier, anchors: Dataset | None, **changes) -> OnPolicyTrainer:
    model = new_model(CONFIG, seed=2).with_marker(MASK)
    contract = Contract.of(contract_document(model.config, FACTS))
    tokenizer = SeedbedTokenizer(TOKENIZER)
    config = replace(POLICY, **changes)
    return OnPolicyTrainer(model, contract, tokenizer, verifier, config, anchors=anchors)


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(verifier, anchors, tmp_path):
    whole = new_trainer(verifier, anchors)
    for _ in range(3):
        whole.update()
    first = new_trainer(verifier, anchors)
    first.update()
    checkpoint.save(tmp_path / "cut.pt", first.state())
    second = new_trainer(verifier, anchors)
    second.restore(checkpoint.load(tmp_path / "cut.pt"))
    for _ in range(2):
        second.update()
    assert (second.step, second.flops) == (whole.step, whole.flops)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name
        assert torch.equal(whole.average[name], second.average[name]), name


def test_each_update_learns_other_anchors_and_counts_what_they_cost(verifier, anchors):
    alone, anchored = new_trainer(verifier, None), new_trainer(verifier, anchors)
    before = {name: value.clone() for name, value in alone.model.state_dict().items()}
    without, measured = alone.update(), anchored.update()
    # No answer of this model is right, so nothing but anchors has a gradient.
    assert without["pass_at_1"] == without["norm"] == 0 < measured["norm"]
    assert measured["anchor_masked"] > 0 and measured["anchor_next_token"] > 0
    for name, value in alone.model.state_dict().items():
        assert torch.equal(value, before[name]), name
    batches = DrawnBatches(anchors, BLOCK_DIFFUSION, CONFIG.vocab_size, POLICY.seed, 200)
    passes = [batches[number].batch for number in range(POLICY.updates)]
    assert not torch.equal(passes[0].token_ids, passes[1].token_ids)
    cost = sum(training_flops(anchored.model.config, batch) for batch in passes)
    assert anchored.flops == alone.flops + cost


def test_other_settings_do_not_resume_a_checkpoint(verifier, anchors):
    state = new_trainer(verifier, anchors).state()
    with pytest.raises(ValueError, match=r"anchor_tokens .* 300 \(expected: 200\)"):
        new_trainer(verifier, anchors, anchor_tokens=300).restore(state)
    del state["on_policy_config"]["anchor_tokens"]  # of before there were any
    with pytest.raises(ValueError, match=r"anchor_tokens .* 200 \(expected: 512\)"):
        new_trainer(verifier, anchors).restore(state)
