"""What the terminal shows: one line per step, with progress on the long ones."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONG_STEP_SECONDS = 3.0


class LauncherError(Exception):
    """Ends the launcher with its text and exit code 1; a log to look at may be named."""

    def __init__(self, text: str, log: Path | None = None):
        super().__init__(text)
        self.log = log


def say(text: str = "") -> None:
    print(text, flush=True)


def tail(log: Path, lines: int = 15) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def last_line(log: Path) -> str:
    return tail(log, 1).strip()[:160]


@contextmanager
def step(title: str, log: Path | None = None) -> Iterator[None]:
    """Announces a step; while it takes long, shows the seconds and (on a terminal) the last line of its log."""
    started = time.monotonic()
    done = threading.Event()
    terminal = sys.stdout.isatty()

    def progress() -> None:
        pause = LONG_STEP_SECONDS
        while not done.wait(pause):
            seconds = time.monotonic() - started
            line = last_line(log)[:60] if log else ""
            if terminal:
                print(f"\r\x1b[2K  {title} … {seconds:.0f} s  {line}", end="", flush=True)
                pause = 1.0
            else:
                say(f"  {title} … {seconds:.0f} s")
                pause = 30.0

    watcher = threading.Thread(target=progress, daemon=True)
    watcher.start()
    try:
        yield
    except BaseException:
        done.set()
        watcher.join()
        say(("\r\x1b[2K" if terminal else "") + f"✗ {title}")
        raise
    done.set()
    watcher.join()
    say(("\r\x1b[2K" if terminal else "") + f"✓ {title} ({time.monotonic() - started:.1f} s)")
