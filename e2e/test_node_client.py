"""The official JavaScript client: `node --test` in e2e/node, on this stack."""

import os
import shutil
import subprocess
from pathlib import Path

from admin import AdminClient, Tenant
from endpoints import Endpoints

FOLDER = Path(__file__).with_name("node")


def run(*command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=FOLDER, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)} ended with exit code {done.returncode}\n{done.stdout}\n{done.stderr}"


def test_the_javascript_client_works_unchanged(endpoints: Endpoints, admin: AdminClient, tenant: Tenant):
    assert shutil.which("node"), "node is missing (./seedbed doctor says how to install it)"
    spent = admin.create_tenant({"OUTPUT_TOKEN": 1, "POSITION": 1})
    run("npm", "ci", "--no-audit", "--no-fund", environment={})
    run(
        "node",
        "--test",
        environment={
            "SEEDBED_BASE_URL": endpoints.base_url,
            "SEEDBED_MODEL": endpoints.model,
            "SEEDBED_API_KEY": tenant.api_key,
            "SEEDBED_SPENT_API_KEY": spent.api_key,
        },
    )
