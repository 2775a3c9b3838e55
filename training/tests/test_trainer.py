"""A run that was interrupted and resumed ends with the bits of one that was not."""

from __future__ import annotations

from itertools import count, pairwise

import numpy as np
import pytest
import torch

from seedbed_training import checkpoint
from seedbed_training.dataset import Batches, Dataset, cut_by_tokens
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import BLOCK_DIFFUSION
from seedbed_training.schedule import Schedule
from seedbed_training.stage import run
from seedbed_training.trainer import Trainer, TrainerConfig, new_model

CONFIG = ModelConfig(
    vocab_size=50, context_length=128, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    totals = random.integers(12, 40, 1400)
    starts = np.concatenate([[0], np.cumsum(totals)[:-1]])
    random.integers(3, 50, int(totals.sum())).astype("<u2").tofile(folder / "tokens.u16")
    np.save(folder / "index.npy", np.column_stack([starts, totals // 3, totals]))
    return Dataset(folder)


def new_trainer() -> Trainer:
    config = TrainerConfig(
        Schedule(peak=1e-3, steps=6),
        BLOCK_DIFFUSION,
        batch_tokens=256,
        bfloat16=False,
        checkpoint_every=3,
    )
    return Trainer(new_model(CONFIG, seed=1), config)


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(dataset, tmp_path):
    whole = new_trainer()
    run(whole, dataset, tmp_path / "whole.pt", report=lambda line: None)
    first = new_trainer()
    run(first, dataset, tmp_path / "cut.pt", report=lambda line: None, stop=lambda: first.step == 4)
    assert first.step == 4
    second = new_trainer()
    second.restore(checkpoint.load(tmp_path / "cut.pt"))
    run(second, dataset, tmp_path / "cut.pt", report=lambda line: None)
    assert second.step == whole.step == 6
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name
        assert torch.equal(whole.average[name], second.average[name]), name
    untouched = new_model(CONFIG, seed=1).state_dict()
    assert not torch.equal(
        whole.model.state_dict()["embedding.weight"], untouched["embedding.weight"]
    )


def test_another_objective_does_not_resume_a_checkpoint(dataset, tmp_path):
    trainer = new_trainer()
    state = trainer.state()
    state["trainer_config"]["batch_tokens"] = 512
    with pytest.raises(ValueError, match="batch_tokens differs from the checkpoint: 256"):
        trainer.restore(state)


def by_tokens(dataset: Dataset) -> Batches:
    return Batches(dataset, cut_by_tokens(dataset.lengths(), 256), seed=3)


def test_batches_cover_each_training_sample_once_an_epoch_and_no_held_out_one(dataset):
    seen: list[bytes] = []
    batches = by_tokens(dataset)
    for number in count():
        if len(seen) >= len(dataset):
            break
        seen += [sample.token_ids.tobytes() for sample in batches[number]]
    assert sorted(seen) == sorted(
        dataset[number].token_ids.tobytes() for number in range(len(dataset))
    )


def test_a_batch_is_the_same_in_whatever_order_batches_are_asked_for(dataset):
    forwards, backwards = by_tokens(dataset), by_tokens(dataset)
    numbers = (0, 5, 400)  # of more than one epoch
    ahead = {number: forwards[number] for number in numbers}
    for number in reversed(numbers):
        for ours, theirs in zip(backwards[number], ahead[number], strict=True):
            assert np.array_equal(ours.token_ids, theirs.token_ids)


def test_the_rate_rises_stays_and_falls():
    schedule = Schedule(peak=2.0, steps=100, warmup=0.1, descent=0.3, final=0.05)
    rates = [schedule.learning_rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.2) and rates[9] == rates[50] == 2.0
    assert rates[70] == pytest.approx(2.0) and 0.1 < rates[99] < 0.2
    assert all(a >= b for a, b in pairwise(rates[10:]))
