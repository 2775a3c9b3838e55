"""What a mixed data set holds, how often, and what it holds out."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from seedbed_training.corpus import plain_samples
from seedbed_training.dataset import HELD_OUT_SAMPLES, Dataset
from seedbed_training.domain.sample import Sample
from seedbed_training.mixture import MOST_REPEATS, samples_of, write_mixture
from seedbed_training.tokenizer import SeedbedTokenizer, train

JAVA = [
    Sample(f"/** Gets the value {n}. */\npublic int get{n}() {{", f"\n    return value{n};\n}}")
    for n in range(300)
]


@pytest.fixture(scope="module")
def generated() -> list[Sample]:
    return list(dict.fromkeys(plain_samples(3, 1300)))


@pytest.fixture(scope="module")
def mixture(generated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixture")
    texts = [sample.prompt + sample.completion for sample in [*generated, *JAVA]]
    (folder / "tokenizer.json").write_text(train(texts, 700))
    tokenizer = SeedbedTokenizer(folder / "tokenizer.json")
    meta = write_mixture(folder, tokenizer, generated, JAVA, 0.3, longest=160, seed=1)
    return folder, meta


def rows(folder) -> list[tuple[bytes, bool]]:
    """Of each row of the index: its tokens, and whether it is held out."""
    dataset = Dataset(folder)
    numbers = range(len(dataset) + HELD_OUT_SAMPLES)
    return [(dataset[n].token_ids.tobytes(), n >= len(dataset)) for n in numbers]


def test_the_asked_share_is_reached_by_repeating_java(mixture):
    folder, meta = mixture
    training = Counter(tokens for tokens, held_out in rows(folder) if not held_out)
    assert set(training.values()) == {1, MOST_REPEATS}
    dataset = Dataset(folder)
    assert meta["tokens_an_epoch"] == dataset.lengths().sum()
    assert meta["tokens"] == (folder / "tokens.u16").stat().st_size // 2
    assert 0.1 < meta["java_share"] < 0.3


def test_no_held_out_sample_is_in_a_training_row(mixture):
    found = rows(mixture[0])
    held_out = {tokens for tokens, is_held_out in found if is_held_out}
    assert len(held_out) == HELD_OUT_SAMPLES
    assert not held_out & {tokens for tokens, is_held_out in found if not is_held_out}


def test_samples_come_back_as_text_and_long_ones_are_left_out(mixture, generated):
    folder, meta = mixture
    texts = set(samples_of(folder))
    assert texts < {*generated, *JAVA}
    assert len(texts) == meta["samples"] == len(generated) + len(JAVA) - meta["too_long"]
    assert Dataset(folder).lengths().max() <= 160
    assert json.loads((folder / "meta.json").read_text()) == meta


def test_a_share_that_is_none_is_refused(generated, tmp_path):
    with pytest.raises(ValueError, match="java share: 1"):
        write_mixture(tmp_path, None, generated, JAVA, 1, longest=160, seed=1)


def test_digits_stand_alone_in_the_tokenizer_of_a_mixture(mixture):
    tokenizer = SeedbedTokenizer(mixture[0] / "tokenizer.json")
    assert [tokenizer.decode([i]) for i in tokenizer.encode("1234")] == ["1", "2", "3", "4"]
    assert np.array_equal(tokenizer.encode(""), [])
