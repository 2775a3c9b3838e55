"""Recorded paths: what is kept of a pool, what a state asks for, and what certainty costs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from seedbed_training.dataset import Sample
from seedbed_training.export import contract_document
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import ORDERED_BLOCKS, compute_losses
from seedbed_training.passes import END, MASK, NO_TARGET, PathNoise, make_pass
from seedbed_training.paths import Pool, RecordedPath, keep_best
from seedbed_training.sampler.contract import Contract
from seedbed_training.sampler.together import decode_together
from seedbed_training.seedling import FACTS
from seedbed_training.trainer import new_model

CONFIG = ModelConfig(vocab_size=50, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48)
NOISE = PathNoise(block_size=4, views=1)


def path(answer: list[int], bound: float) -> RecordedPath:
    return RecordedPath([5], answer, [0] * len(answer), bound, rounds=2)


def test_the_paths_with_the_largest_bound_are_kept_each_once():
    pool = [path([7], -3.0), path([8], -1.0), path([8], -1.0), path([9], -2.0), path([6], -9.0)]
    assert [kept.answer for kept in keep_best(pool, 0.25)] == [[8], [9]]
    assert [kept.answer for kept in keep_best(pool[:1], 0.25)] == [[7]]
    assert keep_best([], 0.25) == []


def test_a_decoder_tells_the_round_of_each_token_and_the_bound_of_its_path():
    model = new_model(CONFIG, seed=2).eval()
    contract = Contract.of(contract_document(CONFIG, FACTS))
    requests = [([7, 8, 9], parameters) for parameters in Pool(block_size=8).parameters(seed=3)]
    for number, decoder in decode_together(model, contract, requests):
        assert len(decoder.revealed_in) == len(decoder.output)
        first = decoder.revealed_in[:8]
        if decoder.work.forward_passes > 1 and len(first) == 8:
            assert min(first) == 0 and max(first) < 8
        assert sum(map(math.log, decoder.confidence)) < 0
        assert requests[number][1].block_size == 8


@pytest.mark.parametrize("seed", range(30))
def test_a_state_shows_what_earlier_rounds_revealed_and_asks_for_a_jump(seed):
    token_ids = np.array([3, 4, 10, 11, 12, 13, 14, END])
    revealed_in = np.array([0, 1, 0, 2, 0, 0])
    random = np.random.default_rng(seed)
    batch = make_pass([Sample(token_ids, 2, revealed_in)], NOISE, 0.0, random)
    for group, start in ((0, 2), (1, 6)):
        rows = (batch.groups[0] == group).nonzero()[:, 0]
        shown, asked = batch.token_ids[0, rows], batch.target[0, rows]
        rounds = np.append(revealed_in, [9, 9])[start - 2 : start + 2]
        hidden = (shown == MASK).numpy()
        states = [s for s in range(3) if np.array_equal(rounds >= s, hidden)]
        assert states, "no round of the path began like this"
        jump = (asked != NO_TARGET).numpy() & (rounds < 9)
        assert jump.any() and not (jump & ~hidden).any()
        assert rounds[jump].max() < rounds[hidden & ~jump].min(initial=9) or start == 6
        truth = np.append(token_ids, [END, END])[start : start + 4]
        assert (asked[jump].numpy() == truth[jump]).all()
        assert (shown[~hidden].numpy() == truth[~hidden]).all()


def test_certainty_is_asked_of_right_positions_only():
    sample = Sample(np.array([3, 4, 10, 11, 12, END]), 2, np.array([0, 0, 1, 1]))
    batch = make_pass([sample], NOISE, 0.0, np.random.default_rng(1))

    class Unsure:
        """Prefers the right token, or another one, by a little."""

        config = CONFIG

        def __init__(self, right: bool) -> None:
            self.right = right

        def __call__(self, token_ids, positions, visible, marked):
            return torch.where(batch.target >= 0, batch.target, 0) + (0 if self.right else 1)

        def logits(self, hidden):
            return torch.nn.functional.one_hot(hidden, CONFIG.vocab_size).float()

    plain = replace(ORDERED_BLOCKS, noise=NOISE, certainty_weight=0.0)
    forced = replace(plain, certainty_weight=1.0)
    for right in (True, False):
        extra = [compute_losses(Unsure(right), batch, c).total.item() for c in (forced, plain)]
        others = CONFIG.vocab_size - 1
        p = math.exp(2) / (math.exp(2) + others)  # at the certainty temperature of one half
        q = (1 - p) / others
        entropy = -p * math.log(p) - others * q * math.log(q) if right else 0.0
        assert extra[0] - extra[1] == pytest.approx(entropy, abs=1e-5)
