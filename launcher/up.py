"""`up` and `down`: builds what is missing, starts the stack, supervises it, ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from launcher import admin, build, children, doctor, postgres, quick_start, stack
from launcher.screen import LauncherError, say, step, tail
from launcher.secret_values import SecretValues, write_private
from launcher.settings import ROOT, Settings
from launcher.supervisor import Stopped, Supervisor

SUPERVISOR_PID = "launcher.pid"
READY = "ready.json"


def prepare(settings: Settings) -> None:
    """Checks the machine and builds what is missing or stale."""
    if lacking := doctor.missing():
        raise LauncherError("\n".join(f"missing: {check.name}\n    {check.remedy}" for check in lacking))
    build.fetch_triton(settings)
    build.build_native(settings)
    build.build_java(settings)
    postgres.binaries(settings)
    settings.files_of(settings.model_version)


def reap_leftovers(settings: Settings) -> None:
    for pid_file in sorted(settings.run.glob("*.pid")):
        if pid_file.name != SUPERVISOR_PID and children.reap(pid_file):
            say(f"  ended a {pid_file.stem} that an earlier run left behind")


def refuse_taken_ports(settings: Settings) -> None:
    for name, port in asdict(settings.ports).items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise LauncherError(f"port {port} is taken ({error.strerror}): choose another with --{name.replace('_', '-')}-port") from error


def up(settings: Settings) -> int:
    """Runs the stack in the foreground until a signal ends it."""
    if pid := children.living(settings.run / SUPERVISOR_PID):
        raise LauncherError(f"already up (launcher pid {pid}): ./seedbed down ends it")
    started = time.monotonic()
    supervisor = Supervisor(settings.logs, settings.run)
    supervisor.install_signal_handlers()
    ready = settings.run / READY
    ready.unlink(missing_ok=True)
    try:
        children.write_pid(settings.run, "launcher", os.getpid())
        reap_leftovers(settings)
        refuse_taken_ports(settings)
        prepare(settings)
        start(settings, supervisor)
        key = admin.provision(settings, SecretValues.of(settings.home))
        write_demo_env(settings, key)
        ready.write_text(json.dumps({"pid": os.getpid(), "seconds": time.monotonic() - started}))
        show(settings, key, time.monotonic() - started)
        supervisor.watch()
    except Stopped as stopped:
        say(f"\n{stopped}: stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave children behind
        ready.unlink(missing_ok=True)
        supervisor.stop_all()
        (settings.run / SUPERVISOR_PID).unlink(missing_ok=True)
    say("all stopped")
    return 0


def start(settings: Settings, supervisor: Supervisor) -> None:
    secrets = SecretValues.of(settings.home)
    postgres.initialise(settings, secrets.database_password)
    supervisor.start(postgres.process(settings))
    supervisor.start(stack.triton(settings))
    learn_quick_starts(settings, secrets, supervisor)
    supervisor.start(stack.adapter(settings))
    supervisor.wait_ready("postgres", 30)
    supervisor.start(stack.control_plane(settings, secrets))
    supervisor.wait_ready("triton", 60)
    supervisor.wait_ready("inference-adapter", 120)
    supervisor.wait_ready("control-plane", 120)


def learn_quick_starts(settings: Settings, secrets: SecretValues, supervisor: Supervisor) -> None:
    """After a build. The control plane's start needs the database."""
    specs = [stack.adapter(settings), stack.control_plane(settings, secrets)]
    unlearned = [spec for spec in specs if not quick_start.is_learned(settings, spec.name)]
    if unlearned:
        supervisor.wait_ready("postgres", 30)
    for spec in unlearned:
        quick_start.learn(settings, spec)


def is_ready(settings: Settings, pid: int) -> bool:
    """True when the launcher of that pid said so: one that was killed leaves its word behind."""
    try:
        return bool(json.loads((settings.run / READY).read_text())["pid"] == pid)
    except (OSError, ValueError):
        return False


def up_detached(settings: Settings) -> int:
    """Starts the launcher in the background and returns when everything is ready."""
    log = settings.logs / "launcher.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        launcher = subprocess.Popen(
            [
                sys.executable, str(ROOT / "seedbed"), "up", f"--model-repository={settings.model_repository}", *settings.ports.options(),
                *([f"--otlp-endpoint={settings.otlp_endpoint}"] if settings.otlp_endpoint else []),
            ],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "SEEDBED_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        with step("the stack is up", log):
            while not is_ready(settings, launcher.pid):
                if launcher.poll() is not None:
                    raise LauncherError(f"up failed:\n{tail(log, 30)}", log)
                time.sleep(0.1)
    except KeyboardInterrupt:
        launcher.terminate()
        launcher.wait()
        raise
    say(log.read_bytes()[before:].decode(errors="replace").rsplit("✓", 1)[-1].split("\n", 1)[-1].strip("\n"))
    return 0


def down(settings: Settings) -> int:
    """Ends the stack of this home, and whatever an earlier one left behind."""
    pid_file = settings.run / SUPERVISOR_PID
    pid = children.living(pid_file)
    if pid is not None:
        # Not by the pid file: the launcher removes that before its own end.
        born = children.start_time(pid)
        with step("stop the stack"):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 40
            while born is not None and children.start_time(pid) == born:
                if time.monotonic() >= deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.05)
    reap_leftovers(settings)
    pid_file.unlink(missing_ok=True)
    settings.demo_env.unlink(missing_ok=True)
    say("nothing runs")
    return 0


def write_demo_env(settings: Settings, key: str) -> None:
    host, ports = settings.host, settings.ports
    values = {
        "SEEDBED_BASE_URL": settings.base_url,
        "SEEDBED_GRPC": f"{host}:{ports.grpc}",
        "SEEDBED_API_KEY": key,
        "SEEDBED_ADMIN_TOKEN": SecretValues.of(settings.home).admin_token,
        "SEEDBED_ADAPTER_GRPC": f"{host}:{ports.adapter}",
        "TRITON_GRPC": f"{host}:{ports.triton_grpc}",
        "TRITON_HTTP": f"{host}:{ports.triton_http}",
        "SEEDBED_MODEL": settings.model,
        "SEEDBED_MODEL_VERSIONS": ",".join(settings.versions),
    }
    write_private(settings.demo_env, "".join(f"{name}={value}\n" for name, value in values.items()))


def show(settings: Settings, key: str, seconds: float) -> None:
    host, ports = settings.host, settings.ports
    home = Path(os.path.relpath(settings.home))
    default, *others = settings.versions
    versions = f"{default}; pinned by name: {', '.join(others)}" if others else default
    say(f"""
Seedbed is up ({seconds:.1f} s).

  control plane      http://{host}:{ports.http}/v1    gRPC {host}:{ports.grpc}
  admin              http://{host}:{ports.http}/admin/swagger-ui.html   token in {home}/secrets.json
  inference adapter  gRPC {host}:{ports.adapter}
  Triton             gRPC {host}:{ports.triton_grpc}   HTTP {host}:{ports.triton_http}   metrics :{ports.triton_metrics}
  PostgreSQL         {host}:{ports.postgres}
  model              {settings.model} ({versions})
  logs               {home}/logs

  demo tenant's key  {key}

  curl -sN {settings.base_url}/v1/completions \\
    -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
    -d '{{"model": "{settings.model}", "stream": true, "max_tokens": 200,
         "prompt": "/** Returns the sum of the even elements of xs. */\\nstatic int f(int[] xs) {{"}}'

Ctrl-C (or ./seedbed down) stops everything.""")
