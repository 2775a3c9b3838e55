"""Makes the demo tenant, its budgets, its key and the shipped model through the admin REST API. Every call may be repeated."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from launcher.screen import LauncherError
from launcher.secret_values import write_private
from launcher.settings import Settings

DEMO_TENANT = "demo"
DEMO_LIMITS = {"OUTPUT_TOKEN": 10_000_000, "POSITION": 1_000_000_000}


class Admin:
    """Calls /admin/v1 of one control plane."""

    def __init__(self, base_url: str, token: str):
        self._base_url = base_url
        self._token = token

    def call(self, method: str, path: str, body: Any = None, accept: tuple[int, ...] = ()) -> Any:
        """The decoded answer. Statuses >= 400 raise LauncherError unless accepted."""
        request = urllib.request.Request(
            f"{self._base_url}/admin/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code in accept:
                return json.loads(text or "null")
            raise LauncherError(f"admin {method} {path} answered {error.code}: {text}") from error
        except OSError as error:
            raise LauncherError(f"admin {method} {path} failed: {error}") from error
