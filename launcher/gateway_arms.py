"""What `bench gateway` compares: Seedbed's control plane with its database, and LiteLLM's proxy. Each has core 0; all else has core 1."""

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

from launcher import admin, postgres, stack, venv
from launcher.children import ProcessSpec
from launcher.member import Member, compiler_seconds, tree_cpu_seconds
from launcher.screen import step
from launcher.secret_values import SecretValues
from launcher.settings import Settings
from launcher.load_generator import Target
from launcher.temporary_stack import free_numbers

GATEWAY_CORE = ("taskset", "--cpu-list", "0")
DEVICE_CORE = ("taskset", "--cpu-list", "1")
# As docker/control-plane starts it; its heap is the share of 1 GiB that it has there by docker/kubernetes.
JAVA_OPTIONS = ("-XX:+ExitOnOutOfMemoryError", "-Xmx717m", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
PROMPT = "Write a method that returns the sum of the even elements of an array."


def pinned(spec: ProcessSpec, core: tuple[str, ...]) -> ProcessSpec:
    return replace(spec, argv=[*core, *spec.argv])


def chat(model: str, stream: bool) -> str:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 256, "stream": stream})


@dataclass(frozen=True)
class Arm:
    """A gateway that runs, and the processes that work for its requests."""

    name: str
    url: str
    keys: tuple[str, ...]
    model: str
    gateway: Member
    database: Member | None = None

    def target(self, stream: bool) -> Target:
        return Target(self.url, stream, self.keys, chat(self.model, stream))

    def of_one_tenant(self) -> "Arm":
        return replace(self, keys=self.keys[:1])

    def compiler_seconds(self) -> float:
        """Of the gateway's CPU time so far, its compiler's."""
        return compiler_seconds(self.gateway.pid)

    def cpu_seconds(self) -> dict[str, float]:
        """So far, of the gateway and of its database."""
        return {
            "gateway": tree_cpu_seconds(self.gateway.pid),
            "database": tree_cpu_seconds(self.database.pid) if self.database else 0.0,
        }


class SeedbedGateway:
    """PostgreSQL and one control plane, whose adapter is the paced one."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.secrets = SecretValues.of(settings.home)
        self.postgres = Member(pinned(postgres.process(settings), GATEWAY_CORE), settings.logs, settings.run)
        spec = pinned(stack.control_plane(settings, self.secrets, JAVA_OPTIONS), GATEWAY_CORE)
        self.control_plane = Member(spec, settings.logs, settings.run)
        self._unaccounted: Member | None = None

    def up(self) -> None:
        with step("PostgreSQL and the control plane are ready", self.control_plane.log):
            postgres.initialise(self.settings, self.secrets.database_password)
            self.postgres.restart()
            self.control_plane.restart()
            admin.provision(self.settings, self.secrets)

    def arm(self, accounting: str, tenants: int) -> Arm:
        """With tenants of its own, whose budgets are never reached."""
        keys = tuple(self._key(ACCOUNTING[accounting]) for _ in range(tenants))
        base_url, gateway = self.settings.base_url, self.control_plane
        if accounting == UNACCOUNTED:
            base_url, gateway = self._without_accounting()
        return Arm(f"seedbed, {accounting}", f"{base_url}/v1/chat/completions", keys, self.settings.model, gateway, self.postgres)

    def _without_accounting(self) -> tuple[str, Member]:
        """Another control plane on the same database, which bills nobody."""
        http_port, grpc_port = free_numbers(2)
        own = replace(self.settings, ports=replace(self.settings.ports, http=http_port, grpc=grpc_port))
        spec = pinned(stack.control_plane(own, self.secrets, JAVA_OPTIONS), GATEWAY_CORE)
        spec = replace(spec, name=f"{spec.name}-{UNACCOUNTED}", argv=[*spec.argv, f"--spring.profiles.active={UNACCOUNTED}"])
        self._unaccounted = Member(spec, own.logs, own.run)
        with step("the control plane without accounting is ready", self._unaccounted.log):
            self._unaccounted.restart()
        return own.base_url, self._unaccounted

    def _key(self, durability: str) -> str:
        caller = admin.Admin(self.settings.base_url, self.secrets.admin_token)
        tenant = caller.call("POST", "/tenants", {"name": f"bench {uuid.uuid4()}"})["tenant_id"]
        for unit in ("OUTPUT_TOKEN", "POSITION", "REQUEST"):
            caller.call("PUT", f"/tenants/{tenant}/limits/{unit}", {"limit": 10**12, "durability": durability})
        return str(caller.call("POST", f"/tenants/{tenant}/api_keys", {"name": "bench", "environment": "test"})["key"])

    def database(self) -> dict[str, Any]:
        """Where it is, and as whom; arguments of pg8000."""
        return postgres.connection(self.settings, self.secrets.database_password)

    def end(self) -> None:
        if self._unaccounted is not None:
            self._unaccounted.end()
        self.control_plane.end()
        self.postgres.end()


# How a request is accounted for, and the durability of its tenant's limits.
UNACCOUNTED = "unaccounted"
ACCOUNTING = {"strict": "STRICT", "leased": "LEASED", UNACCOUNTED: "STRICT"}


class LiteLlm:
    """LiteLLM's proxy without a database: it knows one key and counts nothing that outlives it."""

    KEY = "sk-bench"

    def __init__(self, settings: Settings, port: int, openai_port: int):
        home = venv.litellm(settings)
        config = settings.home / "litellm.json"  # JSON is YAML
        config.parent.mkdir(parents=True, exist_ok=True)
        upstream = {"model": "openai/paced", "api_base": f"http://{settings.host}:{openai_port}/v1", "api_key": "none"}
        config.write_text(json.dumps({"model_list": [{"model_name": "paced", "litellm_params": upstream}], "general_settings": {"master_key": self.KEY}}))
        self.url = f"http://{settings.host}:{port}"
        spec = ProcessSpec(
            name="litellm",
            argv=[*GATEWAY_CORE, str(home / "bin" / "litellm"), "--config", str(config), "--host", settings.host, "--port", str(port), "--num_workers", "1"],
            # As its pages on production advise; the map of costs is otherwise fetched at the start.
            env={"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            ready=lambda: stack.answers(f"{self.url}/health/liveliness"),
            cwd=settings.home,
        )
        self.proxy = Member(spec, settings.logs, settings.run)

    def arm(self) -> Arm:
        return Arm("litellm, without a database", f"{self.url}/v1/chat/completions", (self.KEY,), "paced", self.proxy)

    def up(self) -> None:
        with step("LiteLLM's proxy is ready", self.proxy.log):
            self.proxy.restart()
