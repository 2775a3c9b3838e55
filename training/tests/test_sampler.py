"""The reference sampler: random numbers, drawing, and what the three modes promise each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed_training.golden_sampler import build_cases
from seedbed_training.sampler.contract import (
    BLOCK_CAUSAL,
    CAUSAL_CONTEXT,
    FULL,
    MODES,
    POLICIES,
    Contract,
    Parameters,
    RequestError,
)
from seedbed_training.sampler.decoding import generate
from seedbed_training.sampler.drawing import UnusableLogits, draw
from seedbed_training.sampler.philox import philox4x32, uniform
from seedbed_training.sampler.policies import reveal
from seedbed_training.sampler.rounds import Slice
from seedbed_training.sampler.sources import MarkovLogits, RecordedLogits

GOLDEN = Path(__file__).resolve().parents[2] / "triton-models" / "golden" / "sampler"
KIND_C = Contract(
    CAUSAL_CONTEXT,
    MODES,
    32,
    256,
    8,
    32,
    mask_token_id=2,
    end_token_ids=(1,),
    forbidden_output=(0, 2),
    can_edit=True,
)
KIND_B = replace(KIND_C, attention=BLOCK_CAUSAL, modes=("diffusion",))
KIND_F = replace(KIND_B, attention=FULL)
SHIFTED = tuple(replace(kind, shift_logits=True) for kind in (KIND_B, KIND_F))
CONTRACTS = (KIND_C, KIND_B, KIND_F, *SHIFTED)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(counter, key, expected):
    assert philox4x32(counter, key) == expected


def test_uniform_numbers_are_in_range_differ_by_seed_position_and_attempt_and_are_spread():
    numbers = [
        uniform(seed, position, attempt)
        for seed in (0, 1, 2**40)
        for position in range(300)
        for attempt in (0, 1)
    ]
    assert len(set(numbers)) == len(numbers)
    assert 0 <= min(numbers) < 0.01 and 0.99 < max(numbers) < 1
    assert abs(np.mean(numbers) - 0.5) < 0.03


def test_temperature_zero_takes_the_lowest_of_equal_logits():
    drawn = draw(
        np.array([9, 1, 5, 5, 5], np.float32), forbidden=(0,), temperature=0, top_p=1, u=0.99
    )
    assert drawn.token_id == 2
    assert drawn.confidence == pytest.approx(1 / (3 + np.exp(-4)))
    assert drawn.margin == 0


def test_top_p_keeps_the_shortest_prefix_and_scales_u_to_its_mass():
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3], np.float32))
    tokens = [draw(logits, (), 1.0, 0.65, u).token_id for u in (0.0, 0.56, 0.58, 0.999)]
    assert tokens == [1, 1, 3, 3]  # mass 0.7, edge at 4/7
    assert draw(logits, (), 1.0, 1.0, 0.95).token_id == 0


def test_confidence_is_the_probability_at_temperature_one_before_top_p():
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3], np.float32))
    drawn = draw(logits, (), 0.5, 0.3, 0.5)
    assert drawn.token_id == 1 and drawn.confidence == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize("row", [[np.nan, 1, 2], [1, -np.inf, -np.inf]])
def test_a_row_that_nothing_can_be_drawn_from_is_an_error(row):
    with pytest.raises(UnusableLogits, match="logits unusable"):
        draw(
            np.array(row, np.float32),
            forbidden=(0,) if not np.isnan(row[0]) else (),
            temperature=0,
            top_p=1,
            u=0,
        )


@given(
    seed=st.integers(0, 2**63 - 1),
    temperature=st.sampled_from([0.0, 0.3, 0.8, 2.0]),
    top_p=st.floats(0.01, 1.0),
    position=st.integers(0, 500),
)
@settings(max_examples=150, deadline=None)
def test_a_forbidden_id_is_never_drawn_however_likely(seed, temperature, top_p, position):
    logits = np.random.default_rng([seed, position]).normal(0, 3, 40).astype(np.float32)
    logits[[0, 2, 39]] = 50
    drawn = draw(logits, (0, 2, 39), temperature, top_p, uniform(seed, position))
    assert drawn.token_id not in (0, 2, 39)
    assert 0 < drawn.confidence <= 1


REQUESTS = st.builds(
    Parameters,
    max_tokens=st.integers(1, 48),
    mode=st.sampled_from(MODES),
    policy=st.sampled_from(POLICIES),
    threshold=st.sampled_from([0.3, 0.7, 0.95]),
    steps=st.integers(1, 8),
    block_size=st.just(8),
    draft_length=st.integers(1, 16),
    temperature=st.sampled_from([0.0, 0.8]),
    top_p=st.sampled_from([0.9, 1.0]),
    seed=st.integers(0, 2**63 - 1),
)
PROMPTS = st.lists(st.integers(3, 31), min_size=1, max_size=30)


@given(prompt=PROMPTS, parameters=REQUESTS, source=st.integers(0, 10_000))
@settings(max_examples=120, deadline=None)
def test_exact_gives_the_tokens_of_autoregressive_in_no_more_rounds(prompt, parameters, source):
    logits = MarkovLogits(source, 32, agreement=0.97, sharpness=14)
    plain = generate(KIND_C, prompt, replace(parameters, mode="autoregressive"), logits)
    exact = generate(KIND_C, prompt, replace(parameters, mode="exact"), logits)
    assert exact.token_ids == plain.token_ids
    assert exact.confidence == plain.confidence
    assert (exact.finish_reason, exact.finish_detail) == (plain.finish_reason, plain.finish_detail)
    assert exact.work[2] <= plain.work[2]


@given(
    prompt=PROMPTS,
    parameters=REQUESTS,
    source=st.integers(0, 10_000),
    max_rows=st.integers(1, 40),
    contract=st.sampled_from(CONTRACTS),
)
@settings(max_examples=120, deadline=None)
def test_where_a_prompt_is_cut_never_changes_the_output(
    prompt, parameters, source, max_rows, contract
):
    if contract != KIND_C:
        parameters = replace(parameters, mode="diffusion")
    logits = MarkovLogits(source, 32, agreement=0.97, sharpness=14)
    whole = generate(contract, prompt, parameters, logits)
    cut = generate(contract, prompt, parameters, logits, max_rows=max_rows)
    assert (cut.token_ids, cut.confidence, cut.finish_detail) == (
        whole.token_ids,
        whole.confidence,
        whole.finish_detail,
    )


@given(
    prompt=PROMPTS,
    parameters=REQUESTS,
    source=st.integers(0, 10_000),
    contract=st.sampled_from(CONTRACTS),
)
@settings(max_examples=120, deadline=None)
def test_output_ends_at_the_first_end_token_or_at_max_tokens_and_work_adds_up(
    prompt, parameters, source, contract
):
    if contract != KIND_C:
        parameters = replace(parameters, mode="diffusion")
    generation = generate(
        contract, prompt, parameters, MarkovLogits(source, 32, agreement=0.97, sharpness=14)
    )
    ends = [
        i for i, token_id in enumerate(generation.token_ids) if token_id in contract.end_token_ids
    ]
    if generation.finish_reason == "stop":
        assert ends == [len(generation.token_ids) - 1]
    else:
        assert not ends and len(generation.token_ids) == parameters.max_tokens
    assert not set(generation.token_ids) & set(contract.forbidden_output)
    assert generation.work[0] == len(prompt)
    assert generation.work[2] == len(generation.rounds)
    assert generation.work[3] == sum(each.slice_.rows for each in generation.rounds)
    assert generation.work[4] == len(generation.token_ids) == len(generation.confidence)


@given(
    prompt=PROMPTS, parameters=REQUESTS, source=st.integers(0, 10_000), limit=st.integers(1, 120)
)
@settings(max_examples=80, deadline=None)
def test_a_work_limit_is_never_exceeded_and_what_came_before_it_stands(
    prompt, parameters, source, limit
):
    logits = MarkovLogits(source, 32, agreement=0.97, sharpness=14)
    free = generate(KIND_C, prompt, parameters, logits)
    limited = generate(KIND_C, prompt, replace(parameters, max_positions=limit), logits)
    assert limited.work[3] <= limit
    assert limited.token_ids == free.token_ids[: len(limited.token_ids)]
    assert (limited.finish_detail == "work_limit") == (free.work[3] > limit)


def test_a_continuation_with_the_same_seed_equals_the_uninterrupted_run():
    logits = MarkovLogits(4, 32, agreement=0.97, sharpness=10)
    parameters = Parameters(max_tokens=30, mode="autoregressive", temperature=0.8, seed=9)
    whole = generate(replace(KIND_C, end_token_ids=(31,)), [5, 6], parameters, logits)
    first = generate(
        replace(KIND_C, end_token_ids=(31,)), [5, 6], replace(parameters, max_tokens=11), logits
    )
    rest = generate(
        replace(KIND_C, end_token_ids=(31,)),
        [5, 6, *first.token_ids],
        replace(parameters, max_tokens=19),
        logits,
    )
    assert len(whole.token_ids) > 11
    assert whole.token_ids == (first.token_ids + rest.token_ids)[: len(whole.token_ids)]


def test_threshold_reveals_all_above_it_and_otherwise_the_first_of_the_most_confident():
    parameters = Parameters(max_tokens=8, threshold=0.7)
    assert reveal({3: 0.8, 4: 0.7, 6: 0.71}, 0, parameters)[0] == [3, 6]
    assert reveal({3: 0.4, 4: 0.6, 6: 0.6}, 0, parameters)[0] == [4]


def test_confident_prefix_reveals_the_lowest_and_what_follows_above_the_threshold_without_gap():
    parameters = Parameters(max_tokens=8, policy="confident_prefix", threshold=0.7)
    assert reveal({3: 0.2, 4: 0.8, 6: 0.71, 7: 0.7, 8: 0.9}, 0, parameters)[0] == [3, 4, 6]
    assert reveal({3: 0.9, 4: 0.4, 6: 0.9}, 0, parameters)[0] == [3]
    assert reveal({5: 0.1}, 3, parameters)[0] == [5]


def test_fixed_steps_reveals_an_equal_share_a_round_and_all_in_the_last():
    parameters = Parameters(max_tokens=8, policy="fixed_steps", steps=3)
    confidence = {i: 0.1 * i for i in range(1, 9)}
    assert reveal(confidence, 0, parameters)[0] == [6, 7, 8]
    assert reveal(confidence, 2, parameters)[0] == list(range(1, 9))
    assert reveal(confidence, 7, parameters)[0] == list(range(1, 9))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_tokens": 0}, r"max_tokens out of range: 0 \(expected: 1..256\)"),
        ({"temperature": float("nan")}, "temperature out of range: nan"),
        ({"threshold": 0.0}, "threshold out of range: 0.0"),
        ({"mode": "beam"}, "mode unknown: 'beam'"),
        ({"max_tokens": 256}, "positions needed out of range"),
        ({"seed": -1}, "seed out of range: -1"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_with_its_value_and_what_was_expected(
    change, message
):
    with pytest.raises(RequestError, match=message):
        generate(
            KIND_C, [5], replace(Parameters(max_tokens=8), **change), MarkovLogits(0, 32, 1, 9)
        )


def test_the_recorded_cases_are_those_that_this_sampler_writes():
    cases, logits = build_cases()
    recorded = json.loads((GOLDEN / "cases.json").read_text())
    assert json.loads(json.dumps(cases)) == recorded["cases"]
    assert np.array_equal(
        logits, np.fromfile(GOLDEN / "logits.f32", "<f4").reshape(-1, recorded["vocab_size"])
    )
    assert len(cases) >= 96


def test_the_recorded_logits_lead_to_the_recorded_results():
    document = json.loads((GOLDEN / "cases.json").read_text())
    logits = np.fromfile(GOLDEN / "logits.f32", "<f4").reshape(-1, document["vocab_size"])
    for case in document["cases"]:
        contract, rounds, kept = Contract.of(case["contract"]), [], []
        grid = case["parameters"]["block_size"] if contract.attention == BLOCK_CAUSAL else None
        for each in case["rounds"]:
            slice_ = Slice(
                tuple(kept),
                tuple(each["token_ids"]),
                each["clean_rows"],
                each["first_logits_row"],
                grid,
                each.get("edits", False),
            )
            rounds.append((slice_, logits[each["logits_offset"] :][: each["logits_rows"]]))
            kept += each["token_ids"][: each["kept_rows"]]
        generation = generate(
            contract,
            case["prompt"],
            Parameters(**case["parameters"]),
            RecordedLogits(rounds),
            case["max_rows"],
        )
        assert generation.token_ids == case["token_ids"], case["name"]
        assert generation.work == case["work"], case["name"]
        assert generation.finish_detail == case["finish_detail"], case["name"]
