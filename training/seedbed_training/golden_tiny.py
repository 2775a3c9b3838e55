"""Tiny random checkpoints whose golden logits come from Hugging Face transformers, not from our own
model.

They tie the engine's graph to an implementation that others trust, for both architectures and both
kinds of attention.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from .export import ContractFacts, DefaultPolicy, contract_document, round_as_stored, write_version
from .golden_version import find_traces, logits_cases
from .model import ModelConfig, Transformer
from .sampler.contract import BLOCK_CAUSAL, CAUSAL_CONTEXT, Contract, Parameters
from .sampler.rounds import Slice
from .sampler.sources import ModelLogits
from .tokenizer import SPECIALS
from .visibility import slice_visibility

VOCAB_SIZE = 300
BLOCK_SIZE = 8
CHAT_TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


@dataclass(frozen=True)
class TinyCheckpoint:
    name: str
    architecture: str
    attention: str
    tied_embeddings: bool = True
    weight_type: str = "f32"
    compute: str = "f32"
    tolerance: float = 1e-3
    seed: int = 0


CHECKPOINTS = (
    TinyCheckpoint("tiny-llama-c", "llama", CAUSAL_CONTEXT, seed=1),
    TinyCheckpoint("tiny-llama-b", "llama", BLOCK_CAUSAL, seed=2),
    TinyCheckpoint("tiny-qwen2-c", "qwen2", CAUSAL_CONTEXT, tied_embeddings=False, seed=3),
    TinyCheckpoint("tiny-qwen2-b", "qwen2", BLOCK_CAUSAL, seed=4),
    # Logits here have a standard deviation of about 10. `native` products round the activations to
    # F16 as well.
    TinyCheckpoint(
        "tiny-llama-c-f16",
        "llama",
        CAUSAL_CONTEXT,
        weight_type="f16",
        compute="native",
        tolerance=0.1,
        seed=1,
    ),
    TinyCheckpoint("tiny-llama-c-q8_0", "llama", CAUSAL_CONTEXT, weight_type="q8_0", seed=1),
)


def hugging_face_model(tiny: TinyCheckpoint) -> PreTrainedModel:
    """A random model with weights large enough that attention, norms and biases all move the
    logits."""
    shape = dict(
        vocab_size=VOCAB_SIZE,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=128,
        max_position_embeddings=1024,
        rms_norm_eps=1e-5 if tiny.architecture == "llama" else 1e-6,
        tie_word_embeddings=tiny.tied_embeddings,
        attn_implementation="eager",
    )
    torch.manual_seed(tiny.seed)
    model = (
        LlamaForCausalLM(LlamaConfig(**shape))
        if tiny.architecture == "llama"
        else Qwen2ForCausalLM(Qwen2Config(**shape))
    )
    generator = torch.Generator().manual_seed(tiny.seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("norm.weight"):
                # The last norm sharpens the logits: near-uniform ones leave no draw a margin.
                parameter.copy_((1 + 0.2 * noise) * (4 if name == "model.norm.weight" else 1))
            else:
                parameter.copy_(noise * (0.3 if parameter.dim() == 1 or "embed" in name else 0.15))
    return model.eval()


def from_hugging_face(source: PreTrainedModel) -> Transformer:
    """The same weights in our own model."""
    config = source.config
    rope = getattr(config, "rope_theta", None) or config.rope_parameters["rope_theta"]
    model = Transformer(
        ModelConfig(
            architecture=config.model_type,
            vocab_size=config.vocab_size,
            context_length=config.max_position_embeddings,
            width=config.hidden_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            ffn_width=config.intermediate_size,
            rope_base=float(rope),
            norm_epsilon=config.rms_norm_eps,
            tied_embeddings=config.tie_word_embeddings,
        )
    )
    theirs = source.state_dict()
    ours = {
        "embedding.weight": theirs["model.embed_tokens.weight"],
        "output_norm.weight": theirs["model.norm.weight"],
    }
    if not config.tie_word_embeddings:
        ours["head.weight"] = theirs["lm_head.weight"]
    for number in range(config.num_hidden_layers):
        here, there = f"layers.{number}.", f"model.layers.{number}."
        ours[here + "attention_norm.weight"] = theirs[there + "input_layernorm.weight"]
        ours[here + "ffn_norm.weight"] = theirs[there + "post_attention_layernorm.weight"]
        ours[here + "attention.output.weight"] = theirs[there + "self_attn.o_proj.weight"]
        ours[here + "ffn.down.weight"] = theirs[there + "mlp.down_proj.weight"]
        ours[here + "ffn.gate_up.weight"] = torch.cat(
            [theirs[f"{there}mlp.{part}_proj.weight"] for part in ("gate", "up")]
        )
        for kind in ("weight", "bias") if model.config.qkv_bias else ("weight",):
            parts = [theirs[f"{there}self_attn.{letter}_proj.{kind}"] for letter in "qkv"]
            ours[f"{here}attention.qkv.{kind}"] = torch.cat(parts)
    model.load_state_dict(ours)
    return model.eval()


@torch.no_grad()
def hugging_face_logits(model: PreTrainedModel, slice_: Slice) -> np.ndarray:
    """Logits of a slice on an empty context, with its visibility as an explicit mask [1, 1, rows,
    rows]."""
    visible = slice_visibility(slice_.rows, slice_.clean_rows, grid=slice_.grid)
    mask = torch.zeros(visible.shape).masked_fill_(~visible, torch.finfo(torch.float32).min)[
        None, None
    ]
    token_ids = torch.tensor([slice_.token_ids])
    positions = torch.arange(slice_.rows)[None]
    logits = model(
        input_ids=token_ids, attention_mask=mask, position_ids=positions, use_cache=False
    ).logits
    return logits[0, slice_.first_logits_row :].numpy()


def byte_tokenizer() -> str:
    """tokenizer.json with one id a byte behind the specials."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate((*SPECIALS, *letters))}
    vocabulary |= {
        f"<|reserved_{number}|>": number for number in range(len(vocabulary), VOCAB_SIZE)
    }
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer.to_str() + "\n"


