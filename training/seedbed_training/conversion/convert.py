"""From a folder of Hugging Face files to a model version (docs/model-version.md)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..export import ContractFacts, DefaultPolicy, contract_document, write_beside_weights
from ..golden_version import find_traces, logits_cases
from ..sampler.contract import BLOCK_CAUSAL, Contract, Parameters
from ..sampler.rounds import LogitsSource
from ..stored_model import StoredModel
from .configuration import Configuration
from .conventions import BY_NAME, Convention
from .refusal import CheckpointRefused
from .vocabulary import Roles, Vocabulary
from .weights import SourceWeights, write_weights

LARGEST_BLOCK = 63  # docs/model-version.md
# What the self-test asks of the engine. Code, because most of these models write it: a sure answer
# leaves its trace a margin.
PROMPTS = (
    "public static int sum(int[] xs) {\n    int total = 0;\n    for (int x : xs) {\n",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return ",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24",
    "abcabcabcabcabcabcabcabcabcabcabcabc",
    "import numpy as np\nimport matplotlib.pyplot as plt\nimport pandas as",
)


@dataclass(frozen=True)
class Options:
    """What the files do not say, or say wrongly."""

    type: str | None = None  # None: by `architectures`
    name: str | None = None  # None: that of the folder
    block_size: int | None = None
    context_length: int | None = None
    mask_token_id: int | None = None
    end_token_ids: tuple[int, ...] = ()
    chat_template: Path | None = None
    weights: str = "auto"
    compute: str = "f32"
    tolerance: float = 1e-3
    ignored_keys: frozenset[str] = frozenset()
    attempts: int = 40  # requests tried for traces


def convert_checkpoint(source: Path, out: Path, options: Options) -> dict[str, int]:
    """Writes the version into `out`, which must not exist; returns how many tensors have each type.

    Leaves nothing behind when it refuses the checkpoint.
    """
    if out.exists():
        raise CheckpointRefused(f"folder exists: {out} (expected: a new one)")
    configuration = Configuration.load(source, options.ignored_keys)
    convention = _convention(configuration, options)
    config = configuration.model_config(
        convention, _context_length(configuration, convention, options)
    )
    weights = SourceWeights(source)
    weights.check(config)
    vocabulary = Vocabulary(source)
    roles = vocabulary.roles(
        configuration, convention, options.mask_token_id, options.end_token_ids
    )
    template = vocabulary.chat_template(options.chat_template)
    document = contract_document(
        config, _facts(configuration, convention, roles, config.context_length, options)
    )
    prompts = _prompts(vocabulary, config.vocab_size)

    out.mkdir(parents=True)
    try:
        counts = write_weights(
            out / "model.gguf",
            config,
            options.name or source.resolve().name,
            weights,
            options.weights,
        )
        golden = _golden(document, prompts, StoredModel(out / "model.gguf", config), options)
        write_beside_weights(out, document, golden, vocabulary.tokenizer_json(), template)
    except BaseException:
        shutil.rmtree(out)
        raise
    return counts


def _convention(configuration: Configuration, options: Options) -> Convention:
    if options.type is None:
        return configuration.convention()
    if options.type not in BY_NAME:
        raise CheckpointRefused(
            f"type is unknown: {options.type!r} (expected: one of {', '.join(BY_NAME)})"
        )
    return BY_NAME[options.type]


def _context_length(configuration: Configuration, convention: Convention, options: Options) -> int:
    most = configuration.integer("max_position_embeddings")
    if options.context_length is None:
        return min(most, convention.longest_context)
    if not 1 <= options.context_length <= most:
        raise CheckpointRefused(
            f"context length out of range: {options.context_length} "
            f"(expected: 1..{most}, max_position_embeddings in config.json)"
        )
    return options.context_length


def _facts(
    configuration: Configuration,
    convention: Convention,
    roles: Roles,
    context_length: int,
    options: Options,
) -> ContractFacts:
    block_size = options.block_size or _block_size(configuration, convention)
    if not 1 <= block_size <= LARGEST_BLOCK:
        raise CheckpointRefused(
            f"block size out of range: {block_size} (expected: 1..{LARGEST_BLOCK})"
        )
    if 2 * block_size > context_length:
        raise CheckpointRefused(
            f"context length out of range: {context_length} (expected: at least {2 * block_size}, "
            "two blocks)"
        )
    # Kind B serves its one block size; the others have no use for more than they were asked for.
    policy = DefaultPolicy(
        mode="diffusion" if convention.has_mask else "autoregressive",
        threshold=0.9,
        steps=min(8, block_size),
        draft_length=min(12, block_size),
    )
    return ContractFacts(
        convention.attention,
        modes=convention.modes,
        shift_logits=convention.shift_logits,
        block_size=block_size,
        max_block_size=block_size if convention.attention == BLOCK_CAUSAL else LARGEST_BLOCK,
        mask_token_id=roles.mask,
        pad_token_id=roles.pad,
        end_token_ids=roles.ends,
        forbidden_output=roles.forbidden,
        compute=options.compute,
        tolerance=options.tolerance,
        default_policy=policy,
    )


def _block_size(configuration: Configuration, convention: Convention) -> int:
    for key in convention.block_size_keys:
        if key in configuration.document:
            return configuration.integer(key)
    return convention.block_size


def _prompts(vocabulary: Vocabulary, vocab_size: int) -> list[list[int]]:
    prompts = [vocabulary.tokenizer.encode(text, add_special_tokens=False).ids for text in PROMPTS]
    highest = max(max(prompt, default=0) for prompt in prompts)
    if highest >= vocab_size:
        raise CheckpointRefused(
            f"tokenizer has more ids than the model: {highest} (expected: 0..{vocab_size - 1})"
        )
    if any(not prompt for prompt in prompts):
        raise CheckpointRefused("tokenizer gives no ids for code (expected: at least one a text)")
    return prompts


def _golden(
    document: dict, prompts: list[list[int]], source: LogitsSource, options: Options
) -> dict:
    contract = Contract.of(document)
    length = min(max(32, contract.block_size), contract.context_length - contract.block_size)
    longest = max(prompts, key=len)
    prompt = (longest * -(-length // len(longest)))[:length]
    traces = find_traces(
        contract,
        source,
        _requests(contract, prompts),
        options.tolerance,
        wanted=2,
        attempts=options.attempts,
    )
    if not traces:
        raise CheckpointRefused(
            f"no trace has enough margin after {options.attempts} requests (expected: one whose "
            "every decision is clearer than three tolerances; more --attempts or a smaller "
            "--tolerance)"
        )
    return {
        "format": 1,
        "logits": logits_cases(contract, prompt, source.logits, last_rows=3),
        "traces": traces,
    }


def _requests(
    contract: Contract, prompts: list[list[int]]
) -> Iterator[tuple[list[int], Parameters]]:
    """Endless: from requests of many decisions to ones of few, for models that are seldom sure."""
    number = 0
    while True:
        policy = ("threshold", "confident_prefix", "fixed_steps")[number % 3]
        prompt = prompts[number % len(prompts)]
        length = 1 + (len(prompt) - 1) * (1 + number % 7) // 7
        yield (
            prompt[: min(length, contract.context_length // 2)],
            Parameters(
                max_tokens=max(1, min(12 - number // 2, contract.context_length // 4)),
                mode=contract.modes[0],
                policy=policy,
                threshold=(0.9, 0.6)[number // 3 % 2],
                steps=1 + number % min(4, contract.block_size),
                block_size=contract.block_size,
                draft_length=1,
                seed=number,
            ),
        )
        number += 1
