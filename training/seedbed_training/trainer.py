"""One training stage: batches in, checkpoints out.

All randomness of a step comes from (seed, step), and a checkpoint holds model, optimiser and
average; so a run that was interrupted and resumed ends with the same bits as one that was not (same
number of threads, same machine).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .dataset import Dataset, Sample, batches
from .flops import training_flops
from .model import ModelConfig, Transformer
from .objectives import ObjectiveConfig, compute_losses, make_batch
from .schedule import Schedule


@dataclass(frozen=True)
class TrainerConfig:
    schedule: Schedule
    objective: ObjectiveConfig
    batch_tokens: int = 4096  # tokens of data a step; noisy rows come on top
    seed: int = 1
    weight_decay: float = 0.1
    gradient_clip: float = 1.0
    average_decay: float = 0.99
    bfloat16: bool = True  # matrix products only; weights, sums and the loss stay F32
    checkpoint_every: int = 100
    report_every: int = 10


class Trainer:
    def __init__(self, model: Transformer, config: TrainerConfig, flops: int = 0) -> None:
        """`flops` is what the model has already cost: those of the stages it comes from."""
        self.model = model
        self.flops = flops
        self.config = config
        self.step = 0
        self.optimizers = make_optimizers(model, config)
        self.average = {name: value.clone() for name, value in model.state_dict().items()}

    def update(self, samples: list[Sample]) -> dict[str, float]:
        """One optimiser step on one batch; returns what was measured on it."""
        config = self.config
        random = np.random.default_rng([config.seed, 1, self.step])
        with _precision(config):
            batch, flops = make_batch(samples, config.objective, self.model, random)
        rate = config.schedule.learning_rate(self.step)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        self.model.train()
        with _precision(config):
            losses = compute_losses(self.model, batch, config.objective)
        losses.total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        if not torch.isfinite(norm):
            raise FloatingPointError(f"gradient norm not finite at step {self.step}: {norm.item()}")
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._update_average()
        self.step += 1
        self.flops += flops + training_flops(self.model.config, batch)
        return {
            **losses.measured(),
            "gradient_norm": norm.item(),
            "learning_rate": rate,
            "data_tokens": sum(len(sample.token_ids) for sample in samples),
            "rows": batch.token_ids.numel(),
        }

    def _update_average(self) -> None:
        # A short horizon at first, so that the average does not remember the initial weights.
        decay = min(self.config.average_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)

    @torch.no_grad()
    def validate(self, samples: list[Sample]) -> dict[str, float]:
        """Losses of the averaged weights on `samples`, always with the same noise."""
        live = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        totals: dict[str, float] = {}
        chunks = [samples[first : first + 32] for first in range(0, len(samples), 32)]
        for number, chunk in enumerate(chunks):
            random = np.random.default_rng([0, 2, number])
            with _precision(self.config):
                batch, _ = make_batch(chunk, self.config.objective, self.model, random)
                losses = compute_losses(self.model, batch, self.config.objective)
            for name, value in losses.measured().items():
                totals[name] = totals.get(name, 0.0) + value / len(chunks)
        self.model.load_state_dict(live)
        return totals

    def state(self) -> dict:
        return {
            "model_config": self.model.config.as_dict(),
            "trainer_config": asdict(self.config),
            "step": self.step,
            "flops": self.flops,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def restore(self, state: dict) -> None:
        """Goes on where `state` was taken.

        Only the schedule may differ from the run that wrote it.
        """
        mine, theirs = asdict(self.config), dict(state["trainer_config"])
        for name in mine:
            if name not in ("schedule", "checkpoint_every", "report_every") and _plain(
                mine[name]
            ) != _plain(theirs[name]):
                raise ValueError(
                    f"{name} differs from the checkpoint: {mine[name]} (expected: {theirs[name]})"
                )
        self.model.load_state_dict(state["model"])
        self.average = {name: value.clone() for name, value in state["average"].items()}
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step = state["step"]
        self.flops = state["flops"]


def run(
    trainer: Trainer,
    dataset: Dataset,
    path: Path,
    report: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Trains up to the schedule's last step, writing `path` every `checkpoint_every` steps, at the
    end, and when `stop()`."""
    config = trainer.config
    stream: Iterator[list[Sample]] = batches(
        dataset, config.batch_tokens, config.seed, trainer.step
    )
    held_out = dataset.held_out()[:256]
    began, tokens, first_step = time.monotonic(), 0, trainer.step
    recent: list[dict[str, float]] = []
    stopped = False
    while trainer.step < config.schedule.steps and not stopped:
        recent.append(trainer.update(next(stream)))
        tokens += recent[-1]["data_tokens"]
        if trainer.step % config.report_every == 0:
            seconds = time.monotonic() - began
            left = seconds / (trainer.step - first_step) * (config.schedule.steps - trainer.step)
            mean = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
            report(
                f"step {trainer.step}/{config.schedule.steps}  "
                f"next {mean['next_token']:.4f}  masked {mean['masked']:.4f}  "
                f"accuracy {mean['masked_accuracy']:.3f}  "
                f"edited {mean['edited']:.4f}  accuracy {mean['edited_accuracy']:.3f}  "
                f"norm {mean['gradient_norm']:.2f}  "
                f"lr {mean['learning_rate']:.2e}  "
                f"{tokens / seconds:.0f} tokens/s  "
                f"{mean['rows'] / mean['data_tokens']:.2f} rows/token  "
                f"{trainer.flops:.3e} FLOPs  "
                f"{math.ceil(left / 60)} min left"
            )
            recent = []
        stopped = stop()
        if (
            trainer.step % config.checkpoint_every == 0
            or trainer.step == config.schedule.steps
            or stopped
        ):
            checkpoint.save(path, trainer.state())
        if (
            trainer.step % (5 * config.checkpoint_every) == 0
            or trainer.step == config.schedule.steps
        ):
            measured = trainer.validate(held_out)
            report(
                "held out: " + "  ".join(f"{name} {value:.4f}" for name, value in measured.items())
            )


def make_optimizers(model: Transformer, config: TrainerConfig) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for embeddings and vectors, at one learning rate.

    `match_rms_adamw` scales Muon's orthogonal update to the size of an AdamW update, hence the one
    rate.
    """
    hidden = [p for p in model.layers.parameters() if p.dim() == 2]
    tables = [
        p for name, p in model.named_parameters() if p.dim() == 2 and not name.startswith("layers.")
    ]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    rate, decay = config.schedule.peak, config.weight_decay
    return [
        torch.optim.Muon(
            hidden, lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(
            [{"params": tables, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.95),
            fused=True,
        ),
    ]


def new_model(config: ModelConfig, seed: int) -> Transformer:
    return Transformer(config).initialise(torch.Generator().manual_seed(seed))


def _precision(config: TrainerConfig):
    return torch.autocast("cpu", dtype=torch.bfloat16) if config.bfloat16 else nullcontext()


def _plain(value):
    """Tuples and lists alike: a checkpoint does not keep the difference."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
