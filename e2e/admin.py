"""The admin REST API: what tests set up with it, and what they look up afterwards."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

PLENTY = {"OUTPUT_TOKEN": 10_000_000, "POSITION": 1_000_000_000}


@dataclass(frozen=True)
class Budget:
    """Amounts in the budget's unit."""

    limit: int | None
    posted: int
    reserved: int


@dataclass(frozen=True)
class Tenant:
    tenant_id: str
    api_key: str
    public_id: str


class AdminClient:
    def __init__(self, base_url: str, token: str):
        self.http = httpx.Client(base_url=f"{base_url}/admin/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def create_tenant(self, limits: dict[str, int], durability: str = "STRICT") -> Tenant:
        """A tenant with one key and these limits by unit."""
        tenant_id = self.call("POST", "/tenants", {"name": f"tenant {uuid.uuid4()}"})["tenant_id"]
        for unit, limit in limits.items():
            self._limit(tenant_id, unit, limit, durability)
        key = self._create_key(tenant_id)
        return Tenant(tenant_id, key["key"], key["public_id"])

    def limit(self, tenant: Tenant, unit: str, limit: int) -> None:
        self._limit(tenant.tenant_id, unit, limit)

    def weigh(self, tenant: Tenant, weight: int) -> None:
        self.call("PATCH", f"/tenants/{tenant.tenant_id}", {"weight": weight})

    def create_key(self, tenant: Tenant, **restrictions: list[str]) -> str:
        """Another key of the tenant."""
        return self._create_key(tenant.tenant_id, **restrictions)["key"]

    def revoke(self, tenant: Tenant) -> None:
        self.call("POST", f"/tenants/{tenant.tenant_id}/api_keys/{tenant.public_id}:revoke")

    def budgets(self, tenant: Tenant) -> dict[str, Budget]:
        """By unit."""
        listed = self.call("GET", f"/tenants/{tenant.tenant_id}/limits")["limits"]
        return {row["unit"]: Budget(row["limit"], row["posted"], row["reserved"]) for row in listed}

    def reserved(self, tenant: Tenant) -> int:
        """Amounts over all units that requests in flight hold."""
        return sum(budget.reserved for budget in self.budgets(tenant).values())

    def generation(self, request_id: str) -> dict[str, Any]:
        """The ledger's view of one request."""
        return self.call("GET", f"/generations/{request_id}")

    def _limit(self, tenant_id: str, unit: str, limit: int, durability: str = "STRICT") -> None:
        self.call("PUT", f"/tenants/{tenant_id}/limits/{unit}", {"limit": limit, "durability": durability})

    def _create_key(self, tenant_id: str, **restrictions: list[str]) -> dict[str, Any]:
        return self.call("POST", f"/tenants/{tenant_id}/api_keys", {"name": "test", "environment": "test", **restrictions})
