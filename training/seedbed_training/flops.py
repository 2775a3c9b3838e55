"""What a pass costs, counted in one way for every objective and for decoding.

A multiplication and an addition are 2 FLOPs; a backward pass costs twice its forward pass (Kaplan
et al. 2020, "Scaling Laws for Neural Language Models", section 2.1). Counted are matrix products:
rows that hold a token, pairs of rows of which one sees the other, and head rows that are asked for
a token. Padding, norms, rotations and the optimiser are not.
"""

from __future__ import annotations

from .model import ModelConfig
from .passes import Pass


def forward_flops(config: ModelConfig, rows: int, pairs: int, head_rows: int) -> int:
    """FLOPs of one forward pass over `rows` tokens with `pairs` of (row, visible row)."""
    heads_width = config.heads * config.head_width
    kv_width = config.kv_heads * config.head_width
    projections = config.width * (2 * heads_width + 2 * kv_width)
    feed_forward = 3 * config.width * config.ffn_width
    per_layer = rows * (projections + feed_forward) + 2 * pairs * heads_width
    return 2 * (config.layers * per_layer + head_rows * config.width * config.vocab_size)


def pass_flops(config: ModelConfig, batch: Pass) -> int:
    """FLOPs of one forward pass over a batch."""
    real = ~batch.padding
    pairs = batch.visible() & real[:, None, :] & real[:, :, None]
    return forward_flops(config, int(real.sum()), int(pairs.sum()), int(batch.asked.sum()))


def training_flops(config: ModelConfig, batch: Pass) -> int:
    """FLOPs of one forward and backward pass over a batch."""
    return 3 * pass_flops(config, batch)