def _requests(
    contract: Contract, mode: str, temperature: float
) -> Iterator[tuple[list[int], Parameters]]:
    """Endless requests; short ones, as every decision of a random model is a close one."""
    number = 0
    while True:
        random = np.random.default_rng([11, number, len(mode), int(10 * temperature)])
        prompt = random.integers(3, VOCAB_SIZE, int(random.integers(3, 20))).tolist()
        yield (
            prompt,
            Parameters(
                max_tokens=int(random.integers(6, 18)) if number < 300 else 4,
                mode=mode,
                policy="fixed_steps" if number % 2 else "threshold",
                threshold=0.3,
                steps=3,
                block_size=contract.block_size,
                draft_length=4,
                temperature=temperature,
                top_p=0.95 if temperature else 1.0,
                seed=number,
            ),
        )
        number += 1


def write_checkpoint(folder: Path, tiny: TinyCheckpoint) -> None:
    source = hugging_face_model(tiny)
    model = round_as_stored(from_hugging_face(source), tiny.weight_type)
    policy = DefaultPolicy(steps=4, draft_length=4, threshold=0.5)
    facts = ContractFacts(
        tiny.attention,
        block_size=BLOCK_SIZE,
        compute=tiny.compute,
        tolerance=tiny.tolerance,
        default_policy=policy,
    )
    document = contract_document(model.config, facts)
    contract = Contract.of(document)
    prompt = np.random.default_rng([5, tiny.seed]).integers(3, VOCAB_SIZE, 21).tolist()
    evaluate = ModelLogits(model).logits
    if tiny.weight_type == "f32":
        evaluate = lambda slice_: _agreeing_logits(source, model, slice_)  # noqa: E731
    golden = {"format": 1, "logits": logits_cases(contract, prompt, evaluate), "traces": []}
    for mode in contract.modes:
        for temperature in (0.0, 0.8):
            requests = _requests(contract, mode, temperature)
            golden["traces"] += find_traces(
                contract, ModelLogits(model), requests, tiny.tolerance, wanted=2, attempts=400
            )
    if not golden["traces"]:
        raise AssertionError(f"no trace with enough margin: {tiny.name} (expected: at least one)")
    write_version(
        folder / tiny.name,
        model,
        tiny.name,
        tiny.weight_type,
        document,
        golden,
        byte_tokenizer(),
        CHAT_TEMPLATE,
    )


def _agreeing_logits(source: PreTrainedModel, model: Transformer, slice_: Slice) -> np.ndarray:
    theirs = hugging_face_logits(source, slice_)
    difference = float(np.abs(theirs - ModelLogits(model).logits(slice_)).max())
    if difference > 1e-4:
        raise AssertionError(
            f"our logits differ from transformers': {difference} (expected: at most 1e-4)"
        )
    return theirs


def write_checkpoints(folder: Path) -> list[str]:
    for tiny in CHECKPOINTS:
        write_checkpoint(folder, tiny)
    return [tiny.name for tiny in CHECKPOINTS]


def trace_count(folder: Path) -> int:
    return len(json.loads((folder / "golden.json").read_text())["traces"])
