"""Replicas restarted in turn under the load of real OpenAI clients: nothing fails that the clients do not retry themselves, no row is lost."""

import itertools
import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import openai
from accounts import Accounts
from admin import PLENTY, AdminClient
from balancer import Balancer
from own_stack import ReplicaStack

# As in production: a replica that is asked to end lets its streams finish.
OPTIONS = ("--seedbed.drain.stream-grace=20s",)
CLIENTS = 8
MAX_TOKENS = 96
BETWEEN_SECONDS = 5.0  # of load with all replicas


class Load:
    """Clients as anyone makes them, with their default retries. Each sends one request after the other, every second one streamed.

    Their requests are alike, which tells whether the retry of one harms another, unless each has a seed of its own.
    """

    def __init__(self, base_url: str, api_key: str, model: str, clients: int = CLIENTS, own_seeds: bool = False):
        self.answers: dict[str, int] = {}  # output tokens of answers whose end was seen, by request id
        self.failures: Counter[str] = Counter()
        self.attempts = 0
        self._model = model
        self._own_seeds = own_seeds
        self._prompts = json.loads(Path(__file__).with_name("prompts.json").read_text())
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(base_url, api_key, number)) for number in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def without_equal_row(self, accounts: Accounts) -> dict[str, int]:
        """Answers that were seen to their end and are not recorded so."""
        finished = accounts.finished()
        return {request_id: tokens for request_id, tokens in self.answers.items() if finished.get(request_id) != tokens}

    def _run(self, base_url: str, api_key: str, first: int) -> None:
        with openai.OpenAI(base_url=f"{base_url}/v1", api_key=api_key) as client:
            for number in itertools.count(first):
                if self._done.is_set():
                    return
                try:
                    self._send(client, self._prompts[number % len(self._prompts)], stream=number % 2 == 0, seed=first if self._own_seeds else 0)
                except openai.OpenAIError as error:
                    self.failures[f"{type(error).__name__}: {error}"[:200]] += 1
                except Exception as error:  # a stream that breaks is told in the words of the transport
                    self.failures[f"{type(error).__name__}: {error}"[:200]] += 1

    def _send(self, client: openai.OpenAI, prompt: str, stream: bool, seed: int) -> None:
        request: dict[str, Any] = {"model": self._model, "prompt": prompt, "max_tokens": MAX_TOKENS, "seed": seed, "extra_body": {"mode": "autoregressive"}}
        if not stream:
            raw = client.completions.with_raw_response.create(**request)
            self._note(raw, raw.parse().usage)
            return
        raw = client.completions.with_raw_response.create(**request, stream=True, stream_options={"include_usage": True})
        usage = None
        for chunk in raw.parse():
            usage = chunk.usage or usage
        self._note(raw, usage)

    def _note(self, raw: Any, usage: Any) -> None:
        assert usage is not None, f"an answer without its usage: {raw.headers['x-request-id']}"
        self.answers[raw.headers["x-request-id"]] = usage.completion_tokens


def measure(stack: ReplicaStack, rolls: int) -> dict[str, Any]:
    """Restarts every replica, `rolls` times. Raises AssertionError on a lost row."""
    admin = AdminClient(stack.replicas[0].base_url, stack.secrets.admin_token)
    tenant = admin.create_tenant(PLENTY)
    accounts = Accounts(stack.database, tenant.tenant_id)
    stop_seconds: list[float] = []
    with Balancer([replica.address for replica in stack.replicas]) as balancer, Load(balancer.base_url, tenant.api_key, stack.settings.model) as load:
        time.sleep(BETWEEN_SECONDS)
        for replica in [replica for _ in range(rolls) for replica in stack.replicas]:
            began = time.monotonic()
            replica.begin_stop()
            replica.wait_stopped()
            stop_seconds.append(round(time.monotonic() - began, 2))
            replica.restart()
            time.sleep(BETWEEN_SECONDS)
    lost = load.without_equal_row(accounts)
    assert not lost, f"answers whose end was seen, without an equal row: {lost}"
    return {
        "restarts": len(stop_seconds),
        "seconds_from_sigterm_to_exit": stop_seconds,
        "answers_seen_to_their_end": len(load.answers),
        "rows_missing_or_unequal": len(lost),
        "failures_that_a_client_saw": dict(load.failures),
        "generations": accounts.generations(),
        "reservations": accounts.reservations(),
        "still_reserved": accounts.reserved(),
    }
