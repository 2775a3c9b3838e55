"""Repair: a text that may be wrong, block by block, and where the rest of it goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sampler import KIND_B, KIND_C
from test_together import CONFIG, contract
from test_together import model as model  # a fixture

from seedbed_training.repair import changed_tokens, is_minimal
from seedbed_training.sampler.contract import RequestError
from seedbed_training.sampler.decoding import decode
from seedbed_training.sampler.drawing import draw
from seedbed_training.sampler.repair_decoder import Alignment, RepairDecoder, RepairParameters
from seedbed_training.sampler.rounds import Slice
from seedbed_training.sampler.sources import MarkovLogits, ModelLogits
from seedbed_training.sampler.together import decode_together

END, MASK = 1, 2
RIGHT = (*range(5, 28), END)
BLOCKS_OF_FOUR = RepairParameters(
    max_tokens=40,
    block_size=4,
    threshold=0.5,
    edit_threshold=0.5,
    edit_rounds=3,
    steps=4,
    doubt=0.0,
)


class Knowing:
    """Wants at each position behind a prompt of one token what `right` has there: with a
    probability of 0.996, or, `unsure`, of 0.39."""

    def __init__(self, right: tuple[int, ...], unsure: bool = False) -> None:
        self.right, self.gain = right, 3.0 if unsure else 9.0

    def logits(self, slice_: Slice) -> np.ndarray:
        first = len(slice_.context) + slice_.first_logits_row
        rows = np.zeros((slice_.rows - slice_.first_logits_row, 32), dtype=np.float32)
        for i in range(len(rows)):
            wanted = self.right[first + i - 1 :][:1] or (END,)
            rows[i, wanted[0]] = self.gain
        return rows


def repair(manuscript, source, **knobs):
    parameters = replace(BLOCKS_OF_FOUR, manuscript=tuple(manuscript), **knobs)
    return decode(RepairDecoder(KIND_C, [4], parameters), source)


def blocks_of(generation) -> list[tuple[int, ...]]:
    """The active block as each round saw it."""
    return [each.slice_.token_ids[each.slice_.clean_rows :] for each in generation.rounds]


def used(committed, manuscript) -> int | None:
    alignment = Alignment(list(manuscript))
    alignment.extend(list(committed))
    return alignment.used()


def test_a_replaced_token_keeps_the_rest_in_its_place():
    assert used([5, 6, 99, 8], [5, 6, 7, 8, 9, 10]) == 4


def test_tokens_that_were_put_in_leave_the_manuscript_where_they_were():
    assert used([5, 6, 90, 91, 92, 7, 8], [5, 6, 7, 8, 9, 10, 11, 12]) == 4


def test_tokens_that_were_left_out_are_skipped_once_enough_behind_them_agree():
    manuscript = [5, 6, 7, 5, 6, 7, 8, 9, 10, 11]  # a line of three stands twice
    assert used([5, 6, 7], manuscript) == 3
    assert used([5, 6, 7, 8, 9, 10], manuscript) == 9


def test_while_the_last_tokens_differ_nothing_is_carried_on():
    assert used([5, 6, 90, 91], [5, 6, 7, 8, 9]) is None
    assert used([5, 6, 90, 91, 7, 8], [5, 6, 7, 8, 9]) == 4
    assert used([], [5, 6]) == 0


@given(st.lists(st.integers(3, 6), max_size=9), st.lists(st.integers(3, 6), max_size=9))
@settings(max_examples=60, deadline=None)
def test_the_distance_counts_the_tokens_to_take_out_and_to_put_in(committed, manuscript):
    alignment = Alignment(manuscript)
    alignment.extend(committed)
    table = np.zeros((len(committed) + 1, len(manuscript) + 1), dtype=int)
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            if not i or not j:
                table[i, j] = i + j
            elif committed[i - 1] == manuscript[j - 1]:
                table[i, j] = table[i - 1, j - 1]
            else:
                table[i, j] = 1 + min(table[i - 1, j], table[i, j - 1])
    assert alignment.distances().tolist() == table[-1].tolist()
    assert changed_tokens(manuscript, committed) == table[-1, -1]
    if (best := alignment.used()) is not None:
        assert table[-1, best] == table[-1].min()


@given(length=st.integers(0, 30), size=st.integers(1, 9), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_without_edits_and_doubts_a_manuscript_comes_out_as_it_went_in(length, size, seed):
    text = np.random.default_rng(seed).integers(3, 32, length).tolist()
    source = MarkovLogits(seed, 32, agreement=0.5, sharpness=9)
    generation = repair([*text, END], source, block_size=size, edit_threshold=1.0, steps=1)
    assert generation.token_ids == [*text, END]
    assert generation.work[2] == -(-(length + 1) // size)


def test_a_right_manuscript_takes_one_look_a_block():
    generation = repair(RIGHT, Knowing(RIGHT))
    assert generation.token_ids == list(RIGHT)
    assert generation.work[2] == len(RIGHT) / 4 and generation.work[5] == 0
    assert min(generation.confidence) > 0.99  # of tokens that were never drawn, too


def test_a_wrong_token_is_edited_and_the_rest_stays():
    generation = repair([*RIGHT[:6], 30, *RIGHT[7:]], Knowing(RIGHT))
    assert generation.token_ids == list(RIGHT) and generation.work[5] == 1
    assert generation.work[2] == len(RIGHT) / 4 + 1


def test_a_line_left_out_moves_what_follows():
    generation = repair([*RIGHT[:5], *RIGHT[8:]], Knowing(RIGHT))
    assert generation.token_ids == list(RIGHT)
    # The second block is put right in place; behind it the manuscript is in place again.
    assert generation.work[5] == 3
    assert blocks_of(generation)[-1] == RIGHT[-4:]


def test_a_line_twice_moves_what_follows():
    generation = repair([*RIGHT[:8], *RIGHT[5:]], Knowing(RIGHT))
    assert generation.token_ids == list(RIGHT)
    assert generation.work[5] == 4 and blocks_of(generation)[-1] == RIGHT[-4:]


def test_a_block_that_the_manuscript_has_nothing_for_opens_with_masks():
    generation = repair([*RIGHT[:3], 30, 29, 28, END], Knowing(RIGHT), edit_threshold=0.9)
    assert generation.token_ids == list(RIGHT)
    assert (MASK,) * 4 in blocks_of(generation)


def test_doubted_tokens_become_undecided_and_are_revealed_anew():
    wrong = [*RIGHT[:5], 30, *RIGHT[6:]]
    unsure = Knowing(RIGHT, unsure=True)  # too little for an edit at 0.5
    assert repair(wrong, unsure).token_ids == wrong
    generation = repair(wrong, unsure, doubt=0.1)
    assert generation.token_ids == list(RIGHT) and generation.work[5] == 0
    assert (RIGHT[4], MASK, *RIGHT[6:8]) in blocks_of(generation)
    assert repair(wrong, unsure, doubt=0.01).token_ids == wrong


def test_edits_never_lead_back_to_the_manuscript():
    class Torn:
        def logits(self, slice_: Slice) -> np.ndarray:
            rows = np.zeros((slice_.rows - slice_.first_logits_row, 32), dtype=np.float32)
            for i, token_id in enumerate(slice_.token_ids[slice_.first_logits_row :]):
                rows[i, 6 if token_id == 5 else 5] = 9
            return rows

    generation = repair([5, 5, 5, 5], Torn(), max_tokens=4, edit_rounds=9)
    assert generation.token_ids == [6, 6, 6, 6] and generation.work[5] == 4


@given(
    source=st.integers(0, 10_000),
    manuscript=st.lists(st.integers(3, 31), max_size=30),
    doubt=st.sampled_from([0.0, 0.05, 0.3, 0.9]),
    edit_threshold=st.sampled_from([0.3, 0.8, 1.0]),
    policy=st.sampled_from(["threshold", "confident_prefix", "fixed_steps"]),
)
@settings(max_examples=30, deadline=None)
def test_any_repair_ends_within_its_rounds(source, manuscript, doubt, edit_threshold, policy):
    logits = MarkovLogits(source, 32, agreement=0.9, sharpness=14, mask_token_id=MASK)
    knobs = {"block_size": 8, "policy": policy, "edit_threshold": edit_threshold}
    generation = repair([*manuscript, END], logits, doubt=doubt, **knobs)
    assert generation.finish_reason and not {0, MASK} & set(generation.token_ids)
    blocks = -(-len(generation.token_ids) // 8)
    # What is revealed is never doubted; a round may doubt and do nothing else.
    most = 2 * 8 + BLOCKS_OF_FOUR.edit_rounds
    assert generation.work[2] <= blocks * most


def test_repairs_together_end_like_each_alone(model):  # noqa: F811
    random = np.random.default_rng(5)
    requests = []
    for _ in range(8):
        manuscript = random.integers(3, CONFIG.vocab_size, int(random.integers(4, 24))).tolist()
        parameters = RepairParameters(
            max_tokens=24, block_size=8, policy="confident_prefix", threshold=0.3,
            edit_threshold=0.3, edit_rounds=3, doubt=0.02, manuscript=(*manuscript, END),
        )  # fmt: skip
        requests.append(([7, 8, 9], parameters))
    ended = dict(
        decode_together(model, contract(), requests, slots=5, make=RepairDecoder, drawing=draw)
    )
    compared = 0
    for number, (prompt, parameters) in enumerate(requests):
        alone = decode(RepairDecoder(contract(), prompt, parameters), ModelLogits(model))
        if alone.margin > 2e-6:
            compared += 1
            assert ended[number].output == alone.token_ids
            assert ended[number].work.as_list() == alone.work
    assert compared > 5


def test_a_repair_leaves_every_other_line_as_it_was():
    right = "a\nb\nc\nd"
    assert is_minimal(right, 1, right) and is_minimal(right, 1, "a\nB\nc\nd")
    assert is_minimal(right, 1, "a\nb1\nb2\nc\nd") and is_minimal(right, 1, "a\nc\nd")
    assert not is_minimal(right, 1, "a\nb\nC\nd") and not is_minimal(right, 1, "A\nb\nc\nd")
    assert is_minimal(right, 3, "a\nb\nc\n}") and not is_minimal("a\na\nb", 1, "a\nb\nb\na")


def test_what_cannot_be_repaired_is_refused():
    with pytest.raises(RequestError, match="repair not offered: block_causal"):
        RepairDecoder(KIND_B, [4], BLOCKS_OF_FOUR)
    with pytest.raises(RequestError, match=r"doubt out of range: 1\.0"):
        repair(RIGHT, Knowing(RIGHT), doubt=1.0)
    cannot_edit = replace(KIND_C, can_edit=False)
    unedited = replace(BLOCKS_OF_FOUR, edit_threshold=1.0, edit_rounds=0, doubt=0.03)
    with pytest.raises(RequestError, match=r"doubt not offered: 0\.03"):
        RepairDecoder(cannot_edit, [4], unedited)
    with pytest.raises(RequestError, match="manuscript token id out of range: 2"):
        repair([5, MASK], Knowing(RIGHT))
