"""What a busy neighbour costs, for `./seedbed fairness`: prints one JSON document, says its progress on stderr.

One tenant has many streams open all the time; another has one, and what is measured is its pace. Blocks alone and blocks beside the
neighbour alternate, so that a change of the machine's pace meets both.

The pace that counts is of whole requests, one after another, as the client sees them: what the control plane and the adapter take on the
same cores is in it, and the wait for the round that runs when a request arrives. Beside it stands the pace within streams, from the first
tokens to the last ones, most of which the engine decides alone.
"""

import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from admin import PLENTY, AdminClient, Tenant
from endpoints import Endpoints
from eventually import eventually
from public_grpc import PublicGrpc, connected, wire
from triton_metrics import is_idle, read

WEIGHTS = ((1, 1), (1, 3), (3, 1))  # of the busy tenant and of the one that is measured
SLACK = 1.25
BUSY_STREAMS = 50
BLOCKS = 5
REQUESTS_PER_BLOCK = 4
MAX_TOKENS = 64


def bound(busy: int, measured: int) -> float:
    """Of the slowdown: the share of the one, and a quarter for rounds that cannot be divided finely enough."""
    return SLACK * (busy + measured) / measured


class Neighbour:
    """Keeps a number of streams open, one after another in each thread."""

    def __init__(self, client: PublicGrpc, requests: list[wire.GenerateRequest], streams: int):
        self._client = client
        self._requests = requests
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(streams)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        while not self._over.is_set():
            call = self._client.open(self._requests[number % len(self._requests)])
            number += 1
            try:
                for _ in call:
                    if self._over.is_set():
                        call.cancel()
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.CANCELLED:
                    raise


@contextmanager
def busy(endpoints: Endpoints, tenant: Tenant, requests: list[wire.GenerateRequest], streams: int) -> Iterator[None]:
    with connected(endpoints.grpc, tenant.api_key) as client:
        neighbour = Neighbour(client, requests, streams)
        try:
            eventually("the neighbour's streams run", lambda: read(endpoints.triton_metrics, "block_diffusion_inflight", endpoints.versions[0]) >= 0.9 * streams)
            yield
        finally:
            neighbour.stop()
    eventually("the engine is idle", lambda: is_idle(endpoints.triton_metrics, endpoints.versions[0]))


@dataclass(frozen=True)
class Pace:
    """Of one block of requests of the tenant that is measured."""

    seconds_per_token: float
    seconds_per_token_within: float  # of streams, from their first tokens on
    rounds_taken_part_in: float  # of all rounds meanwhile
    share_of_positions: float  # of all positions meanwhile


@dataclass(frozen=True)
class Stream:
    work: wire.Work
    seconds_after_first: float  # of its messages with tokens, until the last one
    tokens_after_first: int


def stream(client: PublicGrpc, request: wire.GenerateRequest) -> Stream:
    times, tokens, work = [], [], wire.Work()
    for event in client.open(request):
        work = event.work
        if event.HasField("committed"):
            times.append(time.perf_counter())
            tokens.append(work.committed_tokens)
    return Stream(work, times[-1] - times[0], tokens[-1] - tokens[0])


def pace(endpoints: Endpoints, client: PublicGrpc, requests: list[wire.GenerateRequest]) -> Pace:
    def engine(name: str) -> float:
        return read(endpoints.triton_metrics, f"block_diffusion_{name}", endpoints.versions[0])

    rounds, rows = engine("rounds_total"), engine("round_rows_total")
    started = time.perf_counter()
    streams = [stream(client, request) for request in requests]
    seconds = time.perf_counter() - started
    works = [each.work for each in streams]
    return Pace(
        seconds / sum(work.committed_tokens for work in works),
        sum(each.seconds_after_first for each in streams) / sum(each.tokens_after_first for each in streams),
        sum(work.forward_passes for work in works) / (engine("rounds_total") - rounds),
        sum(work.positions_evaluated for work in works) / (engine("round_rows_total") - rows),
    )


def requests_of(endpoints: Endpoints, prompts: list[str]) -> list[wire.GenerateRequest]:
    options = wire.DecodeOptions(mode=wire.MODE_EXACT)
    return [wire.GenerateRequest(model=endpoints.versions[0], prompt=prompt, max_tokens=MAX_TOKENS, options=options) for prompt in prompts]


def measure(endpoints: Endpoints, weights: tuple[int, int], streams: int, blocks: int) -> dict:
    admin = AdminClient(endpoints.base_url, endpoints.admin_token)
    prompts = json.loads(Path(__file__).with_name("prompts.json").read_text())
    requests = requests_of(endpoints, prompts)
    tenants = [admin.create_tenant(PLENTY) for _ in weights]
    for tenant, weight in zip(tenants, weights, strict=True):
        admin.weigh(tenant, weight)
    alone, beside = [], []
    with connected(endpoints.grpc, tenants[1].api_key) as client:
        pace(endpoints, client, requests[:REQUESTS_PER_BLOCK])  # warm-up
        for number in range(blocks):
            some = [requests[(number * REQUESTS_PER_BLOCK + i) % len(requests)] for i in range(REQUESTS_PER_BLOCK)]
            alone.append(pace(endpoints, client, some))
            with busy(endpoints, tenants[0], requests, streams):
                beside.append(pace(endpoints, client, some))
            print(f"  {1000 * alone[-1].seconds_per_token:.1f} ms a token alone, {1000 * beside[-1].seconds_per_token:.1f} beside", file=sys.stderr, flush=True)
    ratios = [two.seconds_per_token / one.seconds_per_token for one, two in zip(alone, beside, strict=True)]
    return {
        "busy_weight": weights[0],
        "own_weight": weights[1],
        "busy_streams": streams,
        "slowdown": statistics.median(ratios),
        "slowdowns": ratios,
        "bound": bound(*weights),
        "slowdown_within_streams": statistics.median(
            two.seconds_per_token_within / one.seconds_per_token_within for one, two in zip(alone, beside, strict=True)
        ),
        "milliseconds_per_token_alone": 1000 * statistics.median(one.seconds_per_token for one in alone),
        "milliseconds_per_token_beside": 1000 * statistics.median(one.seconds_per_token for one in beside),
        "rounds_taken_part_in": statistics.median(one.rounds_taken_part_in for one in beside),
        "share_of_positions": statistics.median(one.share_of_positions for one in beside),
    }


def main() -> None:
    endpoints = Endpoints.of()
    pairs = []
    for weights in WEIGHTS:
        print(f"weights {weights[0]}:{weights[1]}", file=sys.stderr, flush=True)
        pairs.append(measure(endpoints, weights, BUSY_STREAMS, BLOCKS))
    print(json.dumps({"model_version": endpoints.versions[0], "mode": "exact", "max_tokens": MAX_TOKENS, "pairs": pairs}))


if __name__ == "__main__":
    main()
