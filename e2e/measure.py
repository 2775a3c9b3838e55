"""Measurements on a running stack, for `./seedbed bench`: prints one JSON document, says its progress on stderr.

Everything that is compared is interleaved, request by request, so that a change of the machine's pace meets all alike.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import httpx
import numpy as np
from endpoints import Endpoints
from model_versions import SHIPPED, adapter
from public_grpc import connected, wire
from tokenizers import Tokenizer
from tritonclient.grpc import service_pb2, service_pb2_grpc

MODES = ("autoregressive", "exact", "diffusion")
WORK = ("input_tokens", "cached_input_tokens", "forward_passes", "positions_evaluated", "committed_tokens", "edits")
MODE_ROUNDS = 3  # over all prompts
HOP_ROUNDS = 200


class Backend:
    """Calls Triton on one connection, one stream for each request, as the adapter does."""

    def __init__(self, address: str):
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(address))
        self._ending: list[Iterator[service_pb2.ModelStreamInferResponse]] = []

    def finish(self) -> None:
        """Reads all streams to their ends: Triton ends each a while after its last response, which no request here waits for."""
        for responses in self._ending:
            for _ in responses:
                pass
        self._ending.clear()

    def generate(self, prompt: list[int], max_tokens: int, mode: str) -> tuple[str, dict[str, int]]:
        """Finish reason and work, as soon as the last response is there."""
        request = service_pb2.ModelInferRequest(model_name=SHIPPED, raw_input_contents=[np.array(prompt, dtype=np.int32).tobytes()])
        request.inputs.add(name="token_ids", datatype="INT32", shape=[len(prompt)])
        request.parameters["max_tokens"].int64_param = max_tokens
        request.parameters["mode"].string_param = mode
        responses = self._stub.ModelStreamInfer(iter([request]))
        self._ending.append(responses)
        for answer in responses:
            if answer.error_message:
                raise RuntimeError(answer.error_message)
            response = answer.infer_response
            if "finish_reason" in response.parameters:
                index = [output.name for output in response.outputs].index("work")
                work = np.frombuffer(response.raw_output_contents[index], np.int64).tolist()
                return response.parameters["finish_reason"].string_param, dict(zip(WORK, work, strict=True))
        raise RuntimeError("the stream ended without a finish reason")


def measure_modes(backend: Backend, prompts: list[list[int]]) -> dict[str, dict[str, float]]:
    """The engine's pace in each mode, one sequence at a time, straight from Triton."""
    totals = {mode: {"tokens": 0, "forward_passes": 0, "positions": 0, "seconds": 0.0} for mode in MODES}
    for mode in MODES:
        backend.generate(prompts[0], 32, mode)  # warm-up
    for number in range(MODE_ROUNDS):
        say(f"modes: round {number + 1} of {MODE_ROUNDS}")
        for prompt in prompts:
            for mode in random.sample(MODES, len(MODES)):
                started = time.perf_counter()
                _, work = backend.generate(prompt, 256, mode)
                total = totals[mode]
                total["seconds"] += time.perf_counter() - started
                total["tokens"] += work["committed_tokens"]
                total["forward_passes"] += work["forward_passes"]
                total["positions"] += work["positions_evaluated"]
    return {
        mode: {
            "tokens": total["tokens"],
            "tokens_per_second": total["tokens"] / total["seconds"],
            "tokens_per_forward": total["tokens"] / total["forward_passes"],
            "positions_per_token": total["positions"] / total["tokens"],
        }
        for mode, total in totals.items()
    }


def measure_hops(backend: Backend, endpoints: Endpoints, text: str, prompt: list[int]) -> dict[str, float]:
    """Median milliseconds of one and the same small request, sent to each hop on a connection that is open already."""
    knobs = wire.DecodeOptions(mode=wire.MODE_AUTOREGRESSIVE)
    request = wire.GenerateRequest(model=endpoints.model, prompt=text, max_tokens=1, options=knobs)
    body = {"model": endpoints.model, "prompt": text, "max_tokens": 1, "mode": "autoregressive"}
    http = httpx.Client(base_url=endpoints.base_url, headers={"Authorization": f"Bearer {endpoints.api_key}"}, timeout=60)
    with adapter(endpoints.adapter_grpc) as private, connected(endpoints.grpc, endpoints.api_key) as public, http:
        hops: dict[str, Callable[[], object]] = {
            "triton": lambda: backend.generate(prompt, 1, "autoregressive"),
            "adapter": lambda: list(private.open(SHIPPED, text, 1, options=knobs)),
            "control_plane_grpc": lambda: public.generate(request),
            "control_plane_http": lambda: http.post("/v1/completions", json=body).raise_for_status(),
        }
        times: dict[str, list[float]] = {name: [] for name in hops}
        for number in range(-HOP_ROUNDS // 4, HOP_ROUNDS):
            if number % 50 == 0:
                say(f"hops: round {number} of {HOP_ROUNDS}")
            for name in random.sample(list(hops), len(hops)):
                started = time.perf_counter()
                hops[name]()
                if number >= 0:  # the rounds before warm everything up
                    times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    endpoints = Endpoints.of()
    tokenizer = Tokenizer.from_file(str(endpoints.repository / SHIPPED / "1" / "tokenizer.json"))
    texts = json.loads(Path(__file__).with_name("prompts.json").read_text())
    prompts = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    backend = Backend(endpoints.triton_grpc)
    modes = measure_modes(backend, prompts)
    hops = measure_hops(backend, endpoints, texts[0], prompts[0])
    backend.finish()
    print(json.dumps({"modes": modes, "hops_milliseconds": hops}))


if __name__ == "__main__":
    main()
