"""What rows see: no future token, and no clean token of a noisy block's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seedbed_training.dataset import Sample
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import BLOCK_DIFFUSION
from seedbed_training.passes import MASK, Pass, make_pass
from seedbed_training.sampler.rounds import Slice
from seedbed_training.sampler.sources import slice_logits
from seedbed_training.trainer import new_model
from seedbed_training.visibility import slice_visibility

CONFIG = ModelConfig(
    vocab_size=50, context_length=128, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48
)


@pytest.fixture(scope="module")
def model():
    # Drawn weights are small; larger ones make every dependence show in the logits.
    model = new_model(CONFIG, seed=3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4 if parameter.dim() > 1 else 1)
    return model.eval()


def some_samples(seed: int) -> list[Sample]:
    random = np.random.default_rng(seed)
    return [
        Sample(np.append(random.integers(3, 50, total - 1), 1), prompt)
        for prompt, total in ((9, 60), (14, 47), (5, 33))
    ]


@torch.no_grad()
def all_logits(model, batch: Pass, token_ids: torch.Tensor) -> torch.Tensor:
    return model.logits(model(token_ids, batch.positions, batch.visible(), batch.marked))


@pytest.mark.parametrize("seed", range(4))
def test_a_clean_token_never_moves_an_earlier_row_or_the_noisy_block_that_holds_its_position(
    model, seed
):
    batch = make_pass(
        some_samples(seed),
        BLOCK_DIFFUSION.noise,
        BLOCK_DIFFUSION.prompt_weight,
        np.random.default_rng(seed),
    )
    before = all_logits(model, batch, batch.token_ids)
    for row, column in [(0, 20), (1, 30), (2, 8), (0, 58)]:
        changed = batch.token_ids.clone()
        changed[row, column] = (changed[row, column] + 7) % 47 + 3
        moved = (all_logits(model, batch, changed) - before).abs().amax(-1) > 1e-6
        position = batch.positions[row, column]
        clean_before = ~batch.noisy[row] & (batch.positions[row] < position)
        noisy_up_to_it = batch.noisy[row] & (batch.limits[row] < position)
        assert clean_before.any() and noisy_up_to_it.any()
        assert not moved[row][clean_before].any()
        assert not moved[row][noisy_up_to_it].any()
        assert not moved[[other for other in range(3) if other != row]].any()
        later = batch.noisy[row] & (batch.limits[row] >= position)
        assert moved[row][later].all()


def test_noisy_rows_never_move_a_clean_row_or_another_block(model):
    batch = make_pass(
        some_samples(1),
        BLOCK_DIFFUSION.noise,
        BLOCK_DIFFUSION.prompt_weight,
        np.random.default_rng(1),
    )
    before = all_logits(model, batch, batch.token_ids)
    column = int(torch.nonzero(batch.noisy[0])[3])
    changed = batch.token_ids.clone()
    changed[0, column] = 17 if changed[0, column] != 17 else 18
    moved = (all_logits(model, batch, changed) - before).abs().amax(-1) > 1e-6
    own_block = batch.groups[0] == batch.groups[0, column]
    assert moved[0][own_block].all()
    assert not moved[0][~own_block].any()


def test_training_logits_equal_those_of_the_serving_slice_in_the_same_state(model):
    samples = some_samples(2)
    batch = make_pass(samples, BLOCK_DIFFUSION.noise, 0.1, np.random.default_rng(2))
    trained = all_logits(model, batch, batch.token_ids)
    compared = 0
    for row, sample in enumerate(samples):
        for group in batch.groups[row][batch.noisy[row]].unique():
            members = batch.groups[row] == group
            start = int(batch.positions[row][members].min())
            slice_ = Slice(
                tuple(sample.token_ids[:start].tolist()),
                tuple(batch.token_ids[row][members].tolist()),
                0,
                0,
            )
            served = slice_logits(model, slice_)
            np.testing.assert_allclose(trained[row][members].numpy(), served, atol=2e-5)
            compared += 1
    assert compared > 10


def test_a_fold_gives_the_clean_rows_and_the_masks_the_logits_they_have_apart(model):
    token_ids = tuple(range(3, 24))
    masks = (MASK,) * 8
    fold = slice_logits(model, Slice(token_ids[:5], token_ids[5:] + masks, 16, 0))
    clean = slice_logits(model, Slice(token_ids[:5], token_ids[5:], 16, 0))
    denoise = slice_logits(model, Slice(token_ids, masks, 0, 0))
    np.testing.assert_allclose(fold, np.concatenate([clean, denoise]), atol=2e-5)


def test_block_causal_clean_rows_see_their_own_block_whole_and_no_later_one():
    visible = slice_visibility(rows=12, clean_rows=8, grid=4)
    for query in range(8):
        assert visible[query].tolist() == [key // 4 <= query // 4 and key < 8 for key in range(12)]
    assert visible[8:].all()


def test_causal_context_rows_of_a_later_slice_see_the_kept_context():
    visible = slice_visibility(rows=5, clean_rows=2, context=3)
    assert visible.int().tolist() == [
        [1, 1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1],
    ]
