"""Writes a model version: model.gguf, contract.json and the rest of docs/model-version.md."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import torch
from torch import Tensor

from .model import ModelConfig, Transformer
from .sampler.contract import MODES_OF

STORED_TYPES = {
    "f32": gguf.GGMLQuantizationType.F32,
    "f16": gguf.GGMLQuantizationType.F16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
}
_DIGESTED_FILES = ("model.gguf", "tokenizer.json", "chat_template.jinja", "golden.json")


def tensors(model: Transformer) -> dict[str, np.ndarray]:
    """All weights, F32, by their llama.cpp names and in its layout."""
    config = model.config
    named: dict[str, Tensor] = {
        "token_embd.weight": model.embedding.weight,
        "output_norm.weight": model.output_norm.weight,
    }
    if model.head is not None:
        named["output.weight"] = model.head.weight
    if model.visible_marker is not None:
        named["visible_marker.weight"] = model.visible_marker
    for number, layer in enumerate(model.layers):
        prefix = f"blk.{number}."
        named |= {
            prefix + "attn_norm.weight": layer.attention_norm.weight,
            prefix + "attn_output.weight": layer.attention.output.weight,
            prefix + "ffn_norm.weight": layer.ffn_norm.weight,
            prefix + "ffn_down.weight": layer.ffn.down.weight,
        }
        named |= dict(
            zip(
                (prefix + "ffn_gate.weight", prefix + "ffn_up.weight"),
                layer.ffn.gate_up.weight.chunk(2),
                strict=True,
            )
        )
        if config.head_norm:
            named[prefix + "attn_q_norm.weight"] = layer.attention.query_norm.weight
            named[prefix + "attn_k_norm.weight"] = layer.attention.key_norm.weight
        for kind in ("weight", "bias") if config.qkv_bias else ("weight",):
            named |= _query_key_value(config, getattr(layer.attention.qkv, kind), prefix, kind)
    return {name: value.detach().float().contiguous().numpy() for name, value in named.items()}


def _query_key_value(
    config: ModelConfig, fused: Tensor, prefix: str, kind: str
) -> dict[str, Tensor]:
    widths = [
        count * config.head_width for count in (config.heads, config.kv_heads, config.kv_heads)
    ]
    query, key, value = fused.split(widths)
    if config.architecture == "llama":
        query, key = interleave_pairs(query, config.heads), interleave_pairs(key, config.kv_heads)
    return {
        f"{prefix}attn_{letter}.{kind}": part
        for letter, part in zip("qkv", (query, key, value), strict=True)
    }


def interleave_pairs(rows: Tensor, heads: int) -> Tensor:
    """Reorders each head's rows from halves (i, i + n/2) to neighbours (2i, 2i + 1), as RoPE of
    `llama` files expects."""
    return (
        rows.view(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
        .transpose(1, 2)
        .reshape(rows.shape)
    )


def separate_halves(rows: Tensor, heads: int) -> Tensor:
    """Takes `interleave_pairs` back."""
    return (
        rows.view(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:])
        .transpose(1, 2)
        .reshape(rows.shape)
    )


def stored(values: np.ndarray, weight_type: str) -> tuple[np.ndarray, gguf.GGMLQuantizationType]:
    """What the file holds of a tensor.

    Vectors stay F32: they cost nothing and are added or multiplied in F32.
    """
    if values.ndim == 1 or weight_type == "f32":
        return values, gguf.GGMLQuantizationType.F32
    kind = STORED_TYPES[weight_type]
    if weight_type == "f16":
        return values.astype(np.float16), kind  # without the F32 copy that `quantize` makes
    return gguf.quants.quantize(values, kind), kind


def round_as_stored(model: Transformer, weight_type: str) -> Transformer:
    """Rounds the weights in place to the values that a file of this type gives back."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2 and weight_type != "f32":
                kind = STORED_TYPES[weight_type]
                restored = gguf.quants.dequantize(
                    gguf.quants.quantize(parameter.numpy(), kind), kind
                )
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(restored)))
    return model


