"""Versions come and go while another goes on serving."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import model_versions
import pytest
from endpoints import Endpoints
from eventually import eventually
from model_versions import SHIPPED, Adapter, wire
from seedbed.generation.v1 import generation_pb2


@pytest.fixture(scope="module")
def adapter(endpoints: Endpoints) -> Iterator[Adapter]:
    with model_versions.adapter(endpoints.adapter_grpc) as made:
        yield made


@pytest.fixture
def second(endpoints: Endpoints, adapter: Adapter) -> Iterator[str]:
    """A loaded copy of the shipped version."""
    name = f"second-{uuid.uuid4().hex[:8]}"
    model_versions.copy(endpoints.repository, name, model_versions.shorten_golden)
    assert adapter.load(name).state == wire.MODEL_VERSION_STATE_READY
    yield name
    adapter.unload(name)


def use_normally(adapter: Adapter, name: str, prompt: str, endpoints: Endpoints) -> None:
    assert adapter.text(name, prompt)


def use_and_cancel(adapter: Adapter, name: str, prompt: str, endpoints: Endpoints) -> None:
    options = generation_pb2.DecodeOptions(mode=generation_pb2.MODE_AUTOREGRESSIVE, temperature=2.0)
    call = adapter.open(name, prompt, max_tokens=400, options=options)
    next(call)
    call.cancel()


def use_wrongly(adapter: Adapter, name: str, prompt: str, endpoints: Endpoints) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        list(adapter.open(name, prompt, max_tokens=-1))
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def use_and_die(adapter: Adapter, name: str, prompt: str, endpoints: Endpoints) -> None:
    program = Path(__file__).with_name("interrupted_client.py")
    with subprocess.Popen([sys.executable, program, endpoints.adapter_grpc, name, prompt], stdout=subprocess.PIPE) as client:
        assert client.stdout.readline() == b"streaming\n"
        client.kill()


@pytest.mark.parametrize("use", [use_normally, use_and_cancel, use_wrongly, use_and_die])
def test_a_version_unloads_after_any_client_while_another_serves(
    use: Callable[..., None], adapter: Adapter, second: str, endpoints: Endpoints, prompts: list[str]
):
    served = adapter.text(SHIPPED, prompts[0])
    use(adapter, second, prompts[0], endpoints)
    adapter.unload(second)
    assert adapter.status(second, prompts[0]) == grpc.StatusCode.UNAVAILABLE
    eventually("it is listed as unloaded", lambda: adapter.versions()[second].state == wire.MODEL_VERSION_STATE_UNLOADED)
    assert adapter.text(SHIPPED, prompts[0]) == served


def test_an_unloaded_version_can_be_loaded_again(adapter: Adapter, second: str, prompts: list[str]):
    served = adapter.text(second, prompts[0])
    adapter.unload(second)
    adapter.load(second)
    assert adapter.text(second, prompts[0]) == served == adapter.text(SHIPPED, prompts[0])


@pytest.mark.parametrize(
    ("spoil", "reason", "status"),
    [
        (model_versions.truncate_weights, "gguf", grpc.StatusCode.UNAVAILABLE),
        (model_versions.contradict_weights, "context_length", grpc.StatusCode.UNAVAILABLE),
        # The adapter itself cannot read it, so waiting would not help.
        (model_versions.forget_the_mask, "mask_token_id", grpc.StatusCode.FAILED_PRECONDITION),
        (model_versions.change_golden_token, "golden", grpc.StatusCode.UNAVAILABLE),
        (model_versions.change_golden_logit, "golden", grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_a_spoilt_version_refuses_to_load_and_says_why_while_others_serve(
    spoil: Callable[[Path], None], reason: str, status: grpc.StatusCode, adapter: Adapter, endpoints: Endpoints, prompts: list[str]
):
    name = f"spoilt-{uuid.uuid4().hex[:8]}"
    model_versions.copy(endpoints.repository, name, spoil)
    with pytest.raises(grpc.RpcError) as raised:
        adapter.load(name)
    assert raised.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert reason in raised.value.details().lower()
    assert adapter.versions()[name].state == wire.MODEL_VERSION_STATE_FAILED
    assert adapter.status(name, prompts[0]) == status
    assert adapter.text(SHIPPED, prompts[0])


def test_a_version_that_nobody_made_is_not_found(adapter: Adapter, prompts: list[str]):
    with pytest.raises(grpc.RpcError) as raised:
        adapter.load("nobody-made-it")
    assert raised.value.code() == grpc.StatusCode.NOT_FOUND
    assert adapter.status("nobody-made-it", prompts[0]) == grpc.StatusCode.NOT_FOUND
