"""config.json of a checkpoint: what changes the forward pass is read, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path

from ..model import ModelConfig
from .conventions import BY_CLASS, Convention
from .refusal import CheckpointRefused

# Keys whose other values would need arithmetic that the engine does not have.
_NEUTRAL = {
    "hidden_act": ("silu",),
    "attention_bias": (False,),  # of qwen2 the biases are implied
    "mlp_bias": (False,),
    "use_sliding_window": (False,),
    "use_mrope": (False,),
    "partial_rotary_factor": (1, 1.0),
    "pretraining_tp": (1,),
    "rope_interleaved": (False,),
    "quantization_config": (None,),
    "is_encoder_decoder": (False,),
    "add_cross_attention": (False,),
}
# Keys that say nothing about the forward pass, or only together with one of the above.
# fmt: off
_HARMLESS = frozenset((
    "_name_or_path", "architectures", "attention_dropout", "auto_map", "bos_token_id",
    "chunk_size_feed_forward", "debug", "dtype", "eos_token_id", "ep_size", "finetuning_task",
    "fuse_cross_entropy", "id2label", "initializer_range", "is_decoder", "label2id",
    "mask_token_id", "max_window_layers", "micro_forward", "model_type", "num_labels",
    "output_attentions", "output_hidden_states", "pad_token_id", "problem_type", "return_dict",
    "skip_checkpoint", "sliding_window", "tokenizer_class", "torch_dtype", "transformers_version",
    "use_cache", "use_deepep",
))
# fmt: on
_SIZES = {
    "vocab_size": "vocab_size",
    "hidden_size": "width",
    "num_hidden_layers": "layers",
    "num_attention_heads": "heads",
    "intermediate_size": "ffn_width",
}


class Configuration:
    """The document of config.json; `model_config()` is what the engine computes."""

    def __init__(self, document: dict, ignored: frozenset[str] = frozenset()) -> None:
        self.document = document
        self.ignored = ignored

    @classmethod
    def load(cls, folder: Path, ignored: frozenset[str] = frozenset()) -> Configuration:
        file = folder / "config.json"
        try:
            document = json.loads(file.read_text())
        except FileNotFoundError:
            raise CheckpointRefused(f"file is missing: {file}") from None
        except json.JSONDecodeError as error:
            raise CheckpointRefused(f"config.json is no JSON: {error}") from None
        if not isinstance(document, dict):
            raise CheckpointRefused(
                f"config.json has the wrong type: {type(document).__name__} (expected: object)"
            )
        return cls(document, ignored)

    def convention(self) -> Convention:
        """The type that `architectures` names."""
        classes = self.document.get("architectures")
        if not isinstance(classes, list) or len(classes) != 1 or classes[0] not in BY_CLASS:
            raise CheckpointRefused(
                f"config.json: architectures is unknown: {classes!r} (expected: one of "
                f"{', '.join(BY_CLASS)}; or a --type whose tensors and conventions it has)"
            )
        return BY_CLASS[classes[0]]

    def integer(self, key: str, least: int = 1) -> int:
        value = self._required(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise CheckpointRefused(
                f"config.json: {key} out of range: {value!r} (expected: integer, at least {least})"
            )
        return value

    def number(self, key: str, value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
            raise CheckpointRefused(
                f"config.json: {key} out of range: {value!r} (expected: number above 0)"
            )
        return float(value)

    def model_config(self, convention: Convention, context_length: int) -> ModelConfig:
        self._refuse_what_is_not_computed(convention)
        sizes = {ours: self.integer(key) for key, ours in _SIZES.items()}
        heads = sizes["heads"]
        kv_heads = (
            heads
            if self.document.get("num_key_value_heads") is None
            and convention.architecture == "llama"
            else self.integer("num_key_value_heads")
        )
        try:
            return ModelConfig(
                architecture=convention.architecture,
                context_length=context_length,
                kv_heads=kv_heads,
                head_size=self._head_size(convention, sizes["width"], heads),
                rope_base=self._rope_base(),
                norm_epsilon=self.number("rms_norm_eps", self._required("rms_norm_eps")),
                tied_embeddings=bool(self.document.get("tie_word_embeddings", False)),
                **sizes,
            )
        except CheckpointRefused:
            raise
        except ValueError as error:
            raise CheckpointRefused(f"config.json: {error}") from None

    def _head_size(self, convention: Convention, width: int, heads: int) -> int | None:
        if self.document.get("head_dim") is None:
            # The default of Qwen3's class is a number of its own, not width / heads.
            return self.integer("head_dim") if convention.architecture == "qwen3" else None
        size = self.integer("head_dim", least=2)
        if size % 2:
            raise CheckpointRefused(f"config.json: head_dim is odd: {size} (expected: even)")
        return None if size * heads == width else size

    def _rope_base(self) -> float:
        """`rope_theta` of older files, `rope_parameters.rope_theta` of newer ones; never scaled."""
        for key in ("rope_scaling", "rope_parameters"):
            scaling = self.document.get(key)
            if scaling is None:
                continue
            kind = (
                scaling.get("rope_type", scaling.get("type")) if isinstance(scaling, dict) else ""
            )
            if kind not in ("default", None):
                raise CheckpointRefused(
                    f"config.json: {key} is not supported: {json.dumps(scaling)} "
                    "(expected: none, or of type default)"
                )
            extra = sorted(set(scaling) - {"rope_type", "type", "rope_theta"})
            if extra:
                raise CheckpointRefused(
                    f"config.json: {key} has a key that is unknown: {extra[0]} "
                    "(expected: rope_type, rope_theta)"
                )
        scaling = self.document.get("rope_parameters") or self.document.get("rope_scaling") or {}
        base = self.document.get("rope_theta", scaling.get("rope_theta"))
        if base is None:
            raise CheckpointRefused("config.json: key is missing: rope_theta")
        return self.number("rope_theta", base)

    def _refuse_what_is_not_computed(self, convention: Convention) -> None:
        known = {*_SIZES, *_HARMLESS, *_NEUTRAL, *convention.block_size_keys, *self.ignored}
        known |= {"num_key_value_heads", "head_dim", "rms_norm_eps", "tie_word_embeddings"}
        known |= {"rope_theta", "rope_scaling", "rope_parameters", "max_position_embeddings"}
        for key, value in self.document.items():
            if key in _NEUTRAL and key not in self.ignored and value not in _NEUTRAL[key]:
                if value is None or (
                    key == "attention_bias" and convention.architecture == "qwen2"
                ):
                    continue
                raise CheckpointRefused(
                    f"config.json: {key} is not supported: {value!r} "
                    f"(expected: {_NEUTRAL[key][0]!r})"
                )
            if key == "layer_types":
                self._require_full_attention(value)
            elif key not in known:
                raise CheckpointRefused(
                    f"config.json: key is unknown: {key} = {value!r} (expected: none that may "
                    f"change the forward pass; --ignore {key} when it does not)"
                )

    def _require_full_attention(self, layer_types: object) -> None:
        kinds = layer_types if isinstance(layer_types, list) else [layer_types]
        for kind in kinds:
            if kind not in ("full_attention", None):
                raise CheckpointRefused(
                    f"config.json: layer_types holds {kind!r} (expected: 'full_attention' only)"
                )

    def _required(self, key: str) -> object:
        if self.document.get(key) is None:
            raise CheckpointRefused(f"config.json: key is missing: {key}")
        return self.document[key]
