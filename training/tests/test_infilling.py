"""Infilling: gaps, the block that holds one, and what is written into it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_faults import SUM_BELOW
from test_sampler import KIND_B, KIND_C

from seedbed_training.arms import Arm
from seedbed_training.corpus import plain_samples
from seedbed_training.export import contract_document
from seedbed_training.infilling import (
    KINDS,
    MOST_TOKENS,
    Bench,
    SearchParameters,
    draw_gaps,
    length_of_lines,
    next_line,
    possible_gaps,
)
from seedbed_training.model import ModelConfig
from seedbed_training.sampler.contract import Contract, RequestError
from seedbed_training.sampler.decoding import decode
from seedbed_training.sampler.infill_decoders import (
    InfillDecoder,
    InfillParameters,
    LikelihoodDecoder,
    MeetingDecoder,
)
from seedbed_training.sampler.sources import MarkovLogits, ModelLogits
from seedbed_training.seedling import FACTS
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.trainer import new_model

END, MASK = 1, 2
SHIPPED = (
    Path(__file__).resolve().parents[2] / "triton-models/repository/seedling-v1/1/tokenizer.json"
)


@pytest.fixture(scope="module")
def tokenizer():
    return SeedbedTokenizer(SHIPPED)


def fill(suffix, length, source, **knobs):
    parameters = InfillParameters(
        **{"max_tokens": length, "block_size": 8, "suffix": tuple(suffix), **knobs}
    )
    return decode(InfillDecoder(KIND_C, [5, 6], parameters), source)


def test_a_block_holds_the_gap_and_as_much_of_the_suffix_as_fits():
    source = MarkovLogits(3, 32, agreement=0.9, sharpness=9)
    first = fill(range(10, 30), 3, source).rounds[0].slice_
    assert first.token_ids == (5, 6, MASK, MASK, MASK, 10, 11, 12, 13, 14)
    assert first.clean_rows == 2
    short = fill([10, END], 3, source).rounds[0].slice_
    assert short.token_ids[2:] == (MASK, MASK, MASK, 10, END, END, END, END)


@given(
    seed=st.integers(0, 10_000),
    length=st.integers(1, 8),
    suffix=st.lists(st.integers(3, 31), max_size=12),
    edit_threshold=st.sampled_from([0.2, 0.7, 1.0]),
    policy=st.sampled_from(["threshold", "confident_prefix", "fixed_steps"]),
)
@settings(max_examples=40, deadline=None)
def test_a_suffix_is_never_altered_and_a_gap_is_filled_to_its_length(
    seed, length, suffix, edit_threshold, policy
):
    source = MarkovLogits(seed, 32, agreement=0.8, sharpness=14, mask_token_id=MASK)
    knobs = {"edit_threshold": edit_threshold, "edit_rounds": 3, "policy": policy}
    generation = fill([*suffix, END], length, source, **knobs)
    blocks = {each.slice_.token_ids[each.slice_.clean_rows :] for each in generation.rounds}
    assert {block[length:] for block in blocks} == {((*suffix, END) + (END,) * 8)[: 8 - length]}
    assert len(generation.token_ids) == length
    assert not {0, END, MASK} & set(generation.token_ids)
    assert generation.work[2] <= length + 3


def test_what_cannot_be_filled_is_refused():
    with pytest.raises(RequestError, match=r"max_tokens out of range: 9 \(expected: 1\.\.8"):
        fill([10], 9, MarkovLogits(3, 32, 0.9, 9))
    with pytest.raises(RequestError, match="infilling not offered: block_causal"):
        InfillDecoder(KIND_B, [5], InfillParameters(max_tokens=3, block_size=8))


def test_writing_on_stops_where_it_meets_the_suffix():
    source = MarkovLogits(3, 32, agreement=0.9, sharpness=9)
    parameters = InfillParameters(max_tokens=30, mode="autoregressive", suffix=(31, 31, 31))
    whole = decode(MeetingDecoder(KIND_C, [5], parameters), source).token_ids
    assert len(whole) > 8
    suffix = tuple(whole[5:8])
    decoder = MeetingDecoder(KIND_C, [5], replace(parameters, suffix=suffix))
    met = decode(decoder, source)
    assert met.token_ids == whole[:8] and met.finish_detail == "suffix" and decoder.met
    assert met.work[2] == 8


def test_likelihood_is_that_of_the_suffix_as_next_tokens():
    model = new_model(ModelConfig(vocab_size=40, width=32, heads=4, layers=2, ffn_width=48), 3)
    contract = replace(KIND_C, vocab_size=40, forbidden_output=())
    parameters = InfillParameters(max_tokens=1, mode="autoregressive", suffix=(9, 7, 30, END))
    decoder = LikelihoodDecoder(contract, [5, 6], parameters)
    generation = decode(decoder, ModelLogits(model))
    token_ids = torch.tensor([[5, 6, 9, 7, 30, END]])
    positions, causal = torch.arange(6)[None], torch.ones(1, 6, 6).tril().bool()
    with torch.no_grad():
        hidden = model(token_ids, positions, causal, torch.zeros(1, 6, dtype=torch.bool))
        logs = model.logits(hidden[0, 1:-1]).log_softmax(-1)
    expected = logs.gather(1, token_ids[0, 2:, None]).sum().item()
    assert decoder.log_likelihood == pytest.approx(expected, abs=1e-4)
    assert generation.token_ids == [] and generation.work[2:4] == [1, 6]


def test_gaps_are_lines_from_the_middle_or_spans(tokenizer):
    seen = set()
    for sample in plain_samples(7, 30):
        token_ids = [*tokenizer.encode(sample.completion), END]
        lines = sample.completion.split("\n")
        for kind in KINDS:
            for gap in possible_gaps(token_ids, kind, tokenizer):
                seen.add(kind)
                assert gap.before + gap.middle + gap.after == token_ids
                assert len(gap.middle) <= MOST_TOKENS and len(gap.after) >= 2
                if kind == "span":
                    assert len(gap.middle) <= 16
                    continue
                cut = tokenizer.decode(gap.middle).split("\n")[1:]
                first = tokenizer.decode(gap.before).count("\n") + 1
                assert len(cut) == KINDS.index(kind) + 1 and first >= 2
                assert cut == lines[first : first + len(cut)]
                assert first + len(cut) < len(lines)
    assert seen == set(KINDS)


def test_the_suffix_is_met_at_the_end_of_its_next_line(tokenizer):
    after = [*tokenizer.encode("sum;\n    return sum;\n}"), END]
    assert tokenizer.decode(next_line(after, tokenizer)) == "sum;\n    "
    after = [*tokenizer.encode("\n    return sum;\n}"), END]
    assert tokenizer.decode(next_line(after, tokenizer)) == "\n    return sum;\n"
    assert next_line([7, END], tokenizer) == [7, END]


def test_what_never_meets_the_suffix_is_cut_to_as_many_lines(tokenizer):
    written = tokenizer.encode("\n    a;\n    b;\n    c;")
    middle = tokenizer.encode("\n    x += 1;\n    y;")
    kept = length_of_lines(written, middle, tokenizer)
    assert tokenizer.decode(written[:kept]) == "\n    a;\n    b;"
    assert length_of_lines(written[:2], middle, tokenizer) == 2


def test_every_length_that_is_tried_is_paid_for(tokenizer, verifier):
    config = ModelConfig(width=32, layers=1, heads=4, kv_heads=2, ffn_width=48)
    model = new_model(config, seed=2).eval()
    contract = Contract.of(contract_document(config, FACTS))
    gaps = draw_gaps([SUM_BELOW], 1, tokenizer, verifier)
    assert gaps == draw_gaps([SUM_BELOW], 1, tokenizer, verifier)
    bench = Bench(tokenizer, verifier, [SUM_BELOW], gaps)
    parameters = SearchParameters(max_tokens=9, threshold=0.1, block_size=32, longest=12)
    measured = bench.measure(Arm(model, contract, flops=0), parameters)
    judged = bench.measure(Arm(model, contract, flops=0), replace(parameters, choose="likelihood"))
    assert judged["told"] == measured["told"]
    assert measured["told"]["tokens"] == [len(gaps[0].middle)]
    assert measured["forwards"][0] >= 12 + measured["told"]["forwards"][0] - 1
    assert judged["forwards"][0] == measured["forwards"][0] + 12
    written = bench.measure(
        Arm(model, contract, flops=0), replace(parameters, mode="autoregressive")
    )
    assert written["forwards"][0] <= 9 and "told" not in written
    with pytest.raises(ValueError, match=r"longest out of range: 32 \(expected: \d+\.\.31\)"):
        bench.measure(Arm(model, contract, flops=0), replace(parameters, longest=32))
    assert np.isin(measured["passed"] + written["exact"], (0, 1)).all()
