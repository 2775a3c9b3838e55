"""What a measurement must say about where it was taken."""

import os
import platform
import re
import subprocess
import tempfile
import time
from pathlib import Path

from launcher.settings import ROOT


def describe() -> dict[str, object]:
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "cpu": cpu.group(1) if cpu else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "commit": commit(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        # Work of others on the machine spoils a measurement: above the number of cores it says so.
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def durable_writes(folder: Path) -> dict[str, float]:
    """Milliseconds until 8 KiB are on the disk of that folder: what every durable commit waits for."""
    seconds = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(200):
            file.write(bytes(8192))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - began)
    seconds.sort()
    return {"p50": round(1000 * seconds[100], 3), "p99": round(1000 * seconds[198], 3)}


def in_words(machine: dict[str, object]) -> str:
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}; load before: {machine['load_average_before']}"


def commit() -> str | None:
    """Of the working tree, with `+` when it was changed since; None outside git."""
    shown = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None
