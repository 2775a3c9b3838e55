"""Requests that schemathesis makes up from a surface's own OpenAPI page: none may end in a defect of the server, and every answer must be as described.

`python fuzz.py SECONDS` tries each surface for so long, on the stack of the environment.
"""

import os
import subprocess
import sys
from pathlib import Path

from admin import PLENTY, AdminClient
from endpoints import Endpoints

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
# What changes the models under the other requests.
OF_THE_ENGINE = ":(load|unload|makeDefault)$"
# What changes tenants and keys that others use: ids that one answer tells are tried in the next request.
OF_OTHERS = ("--exclude-path-regex=:[a-zA-Z]+$", "--exclude-method=PUT", "--exclude-method=PATCH", "--exclude-method=DELETE")


def fuzz(page: str, authorization: str, seconds: int, *options: str) -> str:
    """Tries one surface; AssertionError with what was found."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        page,
        f"--header=Authorization:{authorization}",
        f"--checks={CHECKS}",
        f"--max-time={seconds}",
        "--phases=examples,coverage,fuzzing",
        "--continue-on-failure",
        "--suppress-health-check=all",
        "--request-timeout=120",
        "--warnings=off",
        "--no-color",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "160"})
    assert done.returncode == 0, f"{page}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def of_v1(endpoints: Endpoints, api_key: str, seconds: int) -> str:
    return fuzz(f"{endpoints.base_url}/v1/openapi.json", f"Bearer {api_key}", seconds)


def of_admin(endpoints: Endpoints, seconds: int, alone: bool) -> str:
    """`alone`: nobody else uses the stack."""
    excluded = (f"--exclude-path-regex={OF_THE_ENGINE}",) if alone else OF_OTHERS
    return fuzz(f"{endpoints.base_url}/admin/openapi.json", f"Bearer {endpoints.admin_token}", seconds, *excluded)


def main() -> None:
    endpoints = Endpoints.of()
    seconds = int(sys.argv[1])
    tenant = AdminClient(endpoints.base_url, endpoints.admin_token).create_tenant(PLENTY)
    print(of_v1(endpoints, tenant.api_key, seconds))
    print(of_admin(endpoints, seconds, alone=True))


if __name__ == "__main__":
    main()
