"""The tensors of a checkpoint, read one at a time and written to model.gguf as they come."""

from __future__ import annotations

import json
import math
from pathlib import Path

import gguf
import numpy as np
from safetensors import safe_open
from torch import Tensor

from ..export import STORED_TYPES, gguf_writer, interleave_pairs, stored
from ..model import ModelConfig
from .refusal import CheckpointRefused

# What rounding to F16 may change of a value for `auto` to choose it: half a step of F16's
# subnormals. Every BF16 value of ordinary size is an F16 value; only those too small to matter are
# not.
_LARGEST_ROUNDING = 2.0**-25
_F16_OVERFLOW = 65520.0  # rounds to infinity
_Q8_0_BLOCK = 32
_SLAB_ROWS = 4096  # of a matrix, in memory more than once
_FLOATS = ("F16", "BF16", "F32")
_LAYER = {
    "attn_norm.weight": "input_layernorm.weight",
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
}
_BIASES = {f"attn_{letter}.bias": f"self_attn.{letter}_proj.bias" for letter in "qkv"}
_HEAD_NORMS = {f"attn_{letter}_norm.weight": f"self_attn.{letter}_norm.weight" for letter in "qk"}


def source_names(config: ModelConfig) -> dict[str, str]:
    """Name in the checkpoint of each tensor of model.gguf."""
    names = {
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
    }
    if not config.tied_embeddings:
        names["output.weight"] = "lm_head.weight"
    layer = dict(_LAYER)
    layer |= _BIASES if config.qkv_bias else {}
    layer |= _HEAD_NORMS if config.head_norm else {}
    for number in range(config.layers):
        for ours, theirs in layer.items():
            names[f"blk.{number}.{ours}"] = f"model.layers.{number}.{theirs}"
    return names


def expected_shape(config: ModelConfig, name: str) -> tuple[int, ...]:
    """Of a tensor of model.gguf, as PyTorch writes it: output width, input width."""
    part = name.removesuffix(".weight").removesuffix(".bias").split(".")[-1]
    query = config.heads * config.head_width
    key = config.kv_heads * config.head_width
    rows = {
        "token_embd": config.vocab_size,
        "output": config.vocab_size,
        "attn_q": query,
        "attn_k": key,
        "attn_v": key,
        "attn_output": config.width,
        "ffn_gate": config.ffn_width,
        "ffn_up": config.ffn_width,
        "ffn_down": config.width,
    }
    if part.endswith("_norm"):
        return (config.head_width,) if part in ("attn_q_norm", "attn_k_norm") else (config.width,)
    if name.endswith(".bias"):
        return (rows[part],)
    return rows[part], {"attn_output": query, "ffn_down": config.ffn_width}.get(part, config.width)


class SourceWeights:
    """A folder's *.safetensors. Knows which tensor lies where; reads none until asked."""

    def __init__(self, folder: Path) -> None:
        self._file_of: dict[str, Path] = {}
        for file in _weight_files(folder):
            for name in _names(file):
                if name in self._file_of:
                    raise CheckpointRefused(
                        f"tensor is there twice: {name} (in {self._file_of[name].name} "
                        f"and {file.name})"
                    )
                self._file_of[name] = file

    def check(self, config: ModelConfig) -> None:
        """Refuses a checkpoint whose tensors are not those of the config, neither more nor less."""
        names = source_names(config)
        missing = sorted(set(names.values()) - set(self._file_of))
        if missing:
            raise CheckpointRefused(_listed("tensors are missing", missing))
        extra = set(self._file_of) - set(names.values())
        # Buffers of older files, and a head that nobody reads because it is tied.
        extra = {name for name in extra if not name.endswith("rotary_emb.inv_freq")}
        extra -= {"lm_head.weight"} if config.tied_embeddings else set()
        if extra:
            raise CheckpointRefused(_listed("tensors are unknown", sorted(extra)))
        for ours, theirs in names.items():
            self._check_one(theirs, expected_shape(config, ours))

    def _check_one(self, name: str, expected: tuple[int, ...]) -> None:
        with safe_open(self._file_of[name], framework="pt") as file:
            header = file.get_slice(name)
            shape, dtype = tuple(header.get_shape()), header.get_dtype()
        if dtype not in _FLOATS:
            raise CheckpointRefused(
                f"tensor has the wrong type: {name} is {dtype} (expected: {', '.join(_FLOATS)})"
            )
        if shape != expected:
            raise CheckpointRefused(
                f"tensor has the wrong shape: {name} is {list(shape)} (expected: {list(expected)})"
            )

    def read(self, name: str) -> Tensor:
        """F32, whatever the file holds."""
        with safe_open(self._file_of[name], framework="pt") as file:
            values = file.get_tensor(name).float()
        if not all(math.isfinite(edge) for edge in values.aminmax()):  # NaN is both; makes no copy
            raise CheckpointRefused(f"tensor is not finite: {name} (expected: no NaN, no infinity)")
        return values


