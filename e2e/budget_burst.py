"""Bursts on one budget of requests over several replicas, undisturbed or while something is taken away. Checks what must hold at every moment.

Used by the end-to-end tests in a small size and by `./seedbed faults budget` in full.
"""

import itertools
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import burst
from accounts import UNIT, Accounts, Watch
from admin import PLENTY, AdminClient, Tenant
from eventually import eventually
from own_stack import ReplicaStack

# A reservation outlives its owner by its TTL of 10 s; then a sweep finds it.
RECOVERY_SECONDS = 180
# Long enough that a fault meets generations in flight.
OUTPUT_TOKENS = 64

# Takes something away, and brings it back.
Fault = Callable[[], None]


@dataclass(frozen=True)
class Size:
    requests: int
    budget: int


class Bursts:
    """Each on a tenant of its own, whose budget allows `size.budget` requests."""

    def __init__(self, stack: ReplicaStack, size: Size, durability: str = "STRICT"):
        """`durability` of all limits; what is LEASED may be unrecorded when a replica is killed, and no more than allowed is posted either way."""
        self.stack = stack
        self.size = size
        self._durability = durability
        self._admin = AdminClient(stack.replicas[0].base_url, stack.secrets.admin_token)
        self._busy_seconds: float | None = None
        self._prompts = json.loads(Path(__file__).with_name("prompts.json").read_text())

    def warm_up(self) -> None:
        """Bursts whose outcome does not count: a replica that has just started is slow enough to lose reservations on a busy machine. The second tells how long one takes."""
        self._settled()
        self._busy_seconds = self._settled().busy_seconds()

    def _settled(self) -> Watch:
        tenant, accounts = self._tenant()
        with Watch(accounts) as watch:
            self._send(tenant, self.size.requests)
            eventually("nothing is held", lambda: self._holds_nothing(accounts), RECOVERY_SECONDS)
        return watch

    def undisturbed(self) -> dict[str, Any]:
        """Exactly the budget is admitted; a refusal leaves no trace."""
        tenant, accounts = self._tenant()
        with Watch(accounts) as watch:
            outcomes = self._send(tenant, self.size.requests)
        seen = burst.statuses(outcomes)
        refused = sum(outcome.status == 429 for outcome in outcomes)
        admitted = sum(accounts.reservations().values())
        assert admitted == self.size.budget, f"admitted: {admitted} (expected: {self.size.budget}); clients saw: {seen}"
        assert refused == self.size.requests - self.size.budget, f"refused: {refused} of {self.size.requests} on {self.size.budget}; clients saw: {seen}"
        self._check_watch(watch)
        self._check_rows(accounts, self.size.budget)
        self._check_books()
        return {"clients_saw": seen, **self._summary(accounts, watch)}

    def disturbed(self, fault: Fault) -> dict[str, Any]:
        """The fault begins at a random moment between the first admission and, if it takes as long as the last one did, the end of the burst."""
        assert self._busy_seconds is not None, "not warmed up"
        tenant, accounts = self._tenant()
        begin = random.uniform(0, self._busy_seconds)
        with Watch(accounts) as watch, ThreadPoolExecutor(1) as aside:
            pending = aside.submit(self._send, tenant, self.size.requests)
            eventually("somebody is admitted", lambda: watch.first_held is not None)
            time.sleep(begin)
            fault()
            outcomes = pending.result()
            eventually("nothing is held", lambda: self._holds_nothing(accounts), RECOVERY_SECONDS)
            after = self._summary(accounts, watch)
            # What the fault left free goes to others, and no more.
            further = self._send(tenant, 4 * self.size.budget)
            eventually("nothing is held", lambda: self._holds_nothing(accounts), RECOVERY_SECONDS)
            while self._durability == "LEASED" and self._posted(accounts) < self.size.budget and burst.statuses(further).get("429 budget_reserved"):
                # Somebody was told to ask again, as what was in the way was leased.
                further += self._send(tenant, 4 * self.size.budget)
                eventually("nothing is held", lambda: self._holds_nothing(accounts), RECOVERY_SECONDS)
        self._check_watch(watch)
        self._check_rows(accounts, self.size.budget)
        # What was leased and lost with its replica is billed to nobody.
        self._check_answers(accounts, further if self._durability == "LEASED" else [*outcomes, *further])
        self._check_books()
        return {
            "fault_after_seconds": round(begin, 3),  # since the first admission
            "clients_saw": burst.statuses(outcomes),
            **after,
            "further_burst": {
                "clients_saw": burst.statuses(further),
                **self._summary(accounts, watch),
            },
        }

    @staticmethod
    def _posted(accounts: Accounts) -> int:
        with accounts.connect() as connection:
            return accounts.balance(connection).posted

    @staticmethod
    def _holds_nothing(accounts: Accounts) -> bool:
        with accounts.connect() as connection:
            return accounts.balance(connection).reserved == 0 and "PENDING" not in accounts.reservations()

    def _tenant(self) -> tuple[Tenant, Accounts]:
        tenant = self._admin.create_tenant(PLENTY | {UNIT: self.size.budget}, durability=self._durability)
        return tenant, Accounts(self.stack.database, tenant.tenant_id)

    def _send(self, tenant: Tenant, requests: int) -> list[burst.Outcome]:
        knobs = {
            "model": self.stack.settings.model,
            "max_tokens": OUTPUT_TOKENS,
            "mode": "autoregressive",
            "temperature": 2.0,
        }
        prompts = itertools.islice(itertools.cycle(self._prompts), requests)
        bodies = [knobs | {"prompt": prompt, "seed": number} for number, prompt in enumerate(prompts)]
        return burst.run([replica.address for replica in self.stack.replicas], tenant.api_key, bodies)

    def _check_books(self) -> None:
        report = self._admin.call("POST", "/ledger:verify", {})
        assert report["difference_count"] == 0, f"the books differ: {report['differences']}"

    def _check_watch(self, watch: Watch) -> None:
        assert watch.looks > 0
        assert watch.most_posted <= self.size.budget, f"posted: {watch.most_posted} (limit: {self.size.budget})"
        assert watch.most_held <= self.size.budget, f"posted and reserved: {watch.most_held} (limit: {self.size.budget})"

    @staticmethod
    def _check_rows(accounts: Accounts, posted: int) -> None:
        """Budget, ledger and records agree, and nothing is held."""
        with accounts.connect() as connection:
            balance = accounts.balance(connection)
        assert (balance.posted, balance.reserved) == (posted, 0), f"budget: {balance} (expected: posted {posted}, reserved 0)"
        assert accounts.reserved() == 0, "amounts of other units are still reserved"
        assert accounts.in_ledger() == posted, f"ledger: {accounts.in_ledger()} (budget: {posted})"
        unresolved = set(accounts.reservations()) - {"POSTED", "VOIDED", "EXPIRED"}
        assert not unresolved, f"unresolved reservations: {unresolved}"
        assert "RUNNING" not in accounts.generations(), f"records still running: {accounts.generations()}"
        assert sum(accounts.generations().values()) == sum(accounts.reservations().values()), "a record without a reservation, or the other way round"

    @staticmethod
    def _check_answers(accounts: Accounts, outcomes: list[burst.Outcome]) -> None:
        """Whoever got a whole answer finds it settled, with the tokens that the answer names."""
        finished = accounts.finished()
        for outcome in outcomes:
            if outcome.status == 200:
                tokens = outcome.body["usage"]["completion_tokens"]
                assert finished.get(outcome.request_id or "") == tokens, f"answer {outcome.request_id} of {tokens} tokens is recorded as {finished.get(outcome.request_id or '')}"

    @staticmethod
    def _summary(accounts: Accounts, watch: Watch) -> dict[str, Any]:
        with accounts.connect() as connection:
            balance = accounts.balance(connection)
        return {
            "budget": asdict(balance),
            "reservations": accounts.reservations(),
            "in_ledger": accounts.in_ledger(),
            "watched": {
                "looks": watch.looks,
                "most_posted": watch.most_posted,
                "most_posted_and_reserved": watch.most_held,
                "longest_blind_seconds": round(watch.longest_blind_seconds, 2),
            },
        }


def kill_a_replica(stack: ReplicaStack) -> None:
    """kill -9 of a random one, which is started again at once."""
    victim = random.choice(stack.replicas)
    victim.kill()
    victim.restart()


def pause_a_replica(stack: ReplicaStack, seconds: float) -> None:
    """SIGSTOP of a random one, and SIGCONT."""
    victim = random.choice(stack.replicas)
    victim.pause()
    time.sleep(seconds)
    victim.resume()


def take_the_database_away(stack: ReplicaStack, seconds: float) -> None:
    """kill -9 of PostgreSQL, which comes back with its data."""
    stack.postgres.kill()
    time.sleep(seconds)
    stack.postgres.restart()
