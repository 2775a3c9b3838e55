"""One training stage: batches in, checkpoints and a report out, to a last step or to a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from . import checkpoint
from .dataset import Dataset
from .prefetch import DrawnBatches, prefetched
from .trainer import Trainer

VALIDATION_SAMPLES = 256


@dataclass(frozen=True)
class TimeBudget:
    """Seconds for a stage whose schedule has no end yet, over all its resumptions.

    The plateau lasts as long as the share of the time that is not for the descent. Then the pace of
    the plateau's second half says how many steps the rest of the time holds. Setting the number of
    steps at the start instead would rest on the pace of steps that compile.
    """

    seconds: float
    descent: float  # share of the time

    def __post_init__(self) -> None:
        if self.seconds <= 0 or not 0 < self.descent < 1:
            raise ValueError(
                f"time budget: {self.seconds} seconds, descent {self.descent} "
                "(expected: more than 0 seconds, and a share between 0 and 1)"
            )

    def plateau_is_over(self, seconds: float) -> bool:
        return seconds >= (1 - self.descent) * self.seconds

    def descent_steps(self, seconds: float, seconds_a_step: float) -> int:
        return max(1, round((self.seconds - seconds) / seconds_a_step))


class _Pace:
    """When steps ended, to know what one takes; a kill loses what it knew, and a few steps later it
    knows again."""

    def __init__(self, trainer: Trainer) -> None:
        self._ends = [(trainer.step, trainer.seconds)]

    def stepped(self, trainer: Trainer) -> None:
        self._ends.append((trainer.step, trainer.seconds))

    def seconds_a_step(self) -> float:
        """Over the second half of the steps, with the checkpoints and validations between them."""
        step, seconds = self._ends[-1]
        first_step, first_seconds = self._ends[(len(self._ends) - 1) // 2]
        return (seconds - first_seconds) / max(1, step - first_step)


def run(
    trainer: Trainer,
    dataset: Dataset,
    path: Path,
    report: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
    budget: TimeBudget | None = None,
    processes: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Trains up to the schedule's last step, writing `path` every `checkpoint_every` steps, at the
    end, and when `stop()`. `processes` make the batches; 0 is this one."""
    config = trainer.config
    if not config.schedule.has_end and budget is None:
        raise ValueError("schedule without end (expected: a last step, or a time budget)")
    batches = DrawnBatches(
        dataset,
        config.objective,
        trainer.model.config.vocab_size,
        config.seed,
        config.batch_tokens,
        config.widths,
    )
    stream = prefetched(batches, trainer.step, processes)
    held_out = dataset.held_out()[:VALIDATION_SAMPLES]
    before = clock() - trainer.seconds
    pace = _Pace(trainer)
    recent: list[dict[str, float]] = []
    stopped = False
    while trainer.step < trainer.config.schedule.steps and not stopped:
        recent.append(trainer.update(next(stream)))
        trainer.seconds = clock() - before
        pace.stepped(trainer)
        ends = set_end(trainer, budget, pace.seconds_a_step())
        stopped = stop()
        last = trainer.step == trainer.config.schedule.steps
        if trainer.step % config.report_every == 0 or ends:
            report(_progress(trainer, recent, pace.seconds_a_step(), budget))
            recent = []
        if trainer.step % config.checkpoint_every == 0 or last or stopped or ends:
            checkpoint.save(path, trainer.state())
        if trainer.step % (5 * config.checkpoint_every) == 0 or last:
            measured = trainer.validate(held_out)
            report(
                "held out: " + "  ".join(f"{name} {value:.4f}" for name, value in measured.items())
            )
        trainer.seconds = clock() - before


def set_end(trainer: Trainer, budget: TimeBudget | None, seconds_a_step: float) -> bool:
    """Ends the plateau when its time is over; true when it just did."""
    schedule = trainer.config.schedule
    if schedule.has_end or budget is None or not budget.plateau_is_over(trainer.seconds):
        return False
    steps = budget.descent_steps(trainer.seconds, seconds_a_step)
    trainer.config = replace(trainer.config, schedule=schedule.ending(trainer.step, steps))
    return True


def _progress(
    trainer: Trainer,
    recent: list[dict[str, float]],
    seconds_a_step: float,
    budget: TimeBudget | None,
) -> str:
    mean = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
    schedule = trainer.config.schedule
    if schedule.has_end:
        last, left = str(schedule.steps), seconds_a_step * (schedule.steps - trainer.step)
    else:
        last, left = "?", budget.seconds - trainer.seconds
    return (
        f"step {trainer.step}/{last}  "
        f"next {mean['next_token']:.4f}  masked {mean['masked']:.4f}  "
        f"accuracy {mean['masked_accuracy']:.3f}  "
        f"edited {mean['edited']:.4f}  accuracy {mean['edited_accuracy']:.3f}  "
        f"norm {mean['gradient_norm']:.2f}  "
        f"lr {mean['learning_rate']:.2e}  "
        f"{mean['data_tokens'] / seconds_a_step:.0f} tokens/s  "
        f"{mean['rows'] / mean['data_tokens']:.2f} rows/token  "
        f"{trainer.flops:.3e} FLOPs  "
        f"{math.ceil(max(0, left) / 60)} min left"
    )
