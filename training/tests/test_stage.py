"""A stage ends at its last step or at its time, and nothing about its batches depends on who makes
them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from seedbed_training import checkpoint
from seedbed_training.dataset import Dataset, write
from seedbed_training.model import ModelConfig
from seedbed_training.objectives import BLOCK_DIFFUSION, EDITED_BLOCKS, NEXT_TOKEN
from seedbed_training.prefetch import DrawnBatches, prefetched
from seedbed_training.schedule import Schedule
from seedbed_training.stage import TimeBudget, run
from seedbed_training.trainer import Trainer, TrainerConfig, new_model

CONFIG = ModelConfig(
    vocab_size=50, context_length=128, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48
)
WIDTHS = (64, 128, 192)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    totals = random.integers(12, 40, 1400)
    write(folder, [(random.integers(3, 50, total), total // 3) for total in totals])
    return Dataset(folder)


def drawn_batches(dataset: Dataset, objective=EDITED_BLOCKS, widths=WIDTHS) -> DrawnBatches:
    return DrawnBatches(dataset, objective, 50, seed=1, batch_tokens=768, widths=widths)


def timed_trainer(**changes) -> Trainer:
    config = TrainerConfig(
        Schedule.without_end(peak=1e-3, warmup_steps=2),
        NEXT_TOKEN,
        batch_tokens=256,
        bfloat16=False,
        checkpoint_every=1000,
        report_every=5,
    )
    return Trainer(new_model(CONFIG, seed=1), replace(config, **changes))


def silent(line: str) -> None:
    """A report that nobody reads."""


class StepClock:
    """Time that passes with the steps: `seconds` each."""

    def __init__(self, trainer: Trainer, seconds: float) -> None:
        self.trainer, self.seconds, self.first = trainer, seconds, trainer.step

    def __call__(self) -> float:
        return (self.trainer.step - self.first) * self.seconds


def test_a_time_budget_ends_the_plateau_in_time_for_the_descent(dataset, tmp_path):
    trainer = timed_trainer()
    run(
        trainer,
        dataset,
        tmp_path / "timed",
        silent,
        budget=TimeBudget(40, descent=0.25),
        clock=StepClock(trainer, 2.0),
    )
    # 30 of 40 seconds are 15 steps; the 10 that are left hold five more.
    assert trainer.step == trainer.config.schedule.steps == 20
    rate = trainer.config.schedule.learning_rate
    assert rate(14) == rate(15) == pytest.approx(1e-3)
    assert rate(16) < rate(15) and rate(19) < 0.3e-3


def test_a_resumed_time_budget_counts_the_time_before_and_keeps_the_end_that_was_set(
    dataset, tmp_path
):
    path, budget = tmp_path / "timed", TimeBudget(40, descent=0.25)
    for stop_at, end in ((6, None), (17, 20), (99, 20)):
        trainer = timed_trainer()
        if checkpoint.exists(path):
            trainer.restore(checkpoint.load(path))
        run(
            trainer,
            dataset,
            path,
            silent,
            stop=lambda trainer=trainer, stop_at=stop_at: trainer.step == stop_at,
            budget=budget,
            clock=StepClock(trainer, 2.0),
        )
        assert trainer.step == min(stop_at, 20)
        assert trainer.seconds == 2.0 * trainer.step
        schedule = trainer.config.schedule
        assert (schedule.steps if schedule.has_end else None) == end


def test_a_schedule_without_end_needs_a_time_budget(dataset, tmp_path):
    with pytest.raises(ValueError, match="schedule without end"):
        run(timed_trainer(), dataset, tmp_path / "timed", silent)
    with pytest.raises(ValueError, match="time budget: 0 seconds"):
        TimeBudget(0, 0.4)


def test_an_end_changes_no_rate_before_the_descent():
    endless = Schedule.without_end(peak=1e-3, warmup_steps=10)
    ended = endless.ending(100, 40)
    before = [endless.learning_rate(step) for step in range(100)]
    assert before == pytest.approx([ended.learning_rate(step) for step in range(100)])
    assert before[4] == pytest.approx(0.5e-3) and before[50] == before[10] == 1e-3
    assert ended.learning_rate(139) < 0.1e-3


def test_batches_are_the_same_bits_whoever_makes_them(dataset):
    batches = drawn_batches(dataset)
    for first in (0, 3):
        own = islice(prefetched(batches, first, processes=0), 4)
        others = islice(prefetched(batches, first, processes=2), 4)
        for ours, theirs in zip(own, others, strict=True):
            for mine, their in ((ours.batch, theirs.batch), (ours.edited, theirs.edited)):
                assert torch.equal(mine.token_ids, their.token_ids)
                assert torch.equal(mine.target, their.target)
                assert torch.equal(mine.weight, their.weight)


@pytest.mark.parametrize("objective", (NEXT_TOKEN, BLOCK_DIFFUSION), ids=("next", "blocks"))
def test_batches_with_widths_have_few_shapes_and_leave_few_samples_out(dataset, objective):
    batches = drawn_batches(dataset, objective)
    shapes = {tuple(batches[step].batch.token_ids.shape) for step in range(200)}
    assert shapes <= {(768 // width, width) for width in WIDTHS}
    epoch = batches._batches
    epoch[0]
    members = np.concatenate(epoch._members)
    assert len(np.unique(members)) == len(members) > len(dataset) - 768 // WIDTHS[-1]


def test_a_sample_that_fits_no_width_is_refused(dataset):
    with pytest.raises(ValueError, match=r"rows of a sample: \d+ \(expected: at most 64\)"):
        drawn_batches(dataset, widths=(32, 64))


def test_a_run_with_widths_and_processes_resumes_where_it_was(dataset, tmp_path):
    changes = {
        "schedule": Schedule(peak=1e-3, steps=6),
        "objective": EDITED_BLOCKS,
        "batch_tokens": 768,
        "widths": WIDTHS,
    }
    whole = timed_trainer(**changes)
    run(whole, dataset, tmp_path / "whole", silent)
    for stop_at in (4, 6):
        cut = timed_trainer(**changes)
        if checkpoint.exists(tmp_path / "cut"):
            cut.restore(checkpoint.load(tmp_path / "cut"))
        run(
            cut,
            dataset,
            tmp_path / "cut",
            silent,
            stop=lambda cut=cut, stop_at=stop_at: cut.step == stop_at,
            processes=1,
        )
    assert whole.flops == cut.flops
    for name, value in whole.average.items():
        assert torch.equal(value, cut.average[name]), name


def test_a_younger_setting_had_its_default_in_an_older_checkpoint(dataset):
    trainer = timed_trainer()
    state = trainer.state()
    del state["trainer_config"]["widths"], state["seconds"]
    timed_trainer().restore(state)
    with pytest.raises(ValueError, match="widths differs from the checkpoint"):
        timed_trainer(widths=WIDTHS).restore(state)
