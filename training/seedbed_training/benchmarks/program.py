"""From what a model wrote to a Java program that can be run."""

from __future__ import annotations

from ..java_text.tokens import tokens_of


def open_braces(text: str) -> int:
    """How many braces `text` leaves open; those in comments, strings and characters do not
    count."""
    texts = [token.text for token in tokens_of(text)]
    return texts.count("{") - texts.count("}")


def first_method(opening: str, completion: str) -> str:
    """`completion` up to the brace that closes the method that `opening` leaves open; all of it
    when none does."""
    around = open_braces(opening) - 1  # those of the classes
    depth = 0
    for token in tokens_of(opening + completion):
        depth += (token.text == "{") - (token.text == "}")
        if token.end > len(opening) and token.text == "}" and depth <= around:
            return completion[: token.end - len(opening)]
    return completion


def program(opening: str, completion: str, test: str) -> str:
    """The source file: the opening with one method, its classes closed, and the test."""
    method = first_method(opening, completion)
    return f"{opening}{method}\n{'}' * max(0, open_braces(opening + method))}\n\n{test}\n"
