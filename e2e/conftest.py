import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest
from admin import PLENTY, AdminClient, Tenant
from endpoints import Endpoints
from public_grpc import PublicGrpc, connected
from tokenizers import Tokenizer


@pytest.fixture(scope="session")
def endpoints() -> Endpoints:
    return Endpoints.of()


@pytest.fixture(params=[name for name in os.environ.get("SEEDBED_MODEL_VERSIONS", "").split(",") if name])
def version(request: pytest.FixtureRequest) -> str:
    """Each version of the model in turn; its name pins it wherever a model is named."""
    return request.param


@pytest.fixture(scope="session")
def admin(endpoints: Endpoints) -> AdminClient:
    return AdminClient(endpoints.base_url, endpoints.admin_token)


@pytest.fixture
def new_tenant(admin: AdminClient) -> Callable[..., Tenant]:
    """Makes tenants with the given limits; by default with more than a test can use."""
    return lambda **limits: admin.create_tenant(limits or PLENTY)


@pytest.fixture
def tenant(new_tenant: Callable[..., Tenant]) -> Tenant:
    """Belongs to one test, which may count what it used."""
    return new_tenant()


@pytest.fixture
def client(endpoints: Endpoints, tenant: Tenant) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{endpoints.base_url}/v1", api_key=tenant.api_key, max_retries=0) as made:
        yield made


@pytest.fixture
def http(endpoints: Endpoints, tenant: Tenant) -> Iterator[httpx.Client]:
    """For what the official client would not send."""
    with httpx.Client(base_url=endpoints.base_url, headers={"Authorization": f"Bearer {tenant.api_key}"}, timeout=120) as made:
        yield made


@pytest.fixture
def public_grpc(endpoints: Endpoints, tenant: Tenant) -> Iterator[PublicGrpc]:
    with connected(endpoints.grpc, tenant.api_key) as made:
        yield made


@pytest.fixture(scope="session")
def prompts() -> list[str]:
    """Held-out prompts of the shipped model's domain."""
    return json.loads(Path(__file__).with_name("prompts.json").read_text())


@pytest.fixture(scope="session")
def tokenizer(endpoints: Endpoints) -> Tokenizer:
    return Tokenizer.from_file(str(endpoints.repository / endpoints.versions[0] / "1" / "tokenizer.json"))
