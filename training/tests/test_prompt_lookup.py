"""The baseline that copies its drafts: the tokens of `autoregressive`, in fewer forward passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed_training.arms import parameters_of
from seedbed_training.export import ContractFacts, contract_document
from seedbed_training.model import ModelConfig, Transformer
from seedbed_training.sampler.contract import CAUSAL_CONTEXT, Contract, Parameters, RequestError
from seedbed_training.sampler.decoding import Generation, generate
from seedbed_training.sampler.drawing import draw
from seedbed_training.sampler.prompt_lookup import (
    PromptLookupDecoder,
    lookup,
    make_evaluated_decoder,
)
from seedbed_training.sampler.rounds import LogitsSource, Slice
from seedbed_training.sampler.sources import MarkovLogits, ModelLogits
from seedbed_training.sampler.together import decode_together
from seedbed_training.trainer import new_model

CONFIG = ModelConfig(
    vocab_size=32, context_length=256, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48,
    tied_embeddings=False,
)  # fmt: skip
CONTRACT = Contract.of(contract_document(CONFIG, ContractFacts(CAUSAL_CONTEXT)))
PROMPTS = st.lists(st.integers(3, 31), min_size=1, max_size=30)
REQUESTS = st.builds(
    Parameters,
    max_tokens=st.integers(1, 48),
    draft_length=st.integers(1, 16),
    temperature=st.sampled_from([0.0, 0.8]),
    top_p=st.sampled_from([0.9, 1.0]),
    seed=st.integers(0, 2**63 - 1),
)


class RepeatingLogits:
    """What stood `period` positions before comes again, except at one position in `surprise`."""

    def __init__(self, period: int, surprise: int) -> None:
        self.period, self.surprise = period, surprise

    def logits(self, slice_: Slice) -> np.ndarray:
        text = slice_.context + slice_.token_ids
        rows = []
        for position in range(len(slice_.context) + slice_.first_logits_row, len(text)):
            row = np.random.default_rng([7, position]).random(CONFIG.vocab_size)
            if position % self.surprise:
                row[text[max(0, position + 1 - self.period)]] += 6
            rows.append(row)
        return np.array(rows, dtype=np.float32).reshape(-1, CONFIG.vocab_size)


@pytest.fixture(scope="module")
def model() -> Transformer:
    model = new_model(CONFIG, seed=3)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(6)  # decisions with a margin
    return model.eval()


def both(
    prompt: list[int], parameters: Parameters, source: LogitsSource, max_rows: int | None = None
) -> tuple[Generation, Generation]:
    plain = generate(CONTRACT, prompt, replace(parameters, mode="autoregressive"), source)
    copied = generate(
        CONTRACT, prompt, parameters, source, max_rows=max_rows, make=PromptLookupDecoder
    )
    return plain, copied


def assert_equal(plain: Generation, copied: Generation) -> None:
    assert copied.token_ids == plain.token_ids
    assert copied.confidence == pytest.approx(plain.confidence)
    assert (copied.finish_reason, copied.finish_detail) == (
        plain.finish_reason,
        plain.finish_detail,
    )


@given(
    prompt=PROMPTS,
    parameters=REQUESTS,
    seed=st.integers(0, 1000),
    max_rows=st.none() | st.integers(1, 40),
)
@settings(max_examples=80, deadline=None)
def test_copied_drafts_never_change_the_tokens(prompt, parameters, seed, max_rows):
    source = MarkovLogits(seed, CONFIG.vocab_size, agreement=0.97, sharpness=14)
    assert_equal(*both(prompt, parameters, source, max_rows))


@given(prompt=PROMPTS, parameters=REQUESTS, period=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_text_that_repeats_itself_takes_no_more_forward_passes(prompt, parameters, period):
    source = RepeatingLogits(period, surprise=9)
    plain, copied = both(prompt, parameters, source)
    assert_equal(plain, copied)
    assert copied.work[2] <= plain.work[2] == len(plain.token_ids)


def test_a_model_that_copies_the_prompt_is_verified_a_whole_draft_a_forward_pass():
    prompt = [*range(3, 23), 3, 4]
    parameters = Parameters(max_tokens=18, draft_length=8)
    plain, copied = both(prompt, parameters, RepeatingLogits(20, surprise=10**6))
    assert copied.token_ids == plain.token_ids == list(range(5, 23))
    # 8 drafted and one of the model's own, twice; the prompt's round has a draft already.
    assert [round_.slice_.rows for round_ in copied.rounds] == [22 + 8, 1 + 8]
    assert copied.work == [22, 0, 2, 39, 18, 0]


def test_a_random_model_gives_equal_tokens_alone_and_beside_others(model):
    random = np.random.default_rng(5)
    requests = [
        (
            random.integers(3, 32, int(random.integers(2, 30))).tolist(),
            Parameters(
                max_tokens=60,
                mode="prompt_lookup",
                draft_length=6,
                temperature=(0.0, 0.6)[i % 2],
                seed=i,
            ),
        )
        for i in range(16)
    ]
    together = dict(
        decode_together(
            model, CONTRACT, requests, slots=5, make=make_evaluated_decoder, drawing=draw
        )
    )
    accepted = compared = 0
    for number, (prompt, parameters) in enumerate(requests):
        plain, copied = both(prompt, parameters, ModelLogits(model))
        if plain.margin < 2e-6:
            continue  # rounding may decide
        compared += 1
        assert copied.token_ids == plain.token_ids == together[number].output
        assert copied.work == together[number].work.as_list()
        accepted += plain.work[2] - copied.work[2]
    assert compared > 12 and accepted > 50


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ([1, 2, 3, 4, 9, 2, 3, 7, 1, 2, 3], [4, 9, 2, 3]),  # three tokens beat a nearer two
        ([1, 2, 3, 8, 2, 3, 7, 5, 2, 3], [7, 5, 2, 3]),  # of two places the nearer one
        ([4, 5, 6, 4], [5, 6, 4]),  # one token, and what follows ends
        ([4, 4], [4]),
        ([4, 5, 6], []),
        ([4], []),
    ],
)
def test_a_draft_is_what_followed_the_longest_and_nearest_earlier_run(text, draft):
    assert lookup(text, 4) == draft
    assert lookup(text, 1) == draft[:1]


def test_an_arm_can_name_the_baseline_and_a_contract_cannot():
    parameters = parameters_of("mode=prompt_lookup,draft_length=5")
    decoder = make_evaluated_decoder(CONTRACT, [3, 4, 5], parameters)
    assert isinstance(decoder, PromptLookupDecoder)
    assert decoder.parameters.draft_length == 5
    with pytest.raises(RequestError, match="mode unknown: 'prompt_lookup'"):
        generate(CONTRACT, [3, 4, 5], parameters, RepeatingLogits(2, surprise=9))
    with pytest.raises(RequestError, match=r"draft_length out of range: 99 \(expected: 1\.\.32\)"):
        make_evaluated_decoder(CONTRACT, [3], replace(parameters, draft_length=99))
