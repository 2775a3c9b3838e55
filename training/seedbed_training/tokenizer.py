"""The byte-level BPE tokenizer: how it is trained, loaded and used.

The specials (ids 0 to 3) stand in the model's vocabulary but not among the file's `added_tokens`,
and no merge produces them. Any HF `tokenizers` library that loads the plain file therefore treats
a literal `<|mask|>` in a text as text, with no option to remember. The price: whoever builds a
sequence adds special ids itself, and drops ids below `FIRST_TEXT_ID` before decoding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIALS = ("<|pad|>", "<|end|>", "<|mask|>", "<|sep|>")
PAD, END, MASK, SEP = range(4)
FIRST_TEXT_ID = len(SPECIALS)
VOCABULARY_SIZE = 2048

# A newline with its indentation is one kind of piece and begins nothing else, so a prompt that
# ends with `{` and a completion that starts with a newline tokenise as their concatenation.
# Digits stand alone. A space belongs to the word or the punctuation after it.
_PIECES = r"\n *|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|[^\S\n]+"


def train(texts: Iterable[str], size: int = VOCABULARY_SIZE) -> str:
    """Trains on `texts` and returns the contents of tokenizer.json.

    The vocabulary has exactly `size` entries; if the texts yield fewer, the rest are reserved
    entries that no text produces. Raises ValueError if `size` cannot hold specials and bytes.
    """
    if size < FIRST_TEXT_ID + 256:
        raise ValueError(f"vocabulary size: {size} (expected: at least {FIRST_TEXT_ID + 256})")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=list(SPECIALS),
            show_progress=False,
            min_frequency=2,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = []
    vocabulary = document["model"]["vocab"]
    for number in range(len(vocabulary), size):
        vocabulary[f"<|reserved_{number}|>"] = number
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


class SeedbedTokenizer:
    """Text to ids and back; text never yields a special id."""

    def __init__(self, path: str | Path) -> None:
        """Loads `path`; raises ValueError if its specials are not where the model expects them."""
        self._tokenizer = Tokenizer.from_file(str(path))
        found = [self._tokenizer.token_to_id(s) for s in SPECIALS]
        if found != list(range(FIRST_TEXT_ID)):
            raise ValueError(f"special ids in {path}: {found} (expected: [0, 1, 2, 3])")

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, specials and reserved entries included."""
        return self._tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, all ≥ `FIRST_TEXT_ID`."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` for each text, in order."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [e.ids for e in encoded]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; specials are left out, broken UTF-8 becomes U+FFFD."""
        return self._tokenizer.decode(
            [i for i in ids if i >= FIRST_TEXT_ID], skip_special_tokens=False
        )
