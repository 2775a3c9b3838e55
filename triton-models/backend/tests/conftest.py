import itertools
from collections.abc import Callable, Iterator

import pytest
from generation_stream import generate
from model_versions import ModelVersion, tiny_checkpoint
from running_triton import RunningTriton, TritonServer

LONG_CONTEXT = 16384


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    for needed, remedy in (
        (TritonServer.triton, "python3 triton-models/third_party/fetch_triton.py"),
        (TritonServer.backends, "cmake --preset release && cmake --build --preset release, in triton-models/"),
    ):
        if not needed.exists():
            pytest.fail(f"missing: {needed} (make it with: {remedy})")


@pytest.fixture(scope="session")
def start_triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningTriton]]:
    started = []

    def start(**options: object) -> RunningTriton:
        folder = tmp_path_factory.mktemp("triton")
        (folder / "repository").mkdir()
        started.append(RunningTriton(folder / "repository", folder / "server.log", **options))
        return started[-1]

    yield start
    for triton in started:
        triton.kill()


@pytest.fixture(scope="session")
def triton(start_triton: Callable[..., RunningTriton]) -> RunningTriton:
    """The server that most tests share. Who loads a version there names it with `new_name` and unloads it."""
    # Fixed, so that no test depends on the cost curve of the machine it runs on.
    return start_triton(backend_config={"max_round_rows": "64"})


@pytest.fixture(scope="session")
def new_name() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"version-{next(numbers)}"


@pytest.fixture
def load(triton: RunningTriton, new_name: Callable[[], str]) -> Iterator[Callable[..., ModelVersion]]:
    """Loads a version for one test."""
    loaded = []

    def load_version(
        attention: str = "causal_context", context_length: int | None = None, **settings: object
    ) -> ModelVersion:
        if context_length is not None:
            settings = {"arena_positions": 2 * context_length, **settings}
        version = ModelVersion(triton.repository, new_name(), tiny_checkpoint(attention), **settings)
        if context_length is not None:
            version.lengthen_context(context_length)
        triton.control.load_model(version.name)
        loaded.append(version)
        return version

    yield load_version
    for version in loaded:
        triton.control.unload_model(version.name)


@pytest.fixture(scope="session")
def tiny(triton: RunningTriton, new_name: Callable[[], str]) -> ModelVersion:
    """A causal_context version that stays loaded."""
    version = ModelVersion(triton.repository, new_name(), tiny_checkpoint("causal_context"))
    triton.control.load_model(version.name)
    return version


@pytest.fixture(scope="session")
def lasting(triton: RunningTriton, new_name: Callable[[], str]) -> ModelVersion:
    """A version with a context so long that a stream over it is still running whatever a test does meanwhile."""
    version = ModelVersion(
        triton.repository, new_name(), tiny_checkpoint("causal_context"), arena_positions=2 * LONG_CONTEXT
    )
    version.lengthen_context(LONG_CONTEXT)
    triton.control.load_model(version.name)
    return version


def endless_request(address: str, version: ModelVersion) -> dict:
    """A request that does not meet an end token, of about as many rounds as the version's context has positions."""
    contract = version.contract
    request = {"mode": "autoregressive", "temperature": 0.0, "max_tokens": contract["context_length"] - 64}
    special = {*contract["end_token_ids"], *contract["forbidden_output"]}
    for token in [token for token in range(contract["vocab_size"]) if token not in special][:50]:
        # Greedy decoding of a tiny model soon goes round in circles: what has not ended by then does not end.
        if generate(address, version.name, [token], **{**request, "max_tokens": 500}).last.finish_reason == "length":
            return {"prompt": [token], **request}
    raise AssertionError("every short prompt meets an end token")


@pytest.fixture(scope="session")
def endless(triton: RunningTriton, lasting: ModelVersion) -> dict:
    """A request that goes on for LONG_CONTEXT rounds, on every version with that context."""
    return endless_request(triton.grpc_address, lasting)
