"""What the model learns from: which passes a batch becomes, and the loss on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .dataset import Sample
from .edit_noise import EditNoise, best_guesses, guess_marks, with_edits, with_guesses
from .flops import pass_flops
from .model import Transformer
from .passes import BlockNoise, Pass, PathNoise, make_pass


@dataclass(frozen=True)
class ObjectiveConfig:
    noise: BlockNoise | PathNoise | None = None  # None: next-token only
    next_token_weight: float = 1.0
    prompt_weight: float = 0.1  # prompts are given, not written; a little helps to read them
    edits: EditNoise | None = None  # wrong visible tokens in noisy blocks, with weight 1
    # Of the entropy of masked positions that are right (certainty forcing: dParallel, Chen et al.
    # 2025, arXiv 2509.26488, algorithm 1). A position is revealed early when it is certain.
    certainty_weight: float = 0.0
    certainty_temperature: float = 0.5


NEXT_TOKEN = ObjectiveConfig()
BLOCK_DIFFUSION = ObjectiveConfig(noise=BlockNoise(), next_token_weight=0.3)
EDITED_BLOCKS = replace(
    BLOCK_DIFFUSION,
    noise=BlockNoise(unmasked=0.1),
    next_token_weight=1.0,
    edits=EditNoise(share=0.3),
)
ORDERED_BLOCKS = replace(
    EDITED_BLOCKS,
    noise=PathNoise(),
    edits=EditNoise(share=0.3, most_edits=0.05, own_guesses=0.3),
    certainty_weight=1.0,
)


@dataclass(frozen=True)
class DrawnBatch:
    """A batch with its noise, as far as it can be made without the model."""

    batch: Pass
    edited: Pass | None  # of the objectives with edits; has `guess_marks` for the model's guesses

    def to(self, device: torch.device | str) -> DrawnBatch:
        return DrawnBatch(self.batch.to(device), self.edited and self.edited.to(device))


def draw_batch(
    samples: list[Sample],
    config: ObjectiveConfig,
    vocab_size: int,
    random: np.random.Generator,
    width: int | None = None,
) -> DrawnBatch:
    batch = make_pass(samples, config.noise, config.prompt_weight, random, width)
    if config.edits is None:
        return DrawnBatch(batch, None)
    edited = with_edits(batch, guess_marks(batch), config.edits, vocab_size, random)
    return DrawnBatch(batch, edited)


def finish_batch(drawn: DrawnBatch, model: Transformer) -> tuple[Pass, int]:
    """The pass to learn from, and the FLOPs of what `model` was asked to make it."""
    if drawn.edited is None:
        return drawn.batch, 0
    guesses = best_guesses(model, drawn.batch)
    return with_guesses(drawn.edited, guesses), pass_flops(model.config, drawn.batch)


@dataclass(frozen=True)
class Losses:
    total: Tensor  # what is minimised
    next_token: Tensor  # mean cross-entropy of completion tokens, nats
    # Mean cross-entropy of masked positions up to the end token, nats; 0 without noise.
    masked: Tensor
    masked_accuracy: Tensor  # share of those positions whose best token is right
    edited: Tensor  # mean cross-entropy of the positions of edited blocks, nats; 0 without edits
    edited_accuracy: Tensor

    def measured(self) -> dict[str, float]:
        """Everything but what is minimised."""
        names = ("next_token", "masked", "masked_accuracy", "edited", "edited_accuracy")
        return {name: getattr(self, name).item() for name in names}


def compute_losses(model: Transformer, batch: Pass, config: ObjectiveConfig) -> Losses:
    asked = batch.asked
    hidden = model(batch.token_ids, batch.positions, batch.visible(), batch.marked)
    logits = model.logits(hidden[asked]).float()
    target = batch.target[asked]
    cross_entropy = F.cross_entropy(logits, target, reduction="none")
    weight, edited = batch.weight[asked], batch.edited[asked]
    clean = ~batch.noisy[asked]
    masks = ~clean & ~edited
    next_token = _weighted_mean(cross_entropy, weight * clean)
    masked = _weighted_mean(cross_entropy, weight * masks)
    edits = _weighted_mean(cross_entropy, weight * edited)
    certainty = _entropy_where_right(logits, target, masks & (weight == 1.0), config)
    full = (weight == 1.0).float()
    right = (logits.detach().argmax(-1) == target).float()
    return Losses(
        total=config.next_token_weight * next_token
        + masked
        + edits
        + config.certainty_weight * certainty,
        next_token=_weighted_mean(cross_entropy.detach(), full * clean),
        masked=_weighted_mean(cross_entropy.detach(), full * masks),
        masked_accuracy=_weighted_mean(right, full * masks),
        edited=_weighted_mean(cross_entropy.detach(), full * edited),
        edited_accuracy=_weighted_mean(right, full * edited),
    )


def _entropy_where_right(
    logits: Tensor, target: Tensor, rows: Tensor, config: ObjectiveConfig
) -> Tensor:
    """Mean entropy, nats, at the certainty temperature; of all `rows`, wrong ones counted as 0."""
    if config.certainty_weight == 0:
        return logits.new_zeros(())
    right = rows & (logits.detach().argmax(-1) == target)
    log_p = F.log_softmax(logits[right] / config.certainty_temperature, dim=-1)
    return -(log_p.exp() * log_p).sum() / rows.sum().clamp_min(1)


def _weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(1e-9)
