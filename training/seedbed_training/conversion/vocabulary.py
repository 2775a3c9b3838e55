"""What a checkpoint says of its tokens: tokenizer.json, the chat template, and ids with a role."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from .configuration import Configuration
from .conventions import Convention
from .refusal import CheckpointRefused


@dataclass(frozen=True)
class Roles:
    """Ids that the contract names."""

    mask: int
    pad: int | None
    ends: tuple[int, ...]

    @property
    def forbidden(self) -> tuple[int, ...]:
        return tuple(sorted({self.mask} | ({self.pad} if self.pad is not None else set())))


class Vocabulary:
    """The tokenizer files of a checkpoint's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = _document(folder / "tokenizer_config.json")
        self.tokenizer = _tokenizer(folder)

    def tokenizer_json(self) -> str:
        file = self.folder / "tokenizer.json"
        return file.read_text() if file.is_file() else self.tokenizer.to_str() + "\n"

    def chat_template(self, file: Path | None) -> str:
        """Of `file`, else of the folder: chat_template.jinja, or the setting of that name."""
        source = file or self.folder / "chat_template.jinja"
        if source.is_file():
            return self._with_first_token(source.read_text())
        template = self.settings.get("chat_template")
        if isinstance(template, list):  # several, by name
            template = {each["name"]: each["template"] for each in template}.get("default")
        if file is not None or not isinstance(template, str):
            raise CheckpointRefused(
                f"chat template is missing: {source} (expected: chat_template.jinja, chat_template "
                "in tokenizer_config.json, or --chat-template)"
            )
        return self._with_first_token(template)

    def _with_first_token(self, template: str) -> str:
        """Whoever renders a version's template knows its end token, but not its first one."""
        token = self.settings.get("bos_token")
        text = token.get("content") if isinstance(token, dict) else token
        if "bos_token" not in template or not isinstance(text, str):
            return template
        return f"{{% set bos_token = {json.dumps(text, ensure_ascii=False)} %}}{template}"

    def roles(
        self,
        configuration: Configuration,
        convention: Convention,
        mask: int | None,
        ends: tuple[int, ...],
    ) -> Roles:
        """`mask` and `ends` go before what the files say; () is none."""
        vocab_size = configuration.integer("vocab_size")
        found = ends or self._ends(configuration)
        if not found:
            raise CheckpointRefused(
                "end token is missing: no eos_token_id in generation_config.json or config.json "
                "(expected: one, or --end-token-id)"
            )
        pad = self._id("pad_token", configuration.document.get("pad_token_id"))
        pad = None if pad in found else pad
        roles = Roles(self._mask(configuration, convention, mask, pad, found), pad, found)
        for name, token_id in (("mask", roles.mask), ("pad", pad), *(("end", i) for i in found)):
            if token_id is not None and not 0 <= token_id < vocab_size:
                raise CheckpointRefused(
                    f"{name} token id out of range: {token_id} (expected: 0..{vocab_size - 1})"
                )
        if roles.mask in found:
            raise CheckpointRefused(
                f"mask token is an end token: {roles.mask} (expected: an id of its own)"
            )
        return roles

    def _mask(
        self,
        configuration: Configuration,
        convention: Convention,
        mask: int | None,
        pad: int | None,
        ends: tuple[int, ...],
    ) -> int:
        if mask is not None:
            return mask
        found = self._id("mask_token", configuration.document.get("mask_token_id"))
        texts = iter(convention.mask_tokens)
        while found is None and (text := next(texts, None)) is not None:
            found = self.tokenizer.token_to_id(text)
        if found is None and not convention.has_mask:
            # The model never sees a mask; the contract's has to be an id it never has to write.
            bos = self._id("bos_token", configuration.document.get("bos_token_id"))
            found = next((i for i in (pad, bos) if i is not None and i not in ends), None)
        if found is None:
            raise CheckpointRefused(
                f"mask token is missing: neither mask_token_id in config.json nor mask_token in "
                f"tokenizer_config.json nor a token {convention.mask_tokens or '(none known)'} "
                "(expected: one of these, or --mask-token-id)"
            )
        return found

    def _ends(self, configuration: Configuration) -> tuple[int, ...]:
        ids: list[int] = []
        generation = _document(self.folder / "generation_config.json")
        for document in (generation, configuration.document):
            value = document.get("eos_token_id")
            ids += value if isinstance(value, list) else [] if value is None else [value]
        return tuple(dict.fromkeys(ids))

    def _id(self, setting: str, configured: object) -> int | None:
        """`configured` when it is an id, else that of the token which the tokenizer's settings
        name."""
        if isinstance(configured, int):
            return configured
        token = self.settings.get(setting)
        text = token.get("content") if isinstance(token, dict) else token
        return self.tokenizer.token_to_id(text) if isinstance(text, str) else None


def _tokenizer(folder: Path) -> Tokenizer:
    file = folder / "tokenizer.json"
    if file.is_file():
        try:
            return Tokenizer.from_file(str(file))
        except Exception as error:  # the library has no class of its own
            raise CheckpointRefused(f"tokenizer.json is not understood: {error}") from None
    if not (folder / "vocab.json").is_file() or not (folder / "merges.txt").is_file():
        raise CheckpointRefused(
            f"tokenizer is missing: {file} (expected: tokenizer.json, or vocab.json and merges.txt "
            "of the qwen2 family)"
        )
    from transformers import Qwen2Tokenizer  # takes seconds, and few checkpoints need it

    return Qwen2Tokenizer.from_pretrained(str(folder)).backend_tokenizer


def _document(file: Path) -> dict:
    try:
        document = json.loads(file.read_text()) if file.is_file() else {}
    except json.JSONDecodeError as error:
        raise CheckpointRefused(f"{file.name} is no JSON: {error}") from None
    return document if isinstance(document, dict) else {}
