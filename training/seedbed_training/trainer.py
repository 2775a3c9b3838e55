"""Training steps, and the state that they change.

All randomness of a step comes from (seed, step), and a checkpoint holds model, optimiser and
average; so a run that was interrupted and resumed ends with the same bits as one that was not (same
number of threads, same machine). On a GPU it goes on at the same step with the same batches, but
the order of sums is not fixed there.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import torch

from .dataset import Sample
from .flops import training_flops
from .model import ModelConfig, Transformer
from .muon import F32Muon
from .objectives import DrawnBatch, ObjectiveConfig, compute_losses, draw_batch, finish_batch
from .schedule import Schedule
from .visibility import CLEAN


@dataclass(frozen=True)
class TrainerConfig:
    schedule: Schedule
    objective: ObjectiveConfig
    # Tokens of data a step; noisy rows come on top. With `widths`: rows a step, all together.
    batch_tokens: int = 4096
    # Rows of a sample that batches are padded to, ascending, for code that is compiled for each
    # shape. None: a batch is as wide as its longest sample.
    widths: tuple[int, ...] = ()
    seed: int = 1
    weight_decay: float = 0.1
    gradient_clip: float = 1.0
    average_decay: float = 0.99
    bfloat16: bool = True  # matrix products only; weights, sums and the loss stay F32
    device: str = "cpu"
    compile: bool = False  # the layers, once for each shape
    checkpoint_every: int = 100
    report_every: int = 10


# Another machine may go on with a run, and at another pace.
_MAY_DIFFER = ("schedule", "device", "compile", "checkpoint_every", "report_every")


class Trainer:
    def __init__(self, model: Transformer, config: TrainerConfig, flops: int = 0) -> None:
        """`flops` is what the model has already cost: those of the stages it comes from."""
        self.model = model.to(config.device)
        if config.compile:
            compile_layers(model)
        self.flops = flops
        self.config = config
        self.step = 0
        self.seconds = 0.0  # that the steps and what belongs to them took, over all resumptions
        self.optimizers = make_optimizers(model, config)
        self.average = {name: value.clone() for name, value in model.state_dict().items()}

    def update(self, drawn: DrawnBatch) -> dict[str, float]:
        """One optimiser step on one batch; returns what was measured on it."""
        config = self.config
        with _precision(config):
            batch, flops = finish_batch(drawn.to(config.device), self.model)
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
            "data_tokens": int((batch.groups == CLEAN).sum()),
            "rows": batch.token_ids.numel(),
        }

    def _update_average(self) -> None:
        # A short horizon at first, so that the average does not remember the initial weights.
        decay = min(self.config.average_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)

    @torch.no_grad()
    @torch.compiler.set_stance("force_eager")  # its shapes are many, and each is seen once
    def validate(self, samples: list[Sample]) -> dict[str, float]:
        """Losses of the averaged weights on `samples`, always with the same noise."""
        objective, vocab_size = self.config.objective, self.model.config.vocab_size
        live = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        totals: dict[str, float] = {}
        chunks = [samples[first : first + 32] for first in range(0, len(samples), 32)]
        for number, chunk in enumerate(chunks):
            random = np.random.default_rng([0, 2, number])
            drawn = draw_batch(chunk, objective, vocab_size, random).to(self.config.device)
            with _precision(self.config):
                batch, _ = finish_batch(drawn, self.model)
                losses = compute_losses(self.model, batch, objective)
            for name, value in losses.measured().items():
                totals[name] = totals.get(name, 0.0) + value / len(chunks)
        self.model.load_state_dict(live)
        return totals

    def state(self) -> dict:
        return {
            "model_config": self.model.config.as_dict(),
            "trainer_config": asdict(self.config),
            "step": self.step,
            "seconds": self.seconds,
            "flops": self.flops,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def restore(self, state: dict) -> None:
        """Goes on where `state` was taken.

        Only the schedule, the machine and what is written when may differ from the run that wrote
        it. A schedule without end takes over the end that was set there.
        """
        mine, theirs = asdict(self.config), state["trainer_config"]
        for field in fields(self.config):
            # A field that is younger than the checkpoint had its default.
            name, their = field.name, theirs.get(field.name, field.default)
            if name not in _MAY_DIFFER and _plain(mine[name]) != _plain(their):
                raise ValueError(
                    f"{name} differs from the checkpoint: {mine[name]} (expected: {their})"
                )
        schedule = Schedule(**theirs["schedule"])
        if schedule.has_end and not self.config.schedule.has_end:
            self.config = replace(self.config, schedule=schedule)
        self.model.load_state_dict(state["model"])
        for name, value in self.average.items():
            value.copy_(state["average"][name])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step = state["step"]
        self.seconds = state.get("seconds", 0.0)
        self.flops = state["flops"]


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
    muon = torch.optim.Muon if config.bfloat16 else F32Muon
    return [
        muon(hidden, lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(
            [{"params": tables, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.95),
            fused=True,
        ),
    ]


def compile_layers(model: Transformer) -> None:
    """Compiles layer by layer: all layers run the same code, so a shape is compiled once and not
    once a layer."""
    torch._dynamo.config.recompile_limit = 64  # shapes, with and without gradients
    for layer in model.layers:
        layer.compile(dynamic=False)


def new_model(config: ModelConfig, seed: int) -> Transformer:
    return Transformer(config).initialise(torch.Generator().manual_seed(seed))


def _precision(config: TrainerConfig):
    if not config.bfloat16:
        return nullcontext()
    return torch.autocast(torch.device(config.device).type, dtype=torch.bfloat16)


def _plain(value):
    """Tuples and lists alike: a checkpoint does not keep the difference."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
