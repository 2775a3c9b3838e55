"""Finds methods with Javadoc in a Java file, and writes them as prompt and completion.

No parser: a scanner that knows comments, strings and characters, so that a brace inside one counts
for nothing. What it does not understand it leaves out. The form is that of the generated samples: a
one-line Javadoc, the head of the method on one line, its body without the indentation of its class.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from ..domain.sample import MAX_BODY_LINES, Sample
from .tokens import Token, tokens_of

_CLOSING = {"(": ")", "{": "}"}
_TYPES = ("class", "interface", "enum", "record")
_MODIFIERS = re.compile(
    r"public|protected|private|static|final|abstract|synchronized|native|default|strictfp"
)
_LONGEST_DOC, _SHORTEST_DOC = 160, 12  # characters


def methods(source: str) -> Iterator[Sample]:
    """The methods of a file that have a Javadoc, a result and a body of at most
    `MAX_BODY_LINES` lines."""
    source = source.replace("\r\n", "\n")
    tokens = tokens_of(source)
    for number, token in enumerate(tokens):
        if token.kind == "comment" and token.text.startswith("/**"):
            doc = first_sentence(token.text)
            sample = doc and _method(source, tokens, number + 1, doc)
            if sample:
                yield sample


def first_sentence(javadoc: str) -> str | None:
    """What a Javadoc says first, on one line and without markup; None when that is nothing, or more
    than a line."""
    lines = [re.sub(r"^\s*\*+", "", line) for line in javadoc[3:-2].split("\n")]
    text = re.split(r"(?m)^\s*@\w", "\n".join(lines))[0]
    text = re.split(r"<(?:p|ul|ol|pre|table)\b|\n\s*\n", text.strip(), flags=re.IGNORECASE)[0]
    text = re.sub(r"\{@(?:code|literal|value)\s+([^{}]*)\}", r"\1", text)
    text = re.sub(
        r"\{@link(?:plain)?\s+\S*?(?:\s+([^{}]*)|([\w.]*)(?:\([^)]*\))?)\}", r"\1\2", text
    )
    text = re.sub(r"</?\w+[^<>]*>", "", text)
    text = " ".join(text.split())
    sentence = re.match(r".*?\.(?=\s|$)", text)
    text = sentence[0] if sentence else text
    if "{@" in text or "*/" in text or not _SHORTEST_DOC <= len(text) <= _LONGEST_DOC:
        return None
    return text


def _method(source: str, tokens: list[Token], first: int, doc: str) -> Sample | None:
    head: list[Token] = []  # without comments and annotations
    number = first
    while number < len(tokens):
        token = tokens[number]
        if token.text == "{":
            break
        if token.text in (";", "=", "}") or token.text in _TYPES:
            return None
        if token.text == "@":
            number = _after_annotation(tokens, number)
            continue
        if token.text == "(":
            # A whole parameter list, so that the braces of annotations in it start no body.
            end = _matching(tokens, number)
            head += _without_annotations(tokens, number, end)
            number = end + 1
            continue
        if token.kind != "comment":
            head.append(token)
        number += 1
    else:
        return None
    end = _matching(tokens, number)
    signature = " ".join("".join(" " if t.kind == "space" else t.text for t in head).split())
    if end >= len(tokens) or not _has_result_and_name(signature):
        return None
    body = source[tokens[number].end : tokens[end].start]
    return _sample(doc, re.sub(r"\( ", "(", signature), body)


def _has_result_and_name(signature: str) -> bool:
    """False for what has no parameters (an initialiser) or no result (a constructor)."""
    before, parenthesis, _ = signature.partition("(")
    words = re.sub(r"<[^()]*>", " ", before).split()
    return bool(parenthesis) and sum(not _MODIFIERS.fullmatch(word) for word in words) == 2


def _sample(doc: str, signature: str, body: str) -> Sample | None:
    lines = textwrap.dedent(body.expandtabs(4).strip("\n").rstrip()).split("\n")
    lines = [line.rstrip() for line in lines if line.strip()]
    if not lines or len(lines) > MAX_BODY_LINES:
        return None
    text = "".join(f"\n    {line}" for line in lines)
    return Sample(f"/** {doc} */\n{signature} {{", text + "\n}")


def _matching(tokens: list[Token], number: int) -> int:
    """The number of the token that closes what `number` opens; `len(tokens)` when none does."""
    opening = tokens[number].text
    depth = 0
    for place in range(number, len(tokens)):
        text = tokens[place].text
        depth += (text == opening) - (text == _CLOSING[opening])
        if depth == 0:
            return place
    return len(tokens)


def _after_annotation(tokens: list[Token], number: int) -> int:
    """The number after `@name`, or after the values that follow it."""
    number += 1
    while number < len(tokens) and (tokens[number].kind == "word" or tokens[number].text == "."):
        number += 1
    opens = number
    while opens < len(tokens) and tokens[opens].kind == "space":
        opens += 1
    if opens < len(tokens) and tokens[opens].text == "(":
        return _matching(tokens, opens) + 1
    return number


def _without_annotations(tokens: list[Token], first: int, last: int) -> list[Token]:
    kept = []
    number = first
    while number <= min(last, len(tokens) - 1):
        if tokens[number].text == "@":
            number = _after_annotation(tokens, number)
            continue
        if tokens[number].kind != "comment":
            kept.append(tokens[number])
        number += 1
    return kept
