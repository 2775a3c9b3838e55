"""A backup taken under load is restored into another PostgreSQL, and another stack goes on from it."""

import re
import shutil
import urllib.request
from pathlib import Path

import base_backup
import database
import long_generation
import pytest
from admin import PLENTY, AdminClient
from endpoints import Endpoints
from eventually import eventually
from own_stack import TemporaryStack
from public_grpc import connected, wire
from test_faults import RECOVERY_SECONDS, STREAMS, Load

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def drift(endpoints: Endpoints) -> float:
    with urllib.request.urlopen(f"{endpoints.base_url}/actuator/prometheus", timeout=10) as answer:
        return float(re.search(r"^seedbed_ledger_drift(?:\{.*\})? (\S+)$", answer.read().decode(), re.MULTILINE)[1])


def test_a_stack_goes_on_from_a_backup_taken_under_load(tmp_path: Path, prompts: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEEDBED_USAGE_DRIFTINTERVAL", "1s")
    backup = tmp_path / "backup"
    first = TemporaryStack(tmp_path / "first")
    try:
        endpoints = Endpoints.of(first.up())
        tenant = AdminClient(endpoints.base_url, endpoints.admin_token).create_tenant(PLENTY)
        with connected(endpoints.grpc, tenant.api_key) as client, database.connected(first.home, first.ports.postgres) as sql:
            long = [request for _, request in zip(range(STREAMS), long_generation.candidates(endpoints.model), strict=False)]
            load = Load(client, long)
            try:
                eventually("some answers finished", lambda: len(load.finished) >= STREAMS)
                before = list(load.finished)
                base_backup.take(sql, first.home / "postgres", backup)
            finally:
                load.stop.set()
                load.join()
            assert load.failures == []
    finally:
        first.down()

    second = TemporaryStack(tmp_path / "second")
    shutil.copytree(backup, second.home / "postgres")
    (second.home / "postgres").chmod(0o700)
    # The key of the stored keys' HMAC is no part of the database.
    shutil.copy2(first.home / "secrets.json", second.home / "secrets.json")
    try:
        endpoints = Endpoints.of(second.up())
        admin = AdminClient(endpoints.base_url, endpoints.admin_token)
        with database.connected(second.home, second.ports.postgres) as sql:
            eventually("what was open expired", lambda: admin.reserved(tenant) == 0, RECOVERY_SECONDS)
            [[expired]] = sql.run("SELECT count(*) FROM usage_generation WHERE state = 'EXPIRED'")
            assert expired > 0, "no generation was open when the backup was taken"
            for answer in before:
                assert admin.generation(answer.request_id)["state"] == "FINISHED"
            assert admin.budgets(tenant)["OUTPUT_TOKEN"].posted >= sum(answer.work.committed_tokens for answer in before)
            with connected(endpoints.grpc, tenant.api_key) as client:
                assert client.generate(wire.GenerateRequest(model=endpoints.model, prompt=prompts[0], max_tokens=16)).text

            # The measure itself is alive: it sees one unit too many, and sees it go.
            for change, expected in ((0, 0), (1, 1), (-1, 0)):
                sql.run(f"UPDATE quota_budget SET posted = posted + ({change}) WHERE tenant_id = cast(:id as uuid) AND unit = 'OUTPUT_TOKEN'", id=tenant.tenant_id)
                eventually(f"the drift is {expected}", lambda expected=expected: drift(endpoints) == expected or None)
    finally:
        second.down()
