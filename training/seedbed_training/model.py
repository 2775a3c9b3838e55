"""The transformer that every objective, decoder and exporter shares.

A llama-type decoder (or qwen2: the same with biases on query, key and value; or qwen3: the same
with a norm on each head's query and key). The model has no notion of streams, blocks or masking:
who sees whom comes in as one boolean matrix (see `visibility.py`), so training passes and serving
slices run through the same code.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Between two faults. A long marker disturbs what the model reads: at 1, untrained, it answers 143
# of 150 prompts right instead of 148. With a short one it takes a marked row for a clean one: at
# 0.3 its loss on edited blocks is 5, at 0.6 1, at 1 0.2, and its next-token loss pays for learning
# better.
_MARKER_START = 0.7
ARCHITECTURES = ("llama", "qwen2", "qwen3")


@dataclass(frozen=True)
class ModelConfig:
    architecture: str = "llama"  # or "qwen2", "qwen3"
    vocab_size: int = 2048
    context_length: int = 512
    width: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_size: int | None = None  # None: width / heads
    ffn_width: int = 704
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5
    tied_embeddings: bool = True
    marks_visible: bool = False  # visible tokens of noisy blocks look different from clean ones

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(
                f"architecture unknown: {self.architecture!r} "
                f"(expected: one of {', '.join(ARCHITECTURES)})"
            )
        divides = self.head_size is not None or self.width % self.heads == 0
        if not divides or self.heads % self.kv_heads:
            raise ValueError(
                f"heads do not divide: width {self.width}, heads {self.heads}, "
                f"kv_heads {self.kv_heads} "
                "(expected: width % heads == 0 without a head_size, and heads % kv_heads == 0)"
            )

    @property
    def head_width(self) -> int:
        return self.width // self.heads if self.head_size is None else self.head_size

    @property
    def qkv_bias(self) -> bool:
        return self.architecture == "qwen2"

    @property
    def head_norm(self) -> bool:
        return self.architecture == "qwen3"

    def as_dict(self) -> dict:
        return asdict(self)


class RMSNorm(nn.Module):
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


def rotary_angles(config: ModelConfig, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine, each [batch, 1, rows, head_width], for pairs (i, i + head_width / 2)."""
    half = config.head_width // 2
    steps = torch.arange(half, dtype=torch.float32, device=positions.device)
    frequency = 1.0 / config.rope_base ** (steps / half)
    angle = positions.to(torch.float32)[:, None, :, None] * frequency
    angle = torch.cat((angle, angle), dim=-1)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        # Rows of `qkv`: all query heads, then all key heads, then all value heads.
        self.qkv = nn.Linear(
            config.width,
            (config.heads + 2 * config.kv_heads) * config.head_width,
            bias=config.qkv_bias,
        )
        self.output = nn.Linear(config.heads * config.head_width, config.width, bias=False)
        self.query_norm = (
            RMSNorm(config.head_width, config.norm_epsilon) if config.head_norm else None
        )
        self.key_norm = (
            RMSNorm(config.head_width, config.norm_epsilon) if config.head_norm else None
        )

    def project(self, x: Tensor, cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key (both rotated) and value, [batch, heads or kv_heads, rows, head_width]."""
        config = self.config
        heads = self.qkv(x).unflatten(-1, (-1, config.head_width)).transpose(1, 2)
        query, key, value = heads.split((config.heads, config.kv_heads, config.kv_heads), dim=1)
        if self.query_norm is not None and self.key_norm is not None:
            query, key = self.query_norm(query), self.key_norm(key)
        query, key = (
            rotate(query, cosine, sine).to(value.dtype),
            rotate(key, cosine, sine).to(value.dtype),
        )
        return query, key, value

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, visible: Tensor) -> Tensor:
        config = self.config
        query, key, value = self.project(x, cosine, sine)
        shared_by = config.heads // config.kv_heads
        key, value = (
            key.repeat_interleave(shared_by, dim=1),
            value.repeat_interleave(shared_by, dim=1),
        )
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        return self.output(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        # Rows of `gate_up`: the gate, then the up projection.
        self.gate_up = nn.Linear(config.width, 2 * config.ffn_width, bias=False)
        self.down = nn.Linear(config.ffn_width, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.width, config.norm_epsilon)
        self.attention = Attention(config)
        self.ffn_norm = RMSNorm(config.width, config.norm_epsilon)
        self.ffn = FeedForward(config)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, visible: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cosine, sine, visible)
        return x + self.ffn(self.ffn_norm(x))


class Transformer(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.width)
        # Added to the embedding of a visible token in a block under edit. Such a row is asked for
        # its own token and a clean row for the next one, though both may see the same tokens;
        # without a mark the model cannot tell them apart.
        self.visible_marker = (
            nn.Parameter(torch.zeros(config.width)) if config.marks_visible else None
        )
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.output_norm = RMSNorm(config.width, config.norm_epsilon)
        self.head = (
            None
            if config.tied_embeddings
            else nn.Linear(config.width, config.vocab_size, bias=False)
        )

    def initialise(self, generator: torch.Generator) -> Transformer:
        """Draws all weights; residual projections are scaled down by the number of additions to the
        stream."""
        for name, parameter in self.named_parameters():
            if parameter.dim() == 1:
                nn.init.ones_(parameter) if name.endswith("norm.weight") else nn.init.zeros_(
                    parameter
                )
            else:
                residual = name.endswith(("attention.output.weight", "ffn.down.weight"))
                deviation = 0.02 / math.sqrt(2 * self.config.layers) if residual else 0.02
                nn.init.normal_(parameter, std=deviation, generator=generator)
        return self

    def forward(
        self, token_ids: Tensor, positions: Tensor, visible: Tensor, marked: Tensor
    ) -> Tensor:
        """Hidden states [batch, rows, width] of rows with ids and positions [batch, rows] and
        visibility [batch, rows, rows].

        `marked` [batch, rows]: rows that hold a visible token of a block under edit.
        """
        x = self.embed(token_ids, marked)
        cosine, sine = rotary_angles(self.config, positions)
        bias = torch.zeros(visible.shape, device=x.device).masked_fill_(~visible, -torch.inf)
        bias = bias[:, None]
        device = x.device.type
        if torch.is_autocast_enabled(device):
            bias = bias.to(torch.get_autocast_dtype(device))
        for layer in self.layers:
            x = layer(x, cosine, sine, bias)
        return self.output_norm(x)

    def embed(self, token_ids: Tensor, marked: Tensor) -> Tensor:
        x = self.embedding(token_ids)
        return x if self.visible_marker is None else x + marked[..., None] * self.visible_marker

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits [..., vocab_size] of hidden states [..., width]; taken apart so that only wanted
        rows pay for the head."""
        return F.linear(hidden, self.embedding.weight if self.head is None else self.head.weight)

    def with_marker(self, mask_token_id: int) -> Transformer:
        """The same model, that also marks visible tokens of noisy blocks.

        The marker starts towards the mask's embedding, what the model already knows as the sign of
        a row that is asked for its own token, and shorter.
        """
        if self.visible_marker is not None:
            return self
        marked = Transformer(replace(self.config, marks_visible=True))
        marked.load_state_dict(
            {
                **self.state_dict(),
                "visible_marker": _MARKER_START * self.embedding.weight[mask_token_id].detach(),
            }
        )
        return marked

    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())
