"""Waiting for what must come true: a generous deadline that says what was awaited, never a measured time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(what: str, condition: Callable[[], T | None], seconds: float = 60.0) -> T:
    """The first true value of the condition; an exception in it counts as not yet true, and is shown in the end."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"never came true: {what}; last: {last!r}")
