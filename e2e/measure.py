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
from model_versions import adapter
from public_grpc import connected, wire
from tokenizers import Tokenizer
from triton_metrics import read
from tritonclient.grpc import service_pb2, service_pb2_grpc

Knobs = dict[str, str | int]  # request parameters of docs/triton-protocol.md

MODES: dict[str, Knobs] = {mode: {"mode": mode} for mode in ("autoregressive", "exact", "diffusion")}
DRAFT_LENGTHS = (2, 4, 6, 8, 12, 16, 24, 32)
BLOCK_SIZES = (4, 8, 12, 16, 24, 32)
WORK = ("input_tokens", "cached_input_tokens", "forward_passes", "positions_evaluated", "committed_tokens", "edits")
PACE_ROUNDS = 3  # over all prompts
HOP_ROUNDS = 200


class Backend:
    """Calls Triton on one connection, one stream for each request, as the adapter does."""

    def __init__(self, address: str, version: str):
        self.version = version
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(address))
        self._ending: list[Iterator[service_pb2.ModelStreamInferResponse]] = []

    def finish(self) -> None:
        """Reads all streams to their ends: Triton ends each a while after its last response, which no request here waits for."""
        for responses in self._ending:
            for _ in responses:
                pass
        self._ending.clear()

    def generate(self, prompt: list[int], max_tokens: int, knobs: Knobs) -> tuple[str, dict[str, int]]:
        """Finish reason and work, as soon as the last response is there."""
        request = service_pb2.ModelInferRequest(model_name=self.version, raw_input_contents=[np.array(prompt, dtype=np.int32).tobytes()])
        request.inputs.add(name="token_ids", datatype="INT32", shape=[len(prompt)])
        request.parameters["max_tokens"].int64_param = max_tokens
        for name, value in knobs.items():
            if isinstance(value, str):
                request.parameters[name].string_param = value
            else:
                request.parameters[name].int64_param = value
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


def measure_paces(backend: Backend, prompts: list[list[int]], arms: dict[str, Knobs]) -> dict[str, dict[str, float]]:
    """The engine's pace with each of these knobs, one sequence at a time, straight from Triton."""
    totals = {name: {"tokens": 0, "forward_passes": 0, "positions": 0, "seconds": 0.0} for name in arms}
    for knobs in arms.values():
        backend.generate(prompts[0], 32, knobs)  # warm-up
    for number in range(PACE_ROUNDS):
        say(f"{len(arms)} paces: round {number + 1} of {PACE_ROUNDS}")
        for prompt in prompts:
            for name in random.sample(list(arms), len(arms)):
                started = time.perf_counter()
                _, work = backend.generate(prompt, 256, arms[name])
                total = totals[name]
                total["seconds"] += time.perf_counter() - started
                total["tokens"] += work["committed_tokens"]
                total["forward_passes"] += work["forward_passes"]
                total["positions"] += work["positions_evaluated"]
    return {
        name: {
            "tokens": total["tokens"],
            "tokens_per_second": total["tokens"] / total["seconds"],
            "tokens_per_forward": total["tokens"] / total["forward_passes"],
            "positions_per_token": total["positions"] / total["tokens"],
        }
        for name, total in totals.items()
    }


def measure_lengths(backend: Backend, prompts: list[list[int]], contract: dict) -> dict[str, dict]:
    """`exact` by draft length and `diffusion` by block size, all side by side with `autoregressive`.

    A block of another size than the default is another request: its answers may differ. A draft of another length never changes one.
    """
    most = contract["max_block_size"]
    plain = {"autoregressive": MODES["autoregressive"]}
    drafts: dict[str, Knobs] = {f"exact {length}": {"mode": "exact", "draft_length": length} for length in DRAFT_LENGTHS if length <= most}
    blocks: dict[str, Knobs] = {f"diffusion {size}": {"mode": "diffusion", "block_size": size} for size in BLOCK_SIZES if size <= most}
    paces = measure_paces(backend, prompts, plain | drafts | blocks)

    def part(arms: dict[str, Knobs]) -> dict[str, dict[str, float]]:
        return {name.split()[-1]: paces[name] for name in arms}

    return {"side_by_side": part(plain), "draft_lengths": part(drafts), "block_sizes": part(blocks)}


def measure_hops(backend: Backend, endpoints: Endpoints, text: str, prompt: list[int]) -> dict[str, float]:
    """Median milliseconds of one and the same small request, sent to each hop on a connection that is open already."""
    knobs = wire.DecodeOptions(mode=wire.MODE_AUTOREGRESSIVE)
    request = wire.GenerateRequest(model=backend.version, prompt=text, max_tokens=1, options=knobs)
    body = {"model": backend.version, "prompt": text, "max_tokens": 1, "mode": "autoregressive"}
    http = httpx.Client(base_url=endpoints.base_url, headers={"Authorization": f"Bearer {endpoints.api_key}"}, timeout=60)
    with adapter(endpoints.adapter_grpc) as private, connected(endpoints.grpc, endpoints.api_key) as public, http:
        hops: dict[str, Callable[[], object]] = {
            "triton": lambda: backend.generate(prompt, 1, MODES["autoregressive"]),
            "adapter": lambda: list(private.open(backend.version, text, 1, options=knobs)),
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
    version = sys.argv[1]
    endpoints = Endpoints.of()
    files = endpoints.repository / version / "1"
    tokenizer = Tokenizer.from_file(str(files / "tokenizer.json"))
    contract = json.loads((files / "contract.json").read_text())
    texts = json.loads(Path(__file__).with_name("prompts.json").read_text())
    prompts = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    backend = Backend(endpoints.triton_grpc, version)
    modes = measure_paces(backend, prompts, MODES)
    lengths = measure_lengths(backend, prompts, contract)
    drafts = {"engine": read(endpoints.triton_metrics, "block_diffusion_draft_length", version), "measured_at_export": "draft_yield" in contract}
    hops = measure_hops(backend, endpoints, texts[0], prompts[0])
    backend.finish()
    print(json.dumps({"modes": modes, **lengths, "draft_length": drafts, "hops_milliseconds": hops}))


if __name__ == "__main__":
    main()