def write_weights(
    path: Path, config: ModelConfig, name: str, source: SourceWeights, weights: str
) -> dict[str, int]:
    """Writes model.gguf with one tensor in memory at a time; returns how many tensors have each
    type.

    The header needs every tensor's type first, so `auto` reads the source twice.
    """
    names = source_names(config)
    kinds = {
        ours: _weight_type(theirs, source, weights, expected_shape(config, ours))
        for ours, theirs in names.items()
    }
    writer = gguf_writer(path, config, name)
    for ours, kind in kinds.items():
        shape, file_type = expected_shape(config, ours), STORED_TYPES[kind]
        per_block, block_bytes = gguf.GGML_QUANT_SIZES[file_type]
        size = int(np.prod(shape)) // per_block * block_bytes
        writer.add_tensor_info(ours, shape, np.dtype(np.float32), size, file_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for ours, theirs in names.items():
        writer.write_tensor_data(
            stored(_laid_out(config, ours, source.read(theirs)), kinds[ours])[0]
        )
    writer.close()
    return {kind: list(kinds.values()).count(kind) for kind in sorted(set(kinds.values()))}


def _laid_out(config: ModelConfig, name: str, values: Tensor) -> np.ndarray:
    part = name.split(".")[-2]
    if config.architecture == "llama" and part in ("attn_q", "attn_k"):
        values = interleave_pairs(values, config.heads if part == "attn_q" else config.kv_heads)
    return values.contiguous().numpy()


def _weight_type(name: str, source: SourceWeights, weights: str, shape: tuple[int, ...]) -> str:
    if len(shape) == 1 or weights == "f32":
        return "f32"
    if weights == "q8_0":
        if shape[1] % _Q8_0_BLOCK:
            raise CheckpointRefused(
                f"tensor does not fit Q8_0: {name} has rows of {shape[1]} "
                f"(expected: a multiple of {_Q8_0_BLOCK})"
            )
        return "q8_0"
    values = source.read(name)
    if weights == "f16":
        largest = max(float(slab.abs().max()) for slab in values.split(_SLAB_ROWS))
        if largest >= _F16_OVERFLOW:
            raise CheckpointRefused(
                f"tensor does not fit F16: {name} holds {largest:g} "
                "(expected: at most 65504; --weights auto or f32)"
            )
        return "f16"
    rounding = max(float((s - s.half().float()).abs().max()) for s in values.split(_SLAB_ROWS))
    return "f16" if rounding <= _LARGEST_ROUNDING else "f32"


def _weight_files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.exists():
        files = sorted(
            {folder / name for name in json.loads(index.read_text())["weight_map"].values()}
        )
    else:
        files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise CheckpointRefused(f"no weights: {folder} (expected: *.safetensors)")
    for file in files:
        if not file.is_file():
            raise CheckpointRefused(f"file is missing: {file}")
    return files


def _names(file: Path) -> list[str]:
    try:
        with safe_open(file, framework="pt") as opened:
            return list(opened.keys())
    except Exception as error:  # the library has no class of its own for a broken header
        raise CheckpointRefused(f"not a whole safetensors file: {file.name}: {error}") from None


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{what}: {', '.join(names[:5])}{more}"