def gguf_writer(path: Path, config: ModelConfig, name: str) -> gguf.GGUFWriter:
    """A writer that has the metadata and no tensors yet."""
    writer = gguf.GGUFWriter(path, config.architecture)
    writer.add_name(name)
    writer.add_block_count(config.layers)
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.width)
    writer.add_feed_forward_length(config.ffn_width)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_vocab_size(config.vocab_size)
    if config.head_size is not None:
        writer.add_key_length(config.head_size)
        writer.add_value_length(config.head_size)
    return writer


def write_gguf(path: Path, model: Transformer, name: str, weight_type: str) -> None:
    writer = gguf_writer(path, model.config, name)
    for tensor_name, values in tensors(model).items():
        data, kind = stored(values, weight_type)
        writer.add_tensor(tensor_name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@dataclass(frozen=True)
class DefaultPolicy:
    """What a request gets that says nothing."""

    mode: str = "diffusion"
    policy: str = "threshold"
    threshold: float = 0.8
    steps: int = 8
    edit_threshold: float = 1.0
    edit_rounds: int = 0
    draft_length: int = 12
    temperature: float = 0.0
    top_p: float = 1.0


@dataclass(frozen=True)
class ContractFacts:
    """The part of contract.json that no weights tell."""

    attention: str
    block_size: int = 16
    max_block_size: int = 32
    mask_token_id: int = 2
    pad_token_id: int | None = 0
    end_token_ids: tuple[int, ...] = (1,)
    forbidden_output: tuple[int, ...] = (0, 2)
    modes: tuple[str, ...] | None = None  # None: all that the kind of attention can have
    shift_logits: bool = False
    can_edit: bool = False
    compute: str = "f32"
    tolerance: float = 1e-3
    default_policy: DefaultPolicy = field(default_factory=DefaultPolicy)
    draft_yield: tuple[tuple[int, float], ...] = ()  # (draft length, tokens per forward pass)


def contract_document(config: ModelConfig, facts: ContractFacts) -> dict:
    """contract.json without digests."""
    optional = {}
    if facts.draft_yield:
        optional["draft_yield"] = [list(pair) for pair in facts.draft_yield]
    return {
        "format": 1,
        "architecture": config.architecture,
        "attention": facts.attention,
        "modes": list(facts.modes or MODES_OF[facts.attention]),
        "vocab_size": config.vocab_size,
        "context_length": config.context_length,
        "block_size": facts.block_size,
        "max_block_size": facts.max_block_size,
        "mask_token_id": facts.mask_token_id,
        "pad_token_id": facts.pad_token_id,
        "end_token_ids": list(facts.end_token_ids),
        "forbidden_output": list(facts.forbidden_output),
        "shift_logits": facts.shift_logits,
        "can_edit": facts.can_edit,
        "compute": facts.compute,
        "default_policy": dict(vars(facts.default_policy)),
        **optional,
        "tolerance": facts.tolerance,
    }


def write_version(
    folder: Path,
    model: Transformer,
    name: str,
    weight_type: str,
    contract: dict,
    golden: dict,
    tokenizer: str,
    chat_template: str,
) -> None:
    """Writes a whole version into `folder`; what stood there before is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_gguf(folder / "model.gguf", model, name, weight_type)
    write_beside_weights(folder, contract, golden, tokenizer, chat_template)


def write_beside_weights(
    folder: Path, contract: dict, golden: dict, tokenizer: str, chat_template: str
) -> None:
    """Writes all files of a version but model.gguf, which lies in `folder` already."""
    (folder / "tokenizer.json").write_text(tokenizer)
    (folder / "chat_template.jinja").write_text(chat_template)
    (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    digests = {
        file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in _DIGESTED_FILES
    }
    (folder / "contract.json").write_text(
        json.dumps({**contract, "sha256": digests}, indent=2) + "\n"
    )
