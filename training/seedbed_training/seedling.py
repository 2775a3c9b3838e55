"""What makes a checkpoint the shipped model: prompts, contract, golden requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from . import draft_yield
from .checkpoint import load_model, round_to_half
from .dataset import Dataset
from .export import ContractFacts, DefaultPolicy, contract_document, round_as_stored, write_version
from .golden_version import find_traces, logits_cases
from .sampler.contract import CAUSAL_CONTEXT, POLICIES, Contract, Parameters
from .sampler.sources import ModelLogits

# The largest difference of a logit between this PyTorch and the engine that was seen is far below;
# see LOG.md.
TOLERANCE = 1e-3

# The last user message: a description, then the signature on the lines below (without one, the
# model writes it too). A message that brings its own Javadoc stays as it is. Written in the words
# that Jinja2 and jinjava share, without a newline at the end.
CHAT_TEMPLATE = (
    "{%- set users = messages | selectattr('role', 'equalto', 'user') | list -%}\n"
    "{%- set content = (users | last).content | trim -%}\n"
    "{%- if '/**' in content -%}{%- set method = content ~ ' {' -%}\n"
    "{%- elif '\\n' in content -%}"
    "{%- set method = '/** ' ~ (content | replace('\\n', ' */\\n', 1)) ~ ' {' -%}\n"
    "{%- else -%}{%- set method = '/** ' ~ content ~ ' */\\nstatic' -%}\n"
    "{%- endif -%}\n"
    "{{- method | replace('{ {', '{') -}}"
)

POLICY = DefaultPolicy(
    mode="diffusion", policy="confident_prefix", threshold=0.95, steps=8, draft_length=12
)
FACTS = ContractFacts(CAUSAL_CONTEXT, tolerance=TOLERANCE, default_policy=POLICY)


def golden_requests(
    prompts: list[list[int]],
    mode: str,
    temperature: float,
    policy: DefaultPolicy,
    can_edit: bool = False,
) -> Iterator[tuple[list[int], Parameters]]:
    """One request a prompt, its policy in turn, every other one with edits where there are any.

    `diffusion` draws a position anew in every round: above temperature 0 only short answers leave
    every draw its margin.
    """
    longest = 96 if temperature == 0 else 12 if mode == "diffusion" else 48
    for number, prompt in enumerate(prompts):
        edits = can_edit and mode == "diffusion" and number % 2 == 0
        yield (
            prompt,
            Parameters(
                max_tokens=longest,
                mode=mode,
                policy=POLICIES[number % len(POLICIES)],
                threshold=policy.threshold,
                steps=policy.steps,
                edit_threshold=0.7 if edits else 1.0,
                edit_rounds=2 if edits else 0,
                draft_length=policy.draft_length,
                temperature=temperature,
                top_p=0.95 if temperature else 1.0,
                seed=number,
            ),
        )


def export_seedling(
    checkpoint: Path,
    data: Path,
    folder: Path,
    policy: DefaultPolicy = POLICY,
    weight_type: str = "f16",
    attempts: int = 100,
    measured_yield: tuple[tuple[int, float], ...] | None = None,
    yield_prompts: int = 64,
) -> dict[str, int]:
    """Writes the version into `folder`; returns how many traces each mode and temperature got, in
    `attempts` requests.

    What drafts of each length yield is `measured_yield`, or else measured with so many
    prompts; with none, the version says nothing of it.
    """
    model = load_model(checkpoint)
    model = round_to_half(model) if weight_type == "f16" else round_as_stored(model, weight_type)
    can_edit = model.config.marks_visible
    facts = replace(FACTS, default_policy=policy, can_edit=can_edit)
    prompts = [
        sample.token_ids[: sample.prompt_length].tolist() for sample in Dataset(data).held_out()
    ]
    if measured_yield is None:
        contract = Contract.of(contract_document(model.config, facts))
        measured_yield = draft_yield.measure(model, contract, prompts[:yield_prompts])
    facts = replace(facts, draft_yield=measured_yield)
    document = contract_document(model.config, facts)
    contract = Contract.of(document)
    source = ModelLogits(model)
    golden = {
        "format": 1,
        "logits": logits_cases(contract, prompts[0], source.logits, last_rows=4),
        "traces": [],
    }
    counts = {}
    for mode in contract.modes:
        for temperature in (0.0, 0.8):
            requests = golden_requests(prompts, mode, temperature, policy, can_edit)
            found = find_traces(
                contract, source, requests, TOLERANCE, wanted=len(POLICIES), attempts=attempts
            )
            counts[f"{mode} at temperature {temperature}"] = len(found)
            golden["traces"] += found
    tokenizer = (data / "tokenizer.json").read_text()
    write_version(
        folder, model, "seedling", weight_type, document, golden, tokenizer, CHAT_TEMPLATE
    )
    return counts
