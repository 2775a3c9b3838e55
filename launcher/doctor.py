"""Says what is missing on this machine, and the command that installs it."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from launcher import jdk
from launcher.screen import say
from launcher.settings import ROOT


@dataclass(frozen=True)
class Check:
    name: str
    found: Callable[[], str | None]  # what was found, None if missing
    remedy: str
    for_tests_only: bool = False


def version_from(command: list[str], pattern: str, minimum: tuple[int, ...]) -> str | None:
    if not shutil.which(command[0]):
        return None
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    match = re.search(pattern, shown)
    if not match:
        return None
    version = tuple(int(part) for part in match.group(1).split("."))
    return match.group(1) if version >= minimum else None


def find_jdk() -> str | None:
    home = jdk.find()
    return f"{jdk.version_of(home)} in {home}" if home else None


def find_venv() -> str | None:
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return platform.python_version() if probe.returncode == 0 else None


def find_node() -> str | None:
    return version_from(["node", "--version"], r"v(\d+\.\d+)", (20,)) if shutil.which("npm") else None


def find_memory() -> str | None:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{gib:.0f} GiB" if gib >= 3.5 else None


def find_disk() -> str | None:
    gib = shutil.disk_usage(ROOT).free / 2**30
    return f"{gib:.0f} GiB free" if gib >= 4 else None


def find_platform() -> str | None:
    return platform.platform() if platform.system() == "Linux" and platform.machine() == "x86_64" else None


CHECKS = (
    Check("Linux on x86-64", find_platform, "Triton's server comes as a binary for Linux on x86-64 only"),
    Check("JDK >= 25", find_jdk, "install a JDK 25, for example Eclipse Temurin (package temurin-25-jdk), or set JAVA_HOME to one"),
    Check("C++ compiler >= 12", lambda: version_from(["g++", "-dumpfullversion"], r"(\d+\.\d+)", (12,)), "apt-get install g++"),
    Check("CMake >= 3.25", lambda: version_from(["cmake", "--version"], r"(\d+\.\d+)", (3, 25)), "apt-get install cmake"),
    Check("Ninja", lambda: version_from(["ninja", "--version"], r"(\d+\.\d+)", (1, 10)), "apt-get install ninja-build"),
    Check("Python >= 3.11 with venv and pip", find_venv, "apt-get install python3-venv python3-pip"),
    Check("Node.js >= 20 with npm (for the end-to-end tests)", find_node, "install Node.js 20 or later (package nodejs, with npm)", for_tests_only=True),
    Check("memory >= 4 GiB", find_memory, "use a larger machine"),
    Check("disk >= 4 GiB", find_disk, f"free some space below {ROOT}"),
)


def missing() -> list[Check]:
    """What the stack cannot be built and run without."""
    return [check for check in CHECKS if not check.for_tests_only and check.found() is None]


def report() -> int:
    """Prints every check; 0 when nothing is missing."""
    failures = 0
    for check in CHECKS:
        found = check.found()
        failures += found is None
        say(f"✓ {check.name}: {found}" if found else f"✗ {check.name}: missing\n    {check.remedy}")
    say("Nothing is missing." if not failures else f"{failures} missing.")
    return 1 if failures else 0
