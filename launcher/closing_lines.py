"""What each test tool says at its end: how many tests ran. Each function raises LauncherError when none did."""

import re

from launcher.screen import LauncherError

CTEST = re.compile(r"^\d+% tests passed, \d+ tests failed out of (\d+)$", re.MULTILINE)
# The total of one module; lines of single classes carry a time behind the numbers.
SUREFIRE = re.compile(r"Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$", re.MULTILINE)
PYTEST = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s(?: \([\d:]+\))?(?: =+)?$", re.MULTILINE)


def of_ctest(output: str) -> str:
    found = CTEST.search(output)
    if not found or int(found.group(1)) == 0:
        raise LauncherError("no C++ test ran")
    return found.group(0)


def of_maven(output: str) -> str:
    modules = [tuple(map(int, numbers)) for numbers in SUREFIRE.findall(output)]
    ran, failures, errors, skipped = (sum(column) for column in zip(*modules, strict=True)) if modules else (0, 0, 0, 0)
    if ran - skipped <= 0:
        raise LauncherError("no Java test ran")
    return f"Tests run: {ran}, Failures: {failures}, Errors: {errors}, Skipped: {skipped}"


def of_pytest(output: str) -> str:
    """One line over all pytest runs in the output."""
    counts: dict[str, int] = {}
    for line in PYTEST.findall(output):
        for part in line.split(", "):
            number, word = part.split(" ")
            counts[word] = counts.get(word, 0) + int(number)
    if not counts.get("passed", 0):
        raise LauncherError("no Python test ran")
    return ", ".join(f"{number} {word}" for word, number in counts.items())
