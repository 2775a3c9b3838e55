"""Edits: visible tokens of the active block that another token beats."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sampler import KIND_B, KIND_C

from seedbed_training.sampler.contract import Parameters, RequestError
from seedbed_training.sampler.decoding import Generation, generate
from seedbed_training.sampler.rounds import Slice
from seedbed_training.sampler.sources import MarkovLogits

KIND_B_OF_FOUR = replace(KIND_B, block_size=4)
EDITING = Parameters(
    max_tokens=4, block_size=4, threshold=0.5, edit_threshold=0.5, edit_rounds=3, steps=4
)


class Scripted:
    """Says which tokens the rows of an active block of four want, by the block's visible tokens."""

    def __init__(self, wants: dict[tuple[int, ...], tuple[int, ...]], otherwise: tuple[int, ...]):
        self.wants, self.otherwise = wants, otherwise

    def logits(self, slice_: Slice) -> np.ndarray:
        block = slice_.token_ids[slice_.clean_rows :]
        rows = np.zeros((len(block), 32), dtype=np.float32)
        for i, token_id in enumerate(self.wants.get(block, self.otherwise)):
            rows[i, token_id] = 9 - 0.1 * i  # earlier positions are surer
        return rows


def blocks_of(generation: Generation) -> list[tuple[int, ...]]:
    """The active block as each round saw it."""
    return [each.slice_.token_ids[each.slice_.clean_rows :] for each in generation.rounds]


def test_a_token_that_another_beats_is_replaced_before_the_block_is_committed():
    source = Scripted({(2, 2, 2, 2): (5, 6, 7, 8)}, otherwise=(5, 9, 7, 8))
    generation = generate(KIND_C, [4], EDITING, source)
    assert generation.token_ids == [5, 9, 7, 8]
    assert blocks_of(generation) == [(2, 2, 2, 2), (5, 6, 7, 8), (5, 9, 7, 8)]
    assert generation.work[5] == 1


def test_a_block_that_pleases_takes_one_look_and_no_more():
    source = Scripted({}, otherwise=(5, 6, 7, 8))
    generation = generate(KIND_C, [4], EDITING, source)
    assert generation.token_ids == [5, 6, 7, 8]
    assert generation.work[2] == 2 and generation.work[5] == 0


def test_without_extra_rounds_edits_happen_only_beside_masks():
    first = Scripted({(2, 2, 2, 2): (5, 6, 7, 8)}, otherwise=(5, 9, 7, 8))
    generation = generate(KIND_C, [4], replace(EDITING, edit_rounds=0), first)
    assert generation.token_ids == [5, 6, 7, 8] and generation.work[2] == 1
    slow = replace(EDITING, edit_rounds=0, policy="fixed_steps", steps=2)
    generation = generate(KIND_C, [4], slow, first)
    assert generation.token_ids == [5, 9, 7, 8] and generation.work[5] == 1


def test_edits_that_lead_back_to_an_earlier_state_are_not_made():
    there_and_back = {
        (2, 2, 2, 2): (5, 6, 7, 8),
        (5, 6, 7, 8): (5, 9, 7, 8),
        (5, 9, 7, 8): (5, 6, 7, 8),
    }
    parameters = replace(EDITING, edit_rounds=8)
    generation = generate(KIND_C, [4], parameters, Scripted(there_and_back, ()))
    assert generation.token_ids == [5, 9, 7, 8]
    assert generation.work[5] == 1 and generation.work[2] == 3


def test_an_end_token_that_is_edited_away_opens_the_positions_behind_it():
    wants = {(2, 2, 2, 2): (5, 1, 7, 8), (5, 1, 2, 2): (5, 6, 7, 8)}
    parameters = replace(EDITING, policy="fixed_steps", steps=2)
    generation = generate(KIND_C, [4], parameters, Scripted(wants, otherwise=(5, 6, 7, 8)))
    assert generation.token_ids == [5, 6, 7, 8]


def test_the_tail_of_a_prompt_in_a_block_is_never_edited():
    source = Scripted({}, otherwise=(9, 9, 7, 8))
    generation = generate(KIND_B_OF_FOUR, [4, 4], replace(EDITING, max_tokens=2), source)
    assert generation.token_ids == [7, 8] and generation.work[5] == 0


@given(
    source=st.integers(0, 10_000),
    edit_threshold=st.floats(0.2, 0.95),
    edit_rounds=st.integers(0, 6),
    policy=st.sampled_from(["threshold", "confident_prefix", "fixed_steps"]),
    temperature=st.sampled_from([0.0, 0.8]),
)
@settings(max_examples=80, deadline=None)
def test_a_block_takes_at_most_a_round_a_position_and_its_edit_rounds(
    source, edit_threshold, edit_rounds, policy, temperature
):
    logits = MarkovLogits(source, 32, agreement=0.9, sharpness=14, mask_token_id=2)
    parameters = Parameters(
        max_tokens=40, block_size=8, policy=policy, edit_threshold=edit_threshold,
        edit_rounds=edit_rounds, temperature=temperature,
    )  # fmt: skip
    generation = generate(KIND_C, [5, 6, 7], parameters, logits)
    starts = [len(each.slice_.context) + each.slice_.clean_rows for each in generation.rounds]
    for _, rounds in groupby(starts):
        assert len(list(rounds)) <= 8 + edit_rounds
    plain = replace(parameters, edit_threshold=1.0)
    assert generate(KIND_C, [5, 6, 7], plain, logits).work[5] == 0


def test_a_model_that_cannot_edit_refuses_to():
    contract = replace(KIND_C, can_edit=False)
    source = Scripted({}, otherwise=(5, 6, 7, 8))
    with pytest.raises(RequestError, match=r"edit_threshold not offered: 0\.5"):
        generate(contract, [4], replace(EDITING, edit_rounds=0), source)
    with pytest.raises(RequestError, match="edit_rounds out of range: 3"):
        generate(contract, [4], replace(EDITING, edit_threshold=1.0), source)
