"""The four processes of a stack: PostgreSQL, Triton, inference adapter, control plane."""

import http.client
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

from launcher import build, jdk, postgres, quick_start
from launcher.children import ProcessSpec
from launcher.screen import LauncherError
from launcher.secret_values import SecretValues
from launcher.settings import ROOT, Settings

sys.path.append(str(ROOT / "triton-models"))  # the folder's name is no package name
from serve.triton_server import TritonServer  # noqa: E402

# Small heaps and the fast compiler tier first: a laptop starts four processes at once.
JAVA_OPTIONS = ("-XX:+UseSerialGC", "-Xmx384m", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")


def answers(url: str) -> bool:
    """True when a GET is answered with status 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, http.client.HTTPException):  # the last: something that speaks no HTTP
        return False


def triton_server(settings: Settings) -> TritonServer:
    return TritonServer(
        triton=settings.build_home / "third_party" / "triton",
        backends=build.native_build(settings) / "backends",
        repository=settings.model_repository,
        address=settings.host,
        http_port=settings.ports.triton_http,
        grpc_port=settings.ports.triton_grpc,
        metrics_port=settings.ports.triton_metrics,
        otlp_endpoint=settings.otlp_endpoint or "",
    )


def triton(settings: Settings) -> ProcessSpec:
    server = triton_server(settings)
    return ProcessSpec("triton", server.command(), server.is_ready, server.environment(), stop_seconds=6)


def java(settings: Settings, module: str, arguments: list[str], env: dict[str, str], health: str, java_options: Sequence[str] | None = None) -> ProcessSpec:
    """`java_options` replace those of a laptop, and the quick start that was learned with them."""
    home = jdk.find()
    if home is None:
        raise LauncherError("no JDK >= 25 found: ./seedbed doctor says how to install one")
    program = home / "bin" / "java"
    jar = quick_start.jar(settings, program, module)
    return ProcessSpec(
        name=module,
        argv=[str(program), *(java_options or (*quick_start.options(settings, module), *JAVA_OPTIONS)), "-jar", str(jar), *arguments],
        env=env | traces(settings),
        ready=lambda: answers(health),
    )


def traces(settings: Settings) -> dict[str, str]:
    if settings.otlp_endpoint is None:
        return {}
    return {"MANAGEMENT_OPENTELEMETRY_TRACING_EXPORT_OTLP_ENDPOINT": settings.otlp_endpoint, "MANAGEMENT_TRACING_SAMPLING_PROBABILITY": "1"}


def adapter(settings: Settings) -> ProcessSpec:
    host, ports = settings.host, settings.ports
    return java(
        settings, "inference-adapter",
        [
            f"--server.address={host}", f"--server.port={ports.adapter_management}",
            f"--spring.grpc.server.address={host}", f"--spring.grpc.server.port={ports.adapter}",
            f"--spring.grpc.client.channel.triton.target=static://{host}:{ports.triton_grpc}",
            f"--seedbed.model-repository={settings.model_repository}",
            "--seedbed.drain.readiness-delay=0s", "--spring.grpc.server.shutdown.grace-period=2s",
        ],
        {},
        f"http://{host}:{ports.adapter_management}/actuator/health/readiness",
    )  # fmt: skip


def paced_servers(settings: Settings, openai_port: int, first_ms: int, tokens: int, interval_ms: int) -> ProcessSpec:
    """A measuring device at the adapter's place, and an OpenAI server of the same pace."""
    home = jdk.find()
    host, ports = settings.host, settings.ports
    class_path = ":".join(str(path) for path in build.build_testkit(settings))
    return ProcessSpec(
        name="paced-servers",
        argv=[
            str(home / "bin" / "java"), "-XX:+UseSerialGC", "-Xmx256m", "-cp", class_path, "dev.seedbed.testkit.paced.PacedServers",
            f"--adapter-port={ports.adapter}", f"--openai-port={openai_port}", f"--first-ms={first_ms}", f"--tokens={tokens}", f"--interval-ms={interval_ms}",
        ],
        ready=lambda: accepts(host, ports.adapter) and accepts(host, openai_port),
    )  # fmt: skip


def accepts(host: str, port: int) -> bool:
    """True when something listens there."""
    try:
        socket.create_connection((host, port), 0.5).close()
    except OSError:
        return False
    return True


def control_plane(settings: Settings, secrets: SecretValues, java_options: Sequence[str] | None = None) -> ProcessSpec:
    host, ports = settings.host, settings.ports
    return java(
        settings, "control-plane",
        [
            f"--server.address={host}", f"--server.port={ports.http}",
            f"--spring.grpc.server.address={host}", f"--spring.grpc.server.port={ports.grpc}",
            f"--spring.grpc.client.channel.adapter.target=static://{host}:{ports.adapter}",
            f"--spring.datasource.url=jdbc:postgresql://{host}:{ports.postgres}/{postgres.DATABASE}",
            f"--spring.datasource.username={postgres.USER}",
            # Nobody balances load here, and `down` kills after `stop_seconds`.
            "--seedbed.drain.readiness-delay=0s", "--seedbed.drain.stream-grace=2s",
        ],
        {
            # By environment: a command line is visible to every user of the machine.
            "SPRING_DATASOURCE_PASSWORD": secrets.database_password,
            "SEEDBED_ADMINTOKEN": secrets.admin_token,
            "SEEDBED_APIKEYPEPPER": secrets.api_key_pepper,
            "SEEDBED_ANSWERLOGSECRET": secrets.answer_log_secret,
        },
        f"http://{host}:{ports.http}/actuator/health/readiness",
        java_options,
    )  # fmt: skip
