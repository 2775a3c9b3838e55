"""Quick starts of the Java processes: jars laid out flat, and an ahead-of-time cache of linked classes (JEP 514) beside them.

Reading and linking the classes of a Spring application is most of its start. The cache is written once for each jar, by a start
that ends where the application would begin to serve.
"""

import os
import shutil
import signal
import tempfile
from dataclasses import replace
from pathlib import Path

from launcher import build, children
from launcher.children import ProcessSpec
from launcher.screen import LauncherError, say, step
from launcher.settings import Settings

CACHE = "classes.aot"
LEARNING_OPTIONS = ("-Dspring.context.exit=onRefresh",)


def folder(settings: Settings, module: str) -> Path:
    return settings.build_home / "build" / "java" / module


def jar(settings: Settings, java: Path, module: str) -> Path:
    """The module's jar, its libraries beside it instead of inside; laid out anew when it was built anew."""
    built = build.jar(module)
    laid_out = folder(settings, module)
    release = (java.parent.parent / "release").read_text()  # a cache is of one JVM
    origin = f"{built.stat().st_size} {built.stat().st_mtime_ns}\n{release}"
    mark = laid_out / "origin"
    if not mark.exists() or mark.read_text() != origin:
        laid_out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=laid_out.parent, prefix=f".{module}-") as scratch:
            fresh = Path(scratch, module)
            build.run_logged([str(java), "-Djarmode=tools", "-jar", str(built), "extract", "--destination", str(fresh)], settings.logs / "build-java.log")
            (fresh / mark.name).write_text(origin)
            shutil.rmtree(laid_out, ignore_errors=True)
            fresh.rename(laid_out)
    return laid_out / built.name


def options(settings: Settings, module: str) -> list[str]:
    """JVM options that use the cache, once there is one."""
    cache = folder(settings, module) / CACHE
    return [f"-XX:AOTCache={cache}"] if cache.exists() else []


def is_learned(settings: Settings, module: str) -> bool:
    return (folder(settings, module) / CACHE).exists()


def learn(settings: Settings, spec: ProcessSpec) -> None:
    """Writes the cache by a start of `spec` that ends before it serves. Without a cache starts are slower and nothing else."""
    java, *arguments = spec.argv
    cache = folder(settings, spec.name) / CACHE
    scratch = cache.with_name(f"{CACHE}.{os.getpid()}")  # another stack of this checkout may learn too
    learning = replace(spec, name=f"{spec.name}-learning", argv=[java, f"-XX:AOTCacheOutput={scratch}", *LEARNING_OPTIONS, *arguments], stop_signal=signal.SIGKILL)
    log = settings.logs / f"{learning.name}.log"
    process = children.spawn(learning, log, settings.run)
    try:
        with step(f"learn a quick start of {spec.name}", log):
            if code := process.wait():
                raise LauncherError(f"{learning.name} ended: {children.describe_exit(code)}", log)
        scratch.rename(cache)
    except (LauncherError, OSError) as error:
        say(f"  {spec.name} goes on starting slowly: {error}")
    finally:
        children.stop(learning, process, settings.run)
        scratch.unlink(missing_ok=True)
