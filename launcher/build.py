"""Builds what is missing or older than its sources. A stamp beside each product holds the digest of what it was made from."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from launcher import jdk
from launcher.screen import LauncherError, step, tail
from launcher.settings import ROOT, Settings

JAVA_SOURCES = ("pom.xml", "api", "control-plane", "inference-adapter", "db", ".mvn/wrapper/maven-wrapper.properties")
TESTKIT_SOURCES = ("pom.xml", "api", "testkit")
NATIVE_SOURCES = ("triton-models/CMakeLists.txt", "triton-models/cmake", "triton-models/engine", "triton-models/backend", "triton-models/third_party")
SKIPPED_FOLDERS = {"target", "__pycache__", "tests", "test", ".pytest_cache"}
JARS = {"control-plane": "seedbed-control-plane", "inference-adapter": "seedbed-inference-adapter"}
BUILD_JOBS = max(1, min(os.cpu_count() or 1, 8))


def digest(sources: Iterable[str]) -> str:
    """SHA-256 over names and contents of all files below the sources, without tests and build products."""
    total = hashlib.sha256()
    for source in sources:
        top = ROOT / source
        files = [top] if top.is_file() else sorted(Path(folder, name) for folder, names, inner in os.walk(top) for name in inner if not prune(names))
        for file in files:
            total.update(str(file.relative_to(ROOT)).encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def prune(folders: list[str]) -> bool:
    """Keeps os.walk out of folders that are not sources; always false."""
    folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
    return False


def run_logged(command: list[str], log: Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode
    if code != 0:
        raise LauncherError(f"{' '.join(map(str, command))} ended with exit code {code}\n{tail(log, 30)}", log)


def java_env() -> dict[str, str]:
    home = jdk.find()
    if home is None:
        raise LauncherError("no JDK >= 25 found: ./seedbed doctor says how to install one")
    return {"JAVA_HOME": str(home)}


def maven(log: Path, *arguments: str) -> None:
    run_logged([str(ROOT / "mvnw"), "--batch-mode", *arguments], log, java_env())


def jar(module: str, sources: Path = ROOT) -> Path:
    """The runnable jar of a module."""
    found = sorted((sources / module / "target").glob(f"{JARS[module]}-*.jar"))
    found = [path for path in found if not path.name.endswith(("-sources.jar", "-tests.jar"))]
    if not found:
        raise LauncherError(f"no jar in {module}/target: the Java build did not finish")
    return found[-1]


def build_testkit(settings: Settings) -> list[Path]:
    """Class path of the measuring devices: the testkit and everything that it needs."""
    folder = settings.build_home / "build" / "testkit"
    stamp = settings.build_home / "build" / "testkit.stamp"
    wanted = digest(TESTKIT_SOURCES)
    if not (folder.exists() and stamp.exists() and stamp.read_text() == wanted):
        log = settings.build_home / "logs" / "build-testkit.log"
        with step("build the measuring devices", log):
            maven(log, "-pl", "testkit", "-am", "-DskipTests", "package", "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}")
        stamp.write_text(wanted)
    (own,) = (path for path in (ROOT / "testkit" / "target").glob("seedbed-testkit-*.jar") if not path.name.endswith(("-sources.jar", "-tests.jar")))
    return [own, *sorted(folder.glob("*.jar"))]


def has_jars() -> bool:
    return all(list((ROOT / module / "target").glob(f"{name}-*.jar")) for module, name in JARS.items())


def build_java(settings: Settings) -> None:
    wanted = digest(JAVA_SOURCES)
    stamp = java_stamp(settings)
    if has_jars() and stamp.exists() and stamp.read_text() == wanted:
        return
    log = settings.build_home / "logs" / "build-java.log"
    with step("build the Java modules", log):
        maven(log, "-pl", "control-plane,inference-adapter", "-am", "-DskipTests", "package")
    java_is_built(settings, wanted)


def java_stamp(settings: Settings) -> Path:
    return settings.build_home / "build" / "java.stamp"


def java_is_built(settings: Settings, sources: str) -> None:
    """Notes that the jars are made from the sources of that digest."""
    java_stamp(settings).parent.mkdir(parents=True, exist_ok=True)
    java_stamp(settings).write_text(sources)


def native_build(settings: Settings) -> Path:
    return settings.build_home / "build" / "native"


def build_native(settings: Settings) -> None:
    build = native_build(settings)
    stamp = settings.build_home / "build" / "native.stamp"
    wanted = digest(NATIVE_SOURCES)
    if (build / "backends").exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    log = settings.build_home / "logs" / "build-native.log"
    with step("fetch ggml", log):
        fetch(log, "fetch_ggml.py")
    with step("build the engine and the backend", log):
        configure_native(log, "release")
        run_logged(["cmake", "--build", "--preset", "release", f"-j{BUILD_JOBS}", "--target", "triton_block_diffusion", "seedbed-engine"], log, cwd=ROOT / "triton-models")
    stamp.write_text(wanted)


def configure_native(log: Path, preset: str) -> None:
    run_logged(["cmake", "--preset", preset], log, cwd=ROOT / "triton-models")


def fetch(log: Path, script: str) -> None:
    run_logged([sys.executable, str(ROOT / "triton-models" / "third_party" / script)], log)


def fetch_triton(settings: Settings) -> None:
    server = settings.build_home / "third_party" / "triton"
    if server.exists():
        return
    log = settings.build_home / "logs" / "build-triton.log"
    with step("fetch the Triton Inference Server", log):
        fetch(log, "fetch_triton.py")
