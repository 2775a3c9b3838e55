"""Losses on cases small enough to compute by hand, and what noise may look like."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from seedbed_training.dataset import Sample
from seedbed_training.objectives import (
    BLOCK_DIFFUSION,
    NEXT_TOKEN,
    ObjectiveConfig,
    compute_losses,
)
from seedbed_training.passes import MASK, BlockNoise, make_pass


class UniformExceptFor:
    """A stand-in whose logits are zero but for one id, whatever the row."""

    def __init__(self, token_id: int, logit: float, vocab_size: int) -> None:
        self.row = torch.zeros(vocab_size)
        self.row[token_id] = logit

    def __call__(self, token_ids, positions, visible, marked):
        return self.row.expand(*token_ids.shape, -1)

    def logits(self, hidden):
        return hidden


SAMPLE = Sample(np.array([5, 6, 7, 7, 8, 1]), prompt_length=2)


def test_next_token_loss_weighs_prompt_and_completion_as_computed_by_hand():
    losses = compute_losses(
        UniformExceptFor(7, math.log(9), 10),
        make_pass([SAMPLE], NEXT_TOKEN.noise, NEXT_TOKEN.prompt_weight, np.random.default_rng(0)),
        NEXT_TOKEN,
    )
    # Targets 6 (prompt, weight 0.1) and 7, 7, 8, 1; p(7) = 9 / 18, every other id 1 / 18.
    expected = (0.1 * math.log(18) + 2 * math.log(2) + 2 * math.log(18)) / 4.1
    assert losses.total.item() == pytest.approx(expected, rel=1e-6)
    assert losses.next_token.item() == pytest.approx(
        (2 * math.log(2) + 2 * math.log(18)) / 4, rel=1e-6
    )


def test_masked_loss_of_a_fully_masked_block_is_as_computed_by_hand():
    noise = BlockNoise(
        block_sizes=(4,), views=1, fully_masked=1.0, grid_at_prompt_end=1.0, after_end_weight=0.1
    )
    config = ObjectiveConfig(noise=noise, next_token_weight=0.0)
    losses = compute_losses(
        UniformExceptFor(7, math.log(9), 10),
        make_pass([SAMPLE], config.noise, config.prompt_weight, np.random.default_rng(0)),
        config,
    )
    # One block: 7, 7, 8, 1.
    assert losses.total.item() == pytest.approx((2 * math.log(2) + 2 * math.log(18)) / 4, rel=1e-6)
    assert losses.masked_accuracy.item() == pytest.approx(0.5)


def test_positions_after_the_end_token_are_asked_for_end_tokens_with_little_weight():
    noise = BlockNoise(
        block_sizes=(8,), views=1, fully_masked=1.0, grid_at_prompt_end=1.0, after_end_weight=0.1
    )
    batch = make_pass([SAMPLE], noise, 0.1, np.random.default_rng(0))
    noisy = batch.noisy[0]
    assert batch.target[0][noisy].tolist() == [7, 7, 8, 1, 1, 1, 1, 1]
    assert batch.weight[0][noisy].tolist() == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("seed", range(5))
def test_every_noisy_block_is_whole_and_asks_for_at_least_one_token_of_the_completion(
    seed,
):
    random = np.random.default_rng(seed)
    samples = [
        Sample(np.append(random.integers(3, 50, 40), 1), prompt_length=int(random.integers(3, 30)))
        for _ in range(6)
    ]
    batch = make_pass(samples, BLOCK_DIFFUSION.noise, BLOCK_DIFFUSION.prompt_weight, random)
    blocks = 0
    for row, sample in enumerate(samples):
        for group in batch.groups[row][batch.noisy[row]].unique():
            members = batch.groups[row] == group
            positions = batch.positions[row][members]
            assert positions[0] >= sample.prompt_length
            assert len(positions) in BLOCK_DIFFUSION.noise.block_sizes
            assert positions.tolist() == list(
                range(int(positions[0]), int(positions[0]) + len(positions))
            )
            assert (batch.limits[row][members] == positions[0] - 1).all()
            masked = batch.token_ids[row][members] == MASK
            assert (masked & (positions < len(sample.token_ids))).any()
            assert (batch.target[row][members][~masked] == -1).all()
            blocks += 1
    assert blocks > 12


def test_about_the_asked_share_of_blocks_is_fully_masked_and_the_rest_covers_all_rates():
    random = np.random.default_rng(5)
    samples = [
        Sample(np.append(random.integers(3, 50, 200), 1), prompt_length=5) for _ in range(20)
    ]
    noise = BlockNoise(block_sizes=(16,), views=2, fully_masked=0.35, grid_at_prompt_end=1.0)
    batch = make_pass(samples, noise, 0.1, random)
    shares = []
    for row in range(len(samples)):
        for group in batch.groups[row][batch.noisy[row]].unique():
            shares.append(
                (batch.token_ids[row][batch.groups[row] == group] == MASK).float().mean().item()
            )
    shares = np.array(shares)
    assert 0.3 < (shares == 1).mean() < 0.5  # high rates fill some more blocks by chance
    partial = shares[shares < 1]
    assert partial.min() < 0.15 and partial.max() > 0.85 and 0.35 < partial.mean() < 0.6
