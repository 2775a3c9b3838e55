"""`test`: every test of the repository, by runner. A failing runner does not keep the others from running."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from launcher import build, closing_lines, temporary_stack, up, venv
from launcher.build import run_logged
from launcher.screen import LauncherError, say, step, tail
from launcher.settings import ROOT, Settings

MVNW = (str(ROOT / "mvnw"), "--batch-mode", "--no-transfer-progress")
TAIL_LINES = 60


def native(settings: Settings, log: Path) -> str:
    for script in ("fetch_ggml.py", "fetch_googletest.py"):
        build.fetch(log, script)
    folder = ROOT / "triton-models"
    with step("build the engine, the backend and their tests", log):
        build.configure_native(log, "release")
        run_logged(["cmake", "--build", "--preset", "release", f"-j{build.BUILD_JOBS}"], log, cwd=folder)
    with step("ctest", log):
        return closing_lines.of_ctest(output_of(["ctest", "--preset", "release", f"-j{build.BUILD_JOBS}"], log, cwd=folder))


def java(settings: Settings, log: Path) -> str:
    # The adapter's tests run the real server, and must not be left out.
    build.fetch_triton(settings)
    build.build_native(settings)
    sources = build.digest(build.JAVA_SOURCES)
    with step("mvnw verify", log):
        output = output_of([*MVNW, "verify"], log, build.java_env() | {"SEEDBED_REQUIRE_TRITON": "true"})
    build.java_is_built(settings, sources)  # `verify` made the jars that the end-to-end tests start
    return closing_lines.of_maven(output)


def python(settings: Settings, log: Path) -> str:
    build.fetch_triton(settings)
    build.build_native(settings)
    interpreter = venv.python(settings)
    output = ""
    # Each folder has a conftest.py of its own, so each is a run of its own.
    for folder in ("launcher/tests", "training/tests", "triton-models/backend/tests"):
        with step(f"pytest {folder}", log):
            part = output_of(pytest(interpreter, "."), log, build.java_env(), ROOT / folder)
            closing_lines.of_pytest(part)
            output += part
    return closing_lines.of_pytest(output)


def e2e(settings: Settings, log: Path) -> str:
    interpreter = venv.python(settings)
    up.prepare(settings)
    with ExitStack() as held:
        with step("a stack of its own is up", log):
            stack = held.enter_context(temporary_stack.running(settings.build_home / "e2e"))
        env = stack.environment()
        with step("pytest e2e", log):
            python_tests = closing_lines.of_pytest(output_of(pytest(interpreter, "."), log, env, ROOT / "e2e"))
        with step("mvnw verify, with openai-java", log):
            java_tests = closing_lines.of_maven(output_of([*MVNW, "-pl", "e2e", "-Pe2e", "verify"], log, env | build.java_env()))
    return f"{python_tests}; {java_tests}"


RUNNERS: dict[str, Callable[[Settings, Path], str]] = {"native": native, "java": java, "python": python, "e2e": e2e}


def run_tests(settings: Settings, chosen: Sequence[str]) -> int:
    """Runs the chosen runners (all, when none is named), in their fixed order; 1 when any failed."""
    if unknown := [name for name in chosen if name not in RUNNERS]:
        raise LauncherError(f"unknown runner: {unknown[0]} (expected: {', '.join(RUNNERS)})")
    failed = []
    closing = []
    for name, runner in RUNNERS.items():
        if name not in (chosen or RUNNERS):
            continue
        log = settings.build_home / "logs" / f"test-{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        started = time.monotonic()
        try:
            line = runner(settings, log)
        except LauncherError as error:
            failed.append(name)
            say(tail(log, TAIL_LINES) if error.log == log else str(error))
            line = f"FAILED, see {log.relative_to(ROOT)}"
        closing.append(f"{name}: {line} ({time.monotonic() - started:.0f} s)")
        say(closing[-1])
    if len(closing) > 1:
        say("\n" + "\n".join(closing))
    return 1 if failed else 0


def pytest(interpreter: Path, *arguments: str) -> list[str]:
    return [str(interpreter), "-m", "pytest", "-q", "--color=no", *arguments]


def output_of(command: list[str], log: Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """What the command appended to the log; LauncherError when it fails."""
    before = size(log)
    run_logged(command, log, env, cwd)
    return since(log, before)


def size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def since(log: Path, offset: int) -> str:
    return log.read_bytes()[offset:].decode(errors="replace")
