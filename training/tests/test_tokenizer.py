import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from seedbed_training.corpus import plain_samples
from seedbed_training.tokenizer import (
    FIRST_TEXT_ID,
    MASK,
    SPECIALS,
    SeedbedTokenizer,
    train,
)

SHIPPED = (
    Path(__file__).resolve().parents[2] / "triton-models/repository/seedling-v1/1/tokenizer.json"
)


@pytest.fixture(scope="module")
def tokenizer():
    return SeedbedTokenizer(SHIPPED)


def test_the_shipped_vocabulary_has_2048_entries(tokenizer):
    assert tokenizer.vocabulary_size == 2048


def test_any_text_round_trips(tokenizer):
    rng = random.Random(1)
    texts = ["", " ", "\n\n\t  x\r\n", "naïve 数 🎉 \x00\x7f", "a  b   c\n        d", "0123456789"]
    texts += [
        "".join(chr(rng.randrange(0x110000 - 0x800) % 0xD800) for _ in range(50)) for _ in range(50)
    ]
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_every_byte_has_a_token():
    vocabulary = Tokenizer.from_file(str(SHIPPED)).get_vocab()
    from tokenizers.pre_tokenizers import ByteLevel

    alphabet = ByteLevel.alphabet()
    assert len(alphabet) == 256 and all(letter in vocabulary for letter in alphabet)


def test_a_prompt_and_its_completion_tokenise_as_their_concatenation(tokenizer):
    for sample in plain_samples(77, 1000):
        together = tokenizer.encode(sample.prompt + sample.completion)
        assert tokenizer.encode(sample.prompt) + tokenizer.encode(sample.completion) == together


@pytest.mark.parametrize("special", SPECIALS)
def test_a_literal_special_stays_text(tokenizer, special):
    ids = tokenizer.encode(f"Returns {special} of xs.{special}")
    assert min(ids) >= FIRST_TEXT_ID
    assert tokenizer.decode(ids) == f"Returns {special} of xs.{special}"
    # The same for the plain file in any library, with no option set.
    plain = Tokenizer.from_file(str(SHIPPED))
    assert min(plain.encode(special).ids) >= FIRST_TEXT_ID
    assert not plain.get_added_tokens_decoder()


def test_specials_are_left_out_of_decoded_text(tokenizer):
    ids = tokenizer.encode("int x;")
    assert tokenizer.decode([MASK, *ids, 1, 0]) == "int x;"


def test_digits_stand_alone(tokenizer):
    ids = tokenizer.encode("1234")
    assert [tokenizer.decode([i]) for i in ids] == ["1", "2", "3", "4"]


def test_a_newline_takes_its_indentation_and_nothing_else(tokenizer):
    pieces = [tokenizer.decode([i]) for i in tokenizer.encode("{\n        sum += x;\n    }\n}")]
    assert "\n        " in pieces and "\n    " in pieces
    assert all(not p.strip() for p in pieces if "\n" in p)


def test_common_code_is_short(tokenizer):
    lengths = sorted(len(tokenizer.encode(s.completion)) for s in plain_samples(3, 1000))
    assert 40 <= lengths[500] <= 70
    assert lengths[990] <= 180


def test_training_is_repeatable_and_fills_the_vocabulary():
    texts = [s.prompt + s.completion for s in plain_samples(1, 300)]
    document = train(texts, 600)
    assert document == train(texts, 600)
    assert Tokenizer.from_str(document).get_vocab_size() == 600


def test_a_vocabulary_that_cannot_hold_the_bytes_is_refused():
    with pytest.raises(ValueError, match="vocabulary size: 100"):
        train(["x"], 100)


def test_a_file_without_the_specials_is_refused(tmp_path):
    document = train(["int x;"], 300).replace("<|mask|>", "<|musk|>")
    path = tmp_path / "tokenizer.json"
    path.write_text(document)
    with pytest.raises(ValueError, match="special ids"):
        SeedbedTokenizer(path)
