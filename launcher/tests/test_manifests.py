"""The manifests in docker/: valid by Kubernetes' own schemas, and with time enough to end in."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

DOCKER = Path(__file__).resolve().parents[2] / "docker"
KUBERNETES_VERSION = "1.32"  # the oldest that all of it works on: preStop's sleep is generally available since 1.34, on by default since 1.30
LAST_SETTLEMENTS_SECONDS = 5  # Drain.java


def documents() -> list[tuple[str, dict[str, Any]]]:
    files = sorted((DOCKER / "kubernetes").glob("*.yaml"))
    return [(f"{file.name}:{document['kind']}", document) for file in files for document in yaml.safe_load_all(file.read_text())]


def pod(name: str) -> dict[str, Any]:
    return next(document["spec"]["template"]["spec"] for _, document in documents() if document["kind"] == "Deployment" and document["metadata"]["name"] == name)


def container(pod: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in pod["containers"] if one["name"] == name)


def seconds(container: dict[str, Any], variable: str) -> int:
    value = next(one["value"] for one in container["env"] if one["name"] == variable)
    matched = re.fullmatch(r"(\d+)s", value)
    assert matched, f"{variable} is no number of seconds: {value}"
    return int(matched[1])


@pytest.mark.parametrize("document", [document for _, document in documents()], ids=[name for name, _ in documents()])
def test_is_valid_by_the_schema(document: dict[str, Any]):
    kubernetes_validate.validate(document, KUBERNETES_VERSION, strict=True)


@pytest.mark.parametrize("name", ["control-plane", "engine"])
def test_every_container_is_probed_and_has_its_resources(name: str):
    for one in pod(name)["containers"]:
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= one.keys(), one["name"]
        assert "requests" in one["resources"]
        assert "memory" in one["resources"]["limits"]


def test_a_control_plane_is_killed_only_after_its_drain():
    control_plane = container(pod("control-plane"), "control-plane")
    drain = seconds(control_plane, "SEEDBED_DRAIN_READINESSDELAY") + seconds(control_plane, "SEEDBED_DRAIN_STREAMGRACE")
    assert pod("control-plane")["terminationGracePeriodSeconds"] > drain + LAST_SETTLEMENTS_SECONDS


def test_an_engine_outlives_the_streams_of_a_control_plane_and_triton_its_adapter():
    adapter = container(pod("engine"), "inference-adapter")
    grace = seconds(adapter, "SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD")
    assert grace > seconds(container(pod("control-plane"), "control-plane"), "SEEDBED_DRAIN_STREAMGRACE") + LAST_SETTLEMENTS_SECONDS
    triton_waits = container(pod("engine"), "triton")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert triton_waits > seconds(adapter, "SEEDBED_DRAIN_READINESSDELAY") + grace
    assert pod("engine")["terminationGracePeriodSeconds"] > triton_waits + 3


def test_compose_waits_as_long_as_kubernetes():
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    assert services["control-plane"]["stop_grace_period"] == f"{pod('control-plane')['terminationGracePeriodSeconds']}s"
    assert services["inference-adapter"]["stop_grace_period"] == f"{pod('engine')['terminationGracePeriodSeconds']}s"
