"""Compiles a program and runs it, in a folder of its own and with limits.

The limits keep a wrong answer from harming the measurement, not a malicious one from harming the
machine: the program runs with the rights of whoever runs this.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from ..verifier import Verdict, find_jdk

COMPILE_SECONDS = 120  # wall clock; on a busy machine a compiler takes some
_WALL_PER_PROCESSOR_SECOND = 5  # for a busy machine, and against a program that sleeps
_FILE_BLOCKS = 4096  # of 512 bytes: the longest file a program may write, its messages too
_RETURNED = 77  # exit status that says that `main` came to its end
_STARTER = f"""class SeedbedStarter {{
    public static void main(String[] arguments) throws Throwable {{
        Main.main(arguments);
        System.exit({_RETURNED});
    }}
}}
"""
# Each program runs once and briefly: the first compiler tier and the serial collector cost least.
_BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto")
_DETAIL = 300  # characters


def judge(source: str, seconds: int = 10, heap_mib: int = 512) -> Verdict:
    """What becomes of a source file with a class `Main` whose `main` throws when something is
    wrong.

    `seconds` are processor time of the run; `timeout` is its verdict for five times as many on the
    clock, too. `wrong` is what `Main` threw itself, `exception` all else, such as `System.exit`.
    """
    for name, value in (("seconds", seconds), ("heap_mib", heap_mib)):
        if value <= 0:
            raise ValueError(f"{name}: {value} (expected: more than 0)")
    binaries = find_jdk() / "bin"
    with tempfile.TemporaryDirectory(prefix="seedbed-benchmark-") as name:
        folder = Path(name)
        (folder / "Main.java").write_text(source, encoding="utf-8")
        (folder / "SeedbedStarter.java").write_text(_STARTER)
        options = [f"-J{option}" for option in (*_BRIEF, "-Xmx512m")]
        compiler = [
            binaries / "javac", *options, "-nowarn", "-proc:none", "-encoding", "UTF-8",
            "Main.java", "SeedbedStarter.java",
        ]  # fmt: skip
        status, said = _run(compiler, folder, COMPILE_SECONDS)
        if status is None:
            return Verdict("does_not_compile", f"still compiling after {COMPILE_SECONDS} s")
        if status != 0:
            return Verdict("does_not_compile", said[:_DETAIL])
        starter = [
            binaries / "java", *_BRIEF, f"-Xmx{heap_mib}m", "-ea", f"-Djava.io.tmpdir={folder}",
            "-cp", folder, "SeedbedStarter",
        ]  # fmt: skip
        limits = f"ulimit -t {seconds} && ulimit -f {_FILE_BLOCKS} && ulimit -c 0"
        limited = ["/bin/sh", "-c", f'{limits} && exec "$0" "$@"', *starter]
        status, said = _run(limited, folder, seconds * _WALL_PER_PROCESSOR_SECOND)
        return _verdict(status, said, seconds)


def _verdict(status: int | None, said: str, seconds: int) -> Verdict:
    if status == _RETURNED:
        return Verdict("pass", "")
    if status in (None, -signal.SIGXCPU, -signal.SIGKILL):
        return Verdict("timeout", f"still running after {seconds} s")
    thrown = re.search(r"^Exception in thread \"main\" (.*?)^\tat (\S*)", said, re.M | re.S)
    if thrown is None:
        return Verdict("exception", f"ended with status {status}: {said[:_DETAIL]}")
    kind = "wrong" if thrown[2].split("/")[-1].startswith("Main.") else "exception"
    return Verdict(kind, thrown[1].strip()[:_DETAIL])


def _run(command: list[object], folder: Path, seconds: float) -> tuple[int | None, str]:
    """Exit status and what was said on standard error; the status is None when the time was up.

    The environment is empty but for a language: what is run is to see no key of an endpoint there.
    """
    messages = folder / "messages.txt"
    with messages.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={"LANG": "C.UTF-8", "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=out,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return status, messages.read_text(encoding="utf-8", errors="replace")
