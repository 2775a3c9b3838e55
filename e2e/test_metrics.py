"""What the stack's processes tell Prometheus, and what the dashboard asks it."""

import json
import os
import re
import urllib.request

import pytest
from admin import AdminClient, Tenant
from endpoints import ROOT, Endpoints
from eventually import eventually
from public_grpc import PublicGrpc, wire

DASHBOARD = ROOT / "docker" / "grafana" / "dashboards" / "seedbed.json"
SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# What PromQL has beside metrics: functions, operators, labels in parentheses after `by`.
WORDS = {"sum", "max", "by", "rate", "histogram_quantile"}

DURATIONS = [0.01 * 2**n for n in range(14)]
FIRST = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
PER_OUTPUT = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
TOKENS = [4.0**n for n in range(14)]
BUCKETS = {
    "gen_ai_server_request_duration_seconds": DURATIONS,
    "gen_ai_server_time_to_first_token_seconds": FIRST,
    "gen_ai_server_time_per_output_token_seconds": PER_OUTPUT,
    "gen_ai_client_operation_duration_seconds": DURATIONS,
    "gen_ai_client_operation_time_to_first_chunk_seconds": FIRST,
    "gen_ai_client_operation_time_per_output_chunk_seconds": PER_OUTPUT,
    "gen_ai_client_inference_operation_input_tokens": TOKENS,
    "gen_ai_client_inference_operation_output_tokens": TOKENS,
    "gen_ai_client_token_usage": TOKENS,
}

Samples = list[tuple[str, dict[str, str]]]


def scrape(url: str) -> Samples:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    return [(sample["name"], dict(LABEL.findall(sample["labels"] or ""))) for sample in SAMPLE.finditer(text)]


@pytest.fixture
def scraped(endpoints: Endpoints, public_grpc: PublicGrpc, prompts: list[str]) -> Samples:
    """Of all processes, after a generation in several chunks."""
    options = wire.DecodeOptions(mode=wire.MODE_AUTOREGRESSIVE)
    public_grpc.generate(wire.GenerateRequest(model=endpoints.model, prompt=prompts[0], max_tokens=48, options=options))
    return [
        *scrape(f"{endpoints.base_url}/actuator/prometheus"),
        *scrape(f"http://{os.environ['SEEDBED_ADAPTER_MANAGEMENT']}/actuator/prometheus"),
        *scrape(f"http://{endpoints.triton_metrics}/metrics"),
    ]


def asked_for(expression: str) -> set[str]:
    without_labels = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)", "", expression)
    return set(re.findall(r"[a-zA-Z_:][\w:]*", without_labels)) - WORDS


def test_every_query_of_the_dashboard_names_a_metric_that_exists(scraped: Samples):
    names = {name for name, _ in scraped}
    panels = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
    assert len(panels) > 20
    for panel in panels:
        for target in panel["targets"]:
            wanted = asked_for(target["expr"])
            assert wanted, panel["title"]
            # A pause needs a collection first.
            assert wanted <= names | {"jvm_gc_pause_seconds_sum"}, panel["title"]


def test_histograms_have_the_buckets_of_the_conventions(scraped: Samples):
    for name, bounds in BUCKETS.items():
        found = {float(labels["le"]) for sample, labels in scraped if sample == f"{name}_bucket" and labels["le"] != "+Inf"}
        assert sorted(found) == pytest.approx(bounds), name


def test_labels_are_bounded_and_name_no_tenant(scraped: Samples, endpoints: Endpoints, admin: AdminClient, tenant: Tenant):
    own = [labels for name, labels in scraped if name.startswith(("gen_ai_", "seedbed_"))]
    models = {value for labels in own for label, value in labels.items() if "model" in label}
    names = [model["name"] for model in admin.call("GET", "/models")["models"]]
    registered = {version["name"] for name in names for version in admin.call("GET", f"/models/{name}/versions")["versions"]}
    in_repository = {folder.name for folder in endpoints.repository.iterdir()}
    assert models <= registered | in_repository | {"none", "unknown"}
    for labels in own:
        assert not {"tenant", "tenant_id", "key", "api_key_id", "project", "request_id"} & labels.keys()
        assert tenant.tenant_id not in labels.values()
        assert tenant.public_id not in labels.values()


def test_a_model_that_nobody_knows_becomes_no_label(endpoints: Endpoints, public_grpc: PublicGrpc):
    public_grpc.refused(wire.GenerateRequest(model="never-heard-of-it", prompt="x", max_tokens=1))
    eventually("the refusal is counted", lambda: any(labels.get("error_type") == "model_not_found" for _, labels in scrape(f"{endpoints.base_url}/actuator/prometheus")))
    assert all("never-heard-of-it" not in labels.values() for _, labels in scrape(f"{endpoints.base_url}/actuator/prometheus"))
