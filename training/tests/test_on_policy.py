"""On-policy learning: rewards, the policy's probabilities, and the weight of speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from seedbed_training.export import contract_document
from seedbed_training.model import ModelConfig
from seedbed_training.on_policy import (
    OnPolicyConfig,
    Rollout,
    RolloutDecoder,
    SpeedWeight,
    advantages,
    measured_run,
    policy_loss,
    reveal_score,
    reward,
    rollout_pass,
)
from seedbed_training.passes import MASK, PAD
from seedbed_training.sampler.contract import Contract, Parameters
from seedbed_training.sampler.together import decode_together
from seedbed_training.seedling import FACTS
from seedbed_training.trainer import new_model

CONFIG = ModelConfig(vocab_size=50, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48)
POLICY = OnPolicyConfig(threshold=0.05, softness=0.5, block_size=8)


@pytest.fixture
def model():
    return new_model(CONFIG, seed=2).with_marker(MASK).eval()


def draw(model, seed: int = 0) -> RolloutDecoder:
    contract = Contract.of(contract_document(CONFIG, FACTS))
    parameters = policy_parameters()

    def make(contract, prompt, asked):
        return RolloutDecoder(contract, prompt, asked, POLICY.softness, np.random.default_rng(seed))

    ((_, decoder),) = decode_together(model, contract, [([7, 8, 9], parameters)], make=make)
    return decoder


def policy_parameters() -> Parameters:
    return Parameters(
        max_tokens=24,
        policy="confident_prefix",
        threshold=POLICY.threshold,
        block_size=POLICY.block_size,
    )


def rollout(decoder: RolloutDecoder, advantage: float, right: bool = True) -> Rollout:
    return Rollout(decoder.prompt, decoder.output, decoder.decisions, right, advantage)


def test_a_reward_is_the_verdict_and_with_length_it_pays_for_each_round():
    assert reward(True, 4, "surrogate") == 1 and reward(False, 4, "surrogate") == 0
    assert reward(True, 4, "length") == 1 - 4 and reward(False, 2, "length") == -2


def test_the_surrogate_is_the_expected_inverse_of_the_tokens_that_a_round_reveals(model):
    """Against the mean over many draws of prefixes from the same probabilities."""
    made = rollout_pass([rollout(draw(model, seed), 0.0) for seed in range(3)])
    _, measured = policy_loss(model, made, POLICY)
    batch = made.batch
    hidden = model(batch.token_ids, batch.positions, batch.visible(), batch.marked)
    logits = model.logits(hidden[batch.asked & batch.noisy])
    logits[:, [PAD, MASK]] = -torch.inf
    confidence = logits.softmax(-1).gather(-1, made.drawn[:, None])[:, 0]
    chance = torch.sigmoid(reveal_score(confidence, POLICY.threshold, POLICY.softness))
    chance = chance * (made.drawn == batch.target[batch.asked & batch.noisy])
    random = np.random.default_rng(0)
    means = []
    for state in range(len(made.old_log_p)):
        follow = chance[(made.state == state) & (made.place > 0)].detach().numpy()
        reveals = random.random((4000, len(follow))) < follow
        means.append((1 / (1 + reveals.cumprod(1).sum(1))).mean())
    assert measured["surrogate"] == pytest.approx(np.mean(means), abs=0.01)


def test_a_step_down_the_surrogate_reveals_more_in_a_round(model):
    made = rollout_pass([rollout(draw(model, seed), 0.0) for seed in range(3)])
    config = replace(POLICY, anchor_weight=0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss, before = policy_loss(model, made, config, speed_weight=1.0)
    loss.backward()
    optimizer.step()
    _, after = policy_loss(model, made, config, speed_weight=1.0)
    assert after["surrogate"] < before["surrogate"]


def test_wrong_answers_are_not_made_faster(model):
    wrong = rollout_pass([rollout(draw(model), 0.0, right=False)])
    assert policy_loss(model, wrong, POLICY, speed_weight=1.0)[1]["surrogate"] == 0


def test_a_right_answer_gains_against_wrong_ones_to_its_prompt_and_equal_ones_gain_nothing():
    gained = advantages(np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]), least_spread=0.1)
    assert gained[0, 0] > 1 and (gained[0, 1:] < 0).all()
    assert not gained[1].any()


def test_a_rollout_reveals_a_prefix_and_decides_up_to_its_first_doubt(model):
    for decoder in (draw(model, seed) for seed in range(6)):
        assert len(decoder.decisions) == len(decoder.revealed_counts)
        for decision, count in zip(decoder.decisions, decoder.revealed_counts, strict=True):
            assert count == 1 + sum(decision.revealed)
            assert all(decision.revealed[: count - 1])
            assert len(decision.revealed) == min(count, len(decision.indices) - 1)
        assert sum(decoder.revealed_counts) == len(decoder.output)


def test_the_served_threshold_is_where_revealing_is_as_likely_as_not():
    score = reveal_score(torch.tensor([0.5, 0.9, 0.99]), 0.9, 0.5)
    assert score[0] < 0 and score[1].abs() < 1e-5 and score[2] > 0


def test_rollouts_are_weighed_with_the_probabilities_they_were_drawn_with(model):
    decoders = [draw(model, seed) for seed in range(4)]
    made = rollout_pass([rollout(decoder, 1.0) for decoder in decoders])
    loss, measured = policy_loss(model, made, replace(POLICY, anchor_weight=0.0))
    assert measured["ratio"] == pytest.approx(1.0, abs=1e-4)
    assert loss.item() == pytest.approx(-1.0, abs=1e-4)
    assert sum(decoder.revealed_counts[0] for decoder in decoders) >= 4


@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_a_step_makes_a_good_rollout_more_likely_and_a_bad_one_less(model, advantage):
    made = rollout_pass([rollout(draw(model), advantage)])
    config = replace(POLICY, anchor_weight=0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loss, before = policy_loss(model, made, config)
    loss.backward()
    optimizer.step()
    _, after = policy_loss(model, made, config)
    assert (after["ratio"] - before["ratio"]) * advantage > 1e-5


def test_wrong_answers_are_no_anchor(model):
    decoder = draw(model)
    _, right = policy_loss(model, rollout_pass([rollout(decoder, 1.0, right=True)]), POLICY)
    _, wrong = policy_loss(model, rollout_pass([rollout(decoder, 1.0, right=False)]), POLICY)
    assert right["next_token"] > 0 and right["masked"] > 0
    assert wrong["next_token"] == wrong["masked"] == 0


def test_speed_weighs_more_only_while_the_answers_stay_right():
    weight = SpeedWeight(POLICY)
    for _ in range(8):
        weight.update(0.9)
    risen = weight.value
    assert risen == pytest.approx(4 * POLICY.weight_rise)
    for _ in range(12):
        weight.update(0.5)
    assert weight.value == 0.0 < risen


def test_the_log_of_a_run_is_read_by_the_steps_at_which_it_was_measured():
    measured = {"tokens_per_forward": 9.0, "pass_at_1": 0.98, "flops": 5, "tokens": 60.0}
    run = measured_run(
        [
            {"init": "seedling-order", "block_size": 32, "threshold": 0.9, "reward": "surrogate"},
            {"measured": 0, **measured},
            {"step": 1, "weight": 0.02, "pass_at_1": 0.5, "tokens_per_forward": 1.0},
            {"measured": 1, **measured, "tokens_per_forward": 12.0},
        ]
    )
    assert run["checkpoint"] == "seedling-order" and run["block_size"] == 32
    steps = [(line["step"], line["tokens_per_forward"], line["weight"]) for line in run["lines"]]
    assert steps == [(0, 9.0, 0.0), (1, 12.0, 0.02)]
