import math

import numpy as np
import pytest
from conftest import LONG_CONTEXT
from generation_stream import GenerationStream, generate
from running_triton import RunningTriton
from tritonclient.utils import InferenceServerException

BAD_PARAMETERS = [
    ({}, "max_tokens is missing"),
    ({"max_tokens": 0}, "max_tokens out of range: 0 (expected: 1.."),
    ({"max_tokens": -1}, "max_tokens out of range: -1 (expected: 1.."),
    ({"max_tokens": 2**40}, f"max_tokens out of range: {2**40} (expected: 1.."),
    ({"max_tokens": 2.0}, "max_tokens has the wrong type: DOUBLE (expected: int64)"),
    ({"max_tokens": "2"}, "max_tokens has the wrong type: STRING (expected: int64)"),
    ({"max_tokens": True}, "max_tokens has the wrong type: BOOL (expected: int64)"),
    ({"mode": "fast"}, "mode is unknown: fast (expected:"),
    ({"mode": 1}, "mode has the wrong type: INT (expected: string)"),
    ({"policy": "greedy"}, "policy is unknown: greedy (expected:"),
    ({"threshold": 0.0}, "threshold out of range: 0 (expected: (0, 1])"),
    ({"threshold": 1.5}, "threshold out of range: 1.5 (expected: (0, 1])"),
    ({"threshold": math.nan}, "threshold is not finite: nan"),
    ({"threshold": 1}, "threshold has the wrong type: INT (expected: double)"),
    ({"steps": 0}, "steps out of range: 0 (expected: 1.."),
    ({"steps": 1000}, "steps out of range: 1000 (expected: 1.."),
    (
        {"mode": "diffusion", "policy": "fixed_steps", "block_size": 4, "steps": 5},
        "steps out of range: 5 (expected: 1..4)",
    ),
    ({"block_size": 0}, "block_size out of range: 0 (expected: 1.."),
    ({"block_size": 64}, "block_size out of range: 64 (expected: 1.."),
    ({"draft_length": 0}, "draft_length out of range: 0 (expected: 1.."),
    ({"draft_length": 64}, "draft_length out of range: 64 (expected: 1.."),
    ({"temperature": -0.1}, "temperature out of range: -0.1 (expected: 0..2)"),
    ({"temperature": 2.1}, "temperature out of range: 2.1 (expected: 0..2)"),
    ({"temperature": math.nan}, "temperature is not finite: nan"),
    ({"temperature": math.inf}, "temperature is not finite: inf"),
    ({"top_p": 0.0}, "top_p out of range: 0 (expected: (0, 1])"),
    ({"top_p": 1.1}, "top_p out of range: 1.1 (expected: (0, 1])"),
    ({"top_p": math.nan}, "top_p is not finite: nan"),
    ({"seed": -1}, "seed out of range: -1 (expected: 0.."),
    ({"seed": 0.5}, "seed has the wrong type: DOUBLE (expected: int64)"),
    ({"max_positions": 0}, "max_positions out of range: 0 (expected: 1.."),
    ({"drafts": 1}, "drafts has the wrong type: INT (expected: bool)"),
    ({"drafts": "true"}, "drafts has the wrong type: STRING (expected: bool)"),
    ({"tenant": 7}, "tenant has the wrong type: INT (expected: string)"),
    ({"weight": 0}, "weight out of range: 0 (expected: 1..1000)"),
    ({"weight": 1001}, "weight out of range: 1001 (expected: 1..1000)"),
    ({"sched_priority": -1}, "sched_priority out of range: -1 (expected: 0..9)"),
    ({"sched_priority": 10}, "sched_priority out of range: 10 (expected: 0..9)"),
    ({"report_interval_ms": 9}, "report_interval_ms out of range: 9 (expected: 10..1000)"),
    ({"report_interval_ms": 1001}, "report_interval_ms out of range: 1001 (expected: 10..1000)"),
    ({"temprature": 0.5}, "parameter is unknown: temprature (expected: one of"),
]


def refusal(triton: RunningTriton, model: str, prompt: list[int] | np.ndarray, **parameters: object) -> str:
    """The refusal's text, after which nothing may be left behind and the version must still serve."""
    with GenerationStream(triton.grpc_address, model, prompt, **parameters) as stream:
        with pytest.raises(InferenceServerException) as refused:
            stream.next()
    assert generate(triton.grpc_address, model, [3], max_tokens=2).token_ids
    triton.wait_until_idle(model, ended=1)
    return refused.value.message()


@pytest.mark.parametrize(("parameters", "reason"), BAD_PARAMETERS, ids=[str(case[0]) for case in BAD_PARAMETERS])
def test_bad_parameter_is_refused_by_name(triton: RunningTriton, load, parameters: dict, reason: str) -> None:
    # What comes from the case wins, also where it takes max_tokens away.
    request = parameters if "max_tokens" in parameters or not parameters else {"max_tokens": 4, **parameters}
    assert refusal(triton, load().name, [3], **request).startswith(f"Invalid argument: {reason}")


def test_mode_that_the_contract_lacks_is_refused(triton: RunningTriton, load) -> None:
    version = load("block_causal")
    error = refusal(triton, version.name, [3], max_tokens=4, mode="exact")
    assert error.startswith("Invalid argument: mode is not offered by this model: exact")


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        (np.array([], dtype=np.int32), "token_ids has the wrong length: 0 (expected: 1.."),
        (np.array([-1], dtype=np.int32), "token id out of range: -1 (expected: 0.."),
        (np.array([2**31 - 1], dtype=np.int32), f"token id out of range: {2**31 - 1} (expected: 0.."),
        (np.full(1_000_000, 3, dtype=np.int32), "token_ids has the wrong length: 1000000 (expected: 1.."),
    ],
    ids=["empty", "negative id", "id beyond the vocabulary", "longer than any context"],
)
def test_bad_prompt_is_refused(triton: RunningTriton, load, prompt: np.ndarray, reason: str) -> None:
    assert refusal(triton, load().name, prompt, max_tokens=4).startswith(f"Invalid argument: {reason}")


def test_prompt_that_leaves_no_room_for_max_tokens_is_refused(triton: RunningTriton, load) -> None:
    version = load()
    context_length = version.contract["context_length"]
    error = refusal(triton, version.name, [3] * context_length, max_tokens=1, mode="autoregressive")
    assert error.startswith(f"Invalid argument: context too long: {context_length + 1}")


@pytest.mark.parametrize(
    "prompt",
    [np.array([3], dtype=np.int64), np.array([3.0], dtype=np.float32), np.array([[3]], dtype=np.int32)],
    ids=["int64", "float", "two dimensions"],
)
def test_tensor_of_another_type_or_shape_is_refused(triton: RunningTriton, load, prompt: np.ndarray) -> None:
    assert "token_ids" in refusal(triton, load().name, prompt, max_tokens=4)


def test_request_beyond_max_inflight_is_unavailable(triton: RunningTriton, load, endless: dict) -> None:
    version = load(context_length=LONG_CONTEXT, max_inflight=1)
    with GenerationStream(triton.grpc_address, version.name, **endless) as first:
        first.next()
        with GenerationStream(triton.grpc_address, version.name, [3], max_tokens=1) as second:
            with pytest.raises(
                InferenceServerException, match=r"Unavailable: too many requests in flight: 1 \(max_inflight: 1\)"
            ):
                second.next()
    triton.wait_until_idle(version.name, ended=1)
    for _ in range(3):
        assert generate(triton.grpc_address, version.name, [3], max_tokens=1).token_ids
