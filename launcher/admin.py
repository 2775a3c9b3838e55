"""Makes the demo tenant, its budgets, its key and the shipped model through the admin REST API. Every call may be repeated."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from launcher.screen import LauncherError
from launcher.secret_values import SecretValues, write_private
from launcher.settings import Settings

DEMO_TENANT = "demo"
DEMO_LIMITS = {"OUTPUT_TOKEN": 10_000_000, "POSITION": 1_000_000_000}
# Not the mean of the shipped version, which is 3 to 5, but what its costliest answers need: an answer ends where its reservation does.
POSITIONS_PER_TOKEN = 16


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
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code in accept:
                return json.loads(text or "null")
            raise LauncherError(f"admin {method} {path} answered {error.code}: {text}") from error
        except OSError as error:
            raise LauncherError(f"admin {method} {path} failed: {error}") from error

    def create(self, path: str, body: dict[str, Any], listing: str) -> dict[str, Any]:
        """Creates what the body names; what exists already under that name is returned as it is."""
        made = self.call("POST", path, body, accept=(409,))
        if made.get("code") != "already_exists":
            return dict(made)
        found = [entry for entry in self.call("GET", path)[listing] if entry["name"] == body["name"]]
        if not found:
            raise LauncherError(f"admin POST {path} refused a name that is not listed: {body['name']}")
        return dict(found[0])


def provision(settings: Settings, secrets: SecretValues) -> str:
    """Registers and loads the shipped versions, makes the demo tenant with its limits; returns its key."""
    admin = Admin(settings.base_url, secrets.admin_token)
    admin.create("/models", {"name": settings.model}, "models")
    versions = f"/models/{settings.model}/versions"
    default, *others = settings.versions
    if not load(admin, versions, default)["is_default"]:
        admin.call("POST", f"{versions}/{default}:makeDefault")
    for name in others:
        load(admin, versions, name)
    tenant = admin.create("/tenants", {"name": DEMO_TENANT}, "tenants")["tenant_id"]
    for unit, limit in DEMO_LIMITS.items():
        admin.call("PUT", f"/tenants/{tenant}/limits/{unit}", {"limit": limit})
    return demo_key(admin, tenant, settings.home / "demo.key")


def load(admin: Admin, versions: str, name: str) -> dict[str, Any]:
    """Registers a version and answers when it serves."""
    version = admin.create(versions, {"name": name, "positions_per_token": POSITIONS_PER_TOKEN}, "versions")
    loaded = admin.call("POST", f"{versions}/{name}:load")
    if loaded["state"] != "READY":
        raise LauncherError(f"model version {name} is {loaded['state']}: {loaded['reason']}")
    return version


def demo_key(admin: Admin, tenant: str, file: Path) -> str:
    """The demo tenant's key: the one kept from an earlier run while it is good, else a new one."""
    if file.exists():
        key = file.read_text().strip()
        public_id = key.split("-")[2] if key.count("-") >= 3 else ""
        kept = admin.call("GET", f"/tenants/{tenant}/api_keys/{public_id}", accept=(400, 404))
        if kept.get("public_id") == public_id and kept.get("revoke_time") is None:
            return key
    key = str(admin.call("POST", f"/tenants/{tenant}/api_keys", {"name": "demo", "environment": "demo"})["key"])
    write_private(file, key + "\n")
    return key
