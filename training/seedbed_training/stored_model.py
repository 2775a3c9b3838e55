"""Logits of a written model.gguf: PyTorch's answer to what the engine has to compute.

Reads the file itself, a layer at a time, so that a model needs the memory of one layer and of its
head's slab, and the weights are those that the engine gets.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .export import separate_halves
from .model import Layer, ModelConfig, RMSNorm, Transformer, rotary_angles
from .sampler.rounds import Slice
from .visibility import slice_visibility

_HEAD_ROWS = 16384  # of the vocabulary, in memory at once


def stored_config(path: Path) -> ModelConfig:
    """The shape of the model that a file holds."""
    reader = gguf.GGUFReader(path)
    names = {tensor.name for tensor in reader.tensors}
    architecture = reader.fields["general.architecture"].contents()

    def field(name: str):
        return reader.fields[f"{architecture}.{name}"].contents()

    return ModelConfig(
        architecture=architecture,
        vocab_size=field("vocab_size"),
        context_length=field("context_length"),
        width=field("embedding_length"),
        layers=field("block_count"),
        heads=field("attention.head_count"),
        kv_heads=field("attention.head_count_kv"),
        head_size=field("attention.key_length")
        if f"{architecture}.attention.key_length" in reader.fields
        else None,
        ffn_width=field("feed_forward_length"),
        rope_base=field("rope.freq_base"),
        norm_epsilon=field("attention.layer_norm_rms_epsilon"),
        tied_embeddings="output.weight" not in names,
        marks_visible="visible_marker.weight" in names,
    )


def stored_types(path: Path) -> list[str]:
    """The types of the file's matrices, most weights first."""
    weights: dict[str, int] = {}
    for tensor in gguf.GGUFReader(path).tensors:
        if len(tensor.shape) > 1:
            kind = tensor.tensor_type.name
            weights[kind] = weights.get(kind, 0) + int(tensor.n_elements)
    return sorted(weights, key=weights.__getitem__, reverse=True)


class StoredModel:
    """A source of logits for the reference sampler; slow, without a KV cache."""

    def __init__(self, path: Path, config: ModelConfig) -> None:
        self.config = config
        self._tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
        self._layer = Layer(config)
        self._norm = RMSNorm(config.width, config.norm_epsilon)

    def whole(self) -> Transformer:
        """The model in memory, in evaluation mode: a shipped version to train on from."""
        state = {
            "embedding.weight": self._values("token_embd.weight"),
            "output_norm.weight": self._values("output_norm.weight"),
        }
        if not self.config.tied_embeddings:
            state["head.weight"] = self._values("output.weight")
        if self.config.marks_visible:
            state["visible_marker"] = self._values("visible_marker.weight")
        for number in range(self.config.layers):
            layer = self._layer_state(f"blk.{number}.")
            state |= {f"layers.{number}.{name}": value for name, value in layer.items()}
        model = Transformer(self.config)
        model.load_state_dict(state)
        return model.eval()

    @torch.no_grad()
    def logits(self, slice_: Slice) -> np.ndarray:
        """F32 [rows - first_logits_row, vocab_size] of a slice behind its context."""
        context = len(slice_.context)
        token_ids = np.array([*slice_.context, *slice_.token_ids])
        visible = slice_visibility(len(token_ids), context + slice_.clean_rows, grid=slice_.grid)
        bias = torch.zeros(visible.shape).masked_fill_(~visible, -torch.inf)[None, None]
        x = self._rows("token_embd.weight", token_ids)[None]
        cosine, sine = rotary_angles(self.config, torch.arange(len(token_ids))[None])
        for number in range(self.config.layers):
            self._layer.load_state_dict(self._layer_state(f"blk.{number}."))
            x = self._layer(x, cosine, sine, bias)
        self._norm.load_state_dict({"weight": self._values("output_norm.weight")})
        return self._head(self._norm(x[0, context + slice_.first_logits_row :]))

    def _head(self, hidden: Tensor) -> np.ndarray:
        name = "token_embd.weight" if self.config.tied_embeddings else "output.weight"
        slabs = np.array_split(
            np.arange(self.config.vocab_size), -(-self.config.vocab_size // _HEAD_ROWS)
        )
        return torch.cat([F.linear(hidden, self._rows(name, slab)) for slab in slabs], 1).numpy()

    def _layer_state(self, prefix: str) -> dict[str, Tensor]:
        def of(name: str) -> Tensor:
            return self._values(prefix + name)

        state = {
            "attention_norm.weight": of("attn_norm.weight"),
            "attention.output.weight": of("attn_output.weight"),
            "ffn_norm.weight": of("ffn_norm.weight"),
            "ffn.gate_up.weight": torch.cat([of("ffn_gate.weight"), of("ffn_up.weight")]),
            "ffn.down.weight": of("ffn_down.weight"),
        }
        for kind in ("weight", "bias") if self.config.qkv_bias else ("weight",):
            query, key, value = (of(f"attn_{letter}.{kind}") for letter in "qkv")
            if self.config.architecture == "llama":
                query = separate_halves(query, self.config.heads)
                key = separate_halves(key, self.config.kv_heads)
            state[f"attention.qkv.{kind}"] = torch.cat([query, key, value])
        if self.config.head_norm:
            state["attention.query_norm.weight"] = of("attn_q_norm.weight")
            state["attention.key_norm.weight"] = of("attn_k_norm.weight")
        return state

    def _values(self, name: str) -> Tensor:
        tensor = self._tensors[name]
        return _restored(tensor.data, tensor.tensor_type)

    def _rows(self, name: str, rows: np.ndarray) -> Tensor:
        tensor = self._tensors[name]
        return _restored(tensor.data[rows], tensor.tensor_type)


def _restored(data: np.ndarray, kind: gguf.GGMLQuantizationType) -> Tensor:
    return torch.from_numpy(np.array(gguf.quants.dequantize(data, kind), dtype=np.float32))
