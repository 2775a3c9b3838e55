"""What each type of checkpoint takes for granted and no config says.

Every type has the tensors of llama, qwen2 or qwen3 under their Hugging Face names; what differs is
who sees whom, where a token's logits stand, and which id is the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..sampler.contract import BLOCK_CAUSAL, CAUSAL_CONTEXT, FULL


@dataclass(frozen=True)
class Convention:
    name: str  # of --type
    classes: tuple[str, ...]  # `architectures` in config.json
    architecture: str  # whose tensors and arithmetic it has
    attention: str
    modes: tuple[str, ...] | None = None  # None: all that the kind of attention can have
    shift_logits: bool = False
    block_size: int = 1
    block_size_keys: tuple[str, ...] = ()  # of config.json, where the type writes it there
    mask_tokens: tuple[str, ...] = ()  # texts, for tokenizers that do not say which it is
    longest_context: int = 8192  # by default: the arena holds at least one whole context

    @property
    def has_mask(self) -> bool:
        return self.modes != _AUTOREGRESSIVE


_AUTOREGRESSIVE = ("autoregressive",)
_BLOCK_SIZE_KEYS = ("block_size", "block_length")

CONVENTIONS = (
    Convention("llama", ("LlamaForCausalLM",), "llama", CAUSAL_CONTEXT, _AUTOREGRESSIVE),
    Convention("qwen2", ("Qwen2ForCausalLM",), "qwen2", CAUSAL_CONTEXT, _AUTOREGRESSIVE),
    Convention("qwen3", ("Qwen3ForCausalLM",), "qwen3", CAUSAL_CONTEXT, _AUTOREGRESSIVE),
    Convention(
        "stable_diffcoder",
        ("StableDiffcoderForCausalLM",),
        "llama",
        BLOCK_CAUSAL,
        block_size=4,
        block_size_keys=_BLOCK_SIZE_KEYS,
        mask_tokens=("<[MASK_TOKEN]>",),
    ),
    Convention(
        "sdar",
        ("SDARForCausalLM",),
        "qwen3",
        BLOCK_CAUSAL,
        block_size=4,
        block_size_keys=_BLOCK_SIZE_KEYS,
        mask_tokens=("<|MASK|>",),
    ),
    Convention(
        "dream",
        ("DreamModel",),
        "qwen2",
        FULL,
        shift_logits=True,
        block_size=32,  # of scheduling: the model knows no blocks
        mask_tokens=("<|mask|>",),
        longest_context=2048,
    ),
    Convention(
        "fast_dllm_v2",
        ("Fast_dLLM_QwenForCausalLM",),
        "qwen2",
        BLOCK_CAUSAL,
        shift_logits=True,
        block_size=32,
        block_size_keys=("bd_size",),
        mask_tokens=("|<MASK>|",),
    ),
)
BY_NAME = {each.name: each for each in CONVENTIONS}
BY_CLASS = {name: each for each in CONVENTIONS for name in each.classes}
