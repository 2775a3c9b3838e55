"""What edit noise may do to a block, and what a model is asked for then."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seedbed_training.dataset import Sample
from seedbed_training.edit_noise import (
    EditNoise,
    best_guesses,
    guess_marks,
    with_edits,
    with_guesses,
)
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import BLOCK_DIFFUSION, ObjectiveConfig, compute_losses
from seedbed_training.passes import MASK, BlockNoise, Pass, make_pass
from seedbed_training.trainer import new_model

VOCABULARY = 50


def noisy_pass(seed: int, noise: BlockNoise = BLOCK_DIFFUSION.noise) -> tuple[list[Sample], Pass]:
    random = np.random.default_rng(seed)
    samples = [
        Sample(np.append(random.integers(4, VOCABULARY, 40), 1), int(random.integers(3, 30)))
        for _ in range(6)
    ]
    return samples, make_pass(samples, noise, 0.1, random)


def edited_pass(batch: Pass, noise: EditNoise, seed: int = 0) -> Pass:
    guesses = torch.full_like(batch.token_ids, MASK)
    return with_edits(batch, guesses, noise, VOCABULARY, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_every_row_of_an_edited_block_is_asked_for_the_token_of_its_position(seed):
    samples, batch = noisy_pass(seed)
    edited = edited_pass(batch, EditNoise(), seed)
    assert edited.edited.any() and (edited.noisy & ~edited.edited).any()
    for row, sample in enumerate(samples):
        members = edited.edited[row]
        truth = np.append(sample.token_ids, np.ones(64, dtype=np.int64))  # end tokens after the end
        expected = truth[edited.positions[row][members]]
        assert edited.target[row][members].tolist() == expected.tolist()


def test_what_is_not_edited_stays_as_it_was():
    _, batch = noisy_pass(1)
    edited = edited_pass(batch, EditNoise())
    for name in ("token_ids", "target"):
        before, after = getattr(batch, name), getattr(edited, name)
        assert torch.equal(before[~edited.edited], after[~edited.edited])
    for name in ("positions", "limits", "groups", "weight"):
        assert torch.equal(getattr(batch, name), getattr(edited, name))


def test_alpha_bounds_the_share_of_positions_that_a_substitution_changes():
    unmasked = BlockNoise(block_sizes=(16,), fully_masked=0.0)
    changed = total = 0
    for seed in range(20):
        _, batch = noisy_pass(seed, unmasked)
        edited = edited_pass(batch, EditNoise(share=1.0, substitutions=1.0, own_guesses=0.0), seed)
        visible = edited.edited & (batch.token_ids != MASK)
        assert torch.equal(batch.token_ids == MASK, edited.token_ids == MASK)
        changed += (edited.token_ids != edited.target)[visible].sum().item()
        total += edited.edited.sum().item()
    assert 0.02 < changed / total < 0.1


def test_an_insertion_with_a_deletion_moves_what_stands_between_by_one():
    unmasked = BlockNoise(block_sizes=(16,), fully_masked=0.0)
    _, batch = noisy_pass(2, unmasked)
    shifts = EditNoise(share=1.0, most_edits=0.1, substitutions=0.0, own_guesses=0.0)
    edited = edited_pass(batch, shifts)
    moved = 0
    for row in range(len(batch.groups)):
        for group in batch.groups[row][batch.noisy[row]].unique():
            members = batch.groups[row] == group
            before, after = batch.token_ids[row][members], edited.token_ids[row][members]
            kept = [token_id for token_id in after.tolist() if token_id in before.tolist()]
            assert len(kept) >= len(before) - 3
            moved += not torch.equal(before, after)
    assert moved > 5


def test_masks_are_filled_with_the_best_guesses_of_the_model():
    config = ModelConfig(
        vocab_size=VOCABULARY, context_length=128, width=32, layers=2, heads=4, kv_heads=2,
        ffn_width=48,
    )  # fmt: skip
    model = new_model(config, seed=3)
    _, batch = noisy_pass(3)
    guesses = best_guesses(model, batch)
    assert (guesses[~batch.asked] == MASK).all() and (guesses[batch.asked] != MASK).all()
    noise = EditNoise(share=1.0, most_edits=0.0, own_guesses=1.0)
    edited = with_edits(batch, guesses, noise, VOCABULARY, np.random.default_rng(0))
    filled = edited.edited & (batch.token_ids == MASK) & (edited.token_ids != MASK)
    assert filled.sum() > 20
    assert torch.equal(edited.token_ids[filled], guesses[filled])


class Parrot:
    """A stand-in that gives the token it sees with probability 1 / 2 of a vocabulary of ten."""

    def __call__(self, token_ids, positions, visible, marked):
        return token_ids

    def logits(self, hidden):
        return torch.nn.functional.one_hot(hidden, 10) * float(np.log(9))


def test_copying_what_is_visible_is_not_free_in_an_edited_block():
    sample = Sample(np.array([5, 6, 7, 7, 8, 1]), prompt_length=2)
    noise = BlockNoise(block_sizes=(4,), views=1, fully_masked=1.0, grid_at_prompt_end=1.0)
    config = ObjectiveConfig(noise=noise, next_token_weight=0.0, edits=EditNoise())
    batch = make_pass([sample], noise, 0.1, np.random.default_rng(0))
    guesses = torch.full_like(batch.token_ids, 7)
    everything = EditNoise(share=1.0, most_edits=0.0, own_guesses=1.0)
    edited = with_edits(batch, guesses, everything, 10, np.random.default_rng(6))
    losses = compute_losses(Parrot(), edited, config)
    seen = edited.token_ids[edited.edited]
    right = (seen == edited.target[edited.edited]).float().mean().item()
    expected = right * np.log(2) + (1 - right) * np.log(18)
    assert losses.masked.item() == 0
    assert losses.edited.item() == pytest.approx(expected, rel=1e-5)
    assert losses.total.item() == pytest.approx(expected, rel=1e-5)


def test_edits_drawn_without_the_model_equal_those_drawn_with_its_guesses():
    _, batch = noisy_pass(2)
    random = np.random.default_rng(4)
    guesses = torch.from_numpy(random.integers(4, VOCABULARY, batch.token_ids.shape))
    noise = EditNoise(share=1.0, own_guesses=1.0)
    known = with_edits(batch, guesses, noise, VOCABULARY, np.random.default_rng(0))
    marks = guess_marks(batch)
    marked = with_edits(batch, marks, noise, VOCABULARY, np.random.default_rng(0))
    assert (marked.token_ids < 0).sum() > 20
    assert torch.equal(with_guesses(marked, guesses).token_ids, known.token_ids)
