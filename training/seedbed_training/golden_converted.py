"""triton-models/golden/converted-*: tiny random checkpoints of each type that can be converted, as
Hugging Face writes them, and the versions that come out.

The logits that the versions promise are compared with transformers' own: the classes of the types
that transformers does not have are its llama, qwen2 and qwen3 under another mask.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from .conversion.convert import Options, convert_checkpoint
from .golden_tiny import VOCAB_SIZE, byte_tokenizer, hugging_face_logits
from .sampler.contract import BLOCK_CAUSAL
from .sampler.rounds import Slice

# The id of the pad, of the end and of the mask in `byte_tokenizer`.
_PAD, _END, _MASK = 0, 1, 2
_CLASSES = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}


@dataclass(frozen=True)
class TinySource:
    """A checkpoint as its authors publish it: tensors of `architecture`, and these keys of
    config.json."""

    type: str
    architecture: str
    seed: int
    keys: dict = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    tied_embeddings: bool = False

    @property
    def folder_name(self) -> str:
        return "converted-" + self.type.replace("_", "-")


SOURCES = (
    TinySource("llama", "llama", seed=21, dtype=torch.bfloat16),
    TinySource("qwen2", "qwen2", seed=22, dtype=torch.bfloat16, tied_embeddings=True),
    TinySource("qwen3", "qwen3", seed=23, dtype=torch.float16, tied_embeddings=True),
    TinySource(
        "stable_diffcoder",
        "llama",
        seed=24,
        dtype=torch.bfloat16,
        keys={"architectures": ["StableDiffcoderForCausalLM"], "rope_theta": 500000.0},
    ),
    TinySource(
        "sdar",
        "qwen3",
        seed=25,
        dtype=torch.bfloat16,
        keys={
            "architectures": ["SDARForCausalLM"],
            "model_type": "sdar",
            "block_size": 4,
            "mask_token_id": _MASK,
            "rope_scaling": None,
        },
    ),
    TinySource(
        "dream",
        "qwen2",
        seed=26,
        dtype=torch.bfloat16,
        keys={
            "architectures": ["DreamModel"],
            "model_type": "Dream",
            "mask_token_id": _MASK,
            "use_mrope": False,
            "rope_scaling": None,
            "rope_theta": 1000000.0,
        },
    ),
    TinySource(
        "fast_dllm_v2",
        "qwen2",
        seed=27,
        dtype=torch.bfloat16,
        tied_embeddings=True,
        keys={
            "architectures": ["Fast_dLLM_QwenForCausalLM"],
            "model_type": "Fast_dLLM_Qwen",
            "bd_size": 8,
            "rope_theta": 1000000.0,
        },
    ),
)


def hugging_face_model(source: TinySource) -> PreTrainedModel:
    """Weights large enough that attention, norms and biases all move the logits; values that the
    type's dtype holds, in F32."""
    config_class, model_class = _CLASSES[source.architecture]
    torch.manual_seed(source.seed)
    config = config_class(
        vocab_size=VOCAB_SIZE,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
        rms_norm_eps=1e-6,
        tie_word_embeddings=source.tied_embeddings,
        bos_token_id=None,
        eos_token_id=_END,
        pad_token_id=_PAD,
        attn_implementation="eager",
        **({"head_dim": 16} if source.architecture == "qwen3" else {}),  # not hidden_size / heads
    )
    config.rope_parameters["rope_theta"] = source.keys.get("rope_theta", 10000.0)
    model = model_class(config)
    generator = torch.Generator().manual_seed(source.seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("norm.weight"):
                # The last norm sharpens the logits: near-uniform ones leave no draw a margin.
                values = (1 + 0.2 * noise) * (6 if name == "model.norm.weight" else 1)
            else:
                values = noise * (0.3 if parameter.dim() == 1 or "embed" in name else 0.2)
            parameter.copy_(values.to(source.dtype).float())
    return model.eval()


def write_source(folder: Path, source: TinySource) -> PreTrainedModel:
    """The checkpoint's folder; returns its model, in F32."""
    model = hugging_face_model(source)
    stored = type(model)(model.config).to(source.dtype)
    stored.load_state_dict(model.state_dict())
    stored.save_pretrained(folder)
    document = json.loads((folder / "config.json").read_text())
    if "rope_theta" in source.keys:  # where files of their time have it
        del document["rope_parameters"]
    (folder / "config.json").write_text(json.dumps(document | source.keys))
    (folder / "tokenizer.json").write_text(byte_tokenizer())
    settings = {
        "mask_token": "<|mask|>",
        "pad_token": "<|pad|>",
        "chat_template": "{% for message in messages %}{{ message.content }}{% endfor %}",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return model


def write_converted(folder: Path, source: TinySource) -> None:
    """The version of one source, below `folder`."""
    with tempfile.TemporaryDirectory() as name:
        model = write_source(Path(name), source)
        out = folder / source.folder_name
        shutil.rmtree(out, ignore_errors=True)
        convert_checkpoint(Path(name), out, Options(name=source.folder_name, attempts=400))
    difference = difference_from_transformers(out, model)
    if difference > 1e-4:
        raise AssertionError(
            f"logits of {out.name} differ from transformers': {difference} (expected: at most 1e-4)"
        )


def difference_from_transformers(folder: Path, model: PreTrainedModel) -> float:
    """The largest, over all logits that a version's golden.json promises."""
    contract = json.loads((folder / "contract.json").read_text())
    grid = contract["block_size"] if contract["attention"] == BLOCK_CAUSAL else None
    largest = 0.0
    for case in json.loads((folder / "golden.json").read_text())["logits"]:
        slice_ = Slice(
            (), tuple(case["token_ids"]), case["clean_rows"], case["first_logits_row"], grid
        )
        difference = hugging_face_logits(model, slice_) - np.array(case["values"])
        largest = max(largest, float(np.abs(difference).max()))
    return largest


def write_all_converted(folder: Path) -> list[str]:
    for source in SOURCES:
        write_converted(folder, source)
    return [source.folder_name for source in SOURCES]
