"""`generate`: one method, drawn while it is denoised."""

import argparse
import shutil
import sys
import time
from typing import TextIO

from launcher.completions import Service, stream
from launcher.screen import LauncherError, say
from launcher.settings import Settings

DIM, PLAIN, CLEAR_BELOW = "\x1b[2m", "\x1b[0m", "\x1b[J"


def prompt_of(description: str, signature: str) -> str:
    """The shape in which the shipped model knows its task."""
    return f"/** {description} */\n{signature} {{"


class Canvas:
    """A text that only grows, with a draft behind it that is replaced. Without a terminal the text alone is printed."""

    def __init__(self, out: TextIO):
        self._out = out
        self._terminal = out.isatty()
        self._line = ""  # committed text since its last newline: what a redraw writes again
        self._rows_below = 0  # rows of the screen between that line's first row and the cursor

    def append(self, text: str) -> None:
        if not self._terminal:
            self._out.write(text)
            self._out.flush()
            return
        self._draw(text, "")
        self._line = (self._line + text).rsplit("\n", 1)[-1]

    def show_draft(self, draft: str) -> None:
        if self._terminal:
            self._draw("", draft)

    def _draw(self, text: str, draft: str) -> None:
        up = f"\x1b[{self._rows_below}A" if self._rows_below else ""
        self._out.write(f"\r{up}{CLEAR_BELOW}{self._line}{text}{DIM}{draft}{PLAIN}")
        self._out.flush()
        # What the next redraw returns to is the last committed line.
        kept = (self._line + text).rsplit("\n", 1)[-1]
        self._rows_below = rows(kept + draft, shutil.get_terminal_size().columns) - 1


def rows(text: str, columns: int) -> int:
    """Rows of the screen that a text takes from column 0 on."""
    return sum(max(1, -(-len(line) // columns)) for line in text.split("\n"))


def generate(settings: Settings, options: argparse.Namespace) -> int:
    service = Service.of(settings.running())
    prompt = prompt_of(options.description, options.signature)
    # A version's own name pins it (docs/openai-api.md).
    knobs = {"model": options.model_version, "mode": options.mode, "temperature": options.temperature, "seed": options.seed}
    body = {"prompt": prompt, "max_tokens": options.max_tokens, "diffusing": True, **{name: value for name, value in knobs.items() if value is not None}}

    canvas = Canvas(sys.stdout)
    canvas.append(prompt)
    started = time.monotonic()
    work: dict[str, int] = {}
    finish_reason = None
    try:
        for chunk in stream(service, body):
            if chunk.text:
                canvas.append(chunk.text)
            if chunk.draft is not None:
                canvas.show_draft(chunk.draft)
            work = chunk.work or work
            finish_reason = chunk.finish_reason or finish_reason
    finally:
        canvas.append("\n")
    milliseconds = (time.monotonic() - started) * 1000
    if not work:
        raise LauncherError("the control plane reported no work")
    tokens, passes = work["committed_tokens"], work["forward_passes"]
    say(f"\n{tokens} tokens, {passes} forward passes, {tokens / passes:.1f} tokens per forward, {milliseconds:.0f} ms (finish reason: {finish_reason})")
    return 0
