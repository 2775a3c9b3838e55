"""What the database itself says of one tenant's requests. All SQL of the tests and fault commands is here."""

import threading
import time
from dataclasses import dataclass, field

import psycopg

UNIT = "REQUEST"

BUDGET = "SELECT limit_amount, posted, reserved + leased FROM quota_budget WHERE subject = %s AND unit = %s AND window_kind = 'EVER'"
RESERVED = "SELECT coalesce(sum(reserved), 0) FROM quota_budget WHERE tenant_id = %s"
RESERVATIONS = "SELECT state, count(*) FROM quota_reservation WHERE tenant_id = %s GROUP BY state"
GENERATIONS = "SELECT state, count(*) FROM usage_generation WHERE tenant_id = %s GROUP BY state"
LEDGER = "SELECT coalesce(sum(amount), 0) FROM usage_ledger_entry WHERE debit_account = %s AND unit = %s"
CHARGED = "SELECT count(DISTINCT request_id) FROM usage_ledger_entry WHERE debit_account = %s"
CHARGED_FOR = "SELECT unit, sum(amount)::bigint FROM usage_ledger_entry WHERE debit_account = %s AND request_id = %s::uuid GROUP BY unit"
FINISHED = "SELECT request_id::text, committed_tokens FROM usage_generation WHERE tenant_id = %s AND state = 'FINISHED'"


@dataclass(frozen=True)
class Balance:
    limit: int
    posted: int
    reserved: int  # with what replicas hold ahead of requests


class Accounts:
    """One tenant's rows, each read on its own."""

    def __init__(self, database: str, tenant_id: str):
        self._database = database
        self._tenant = tenant_id

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self._database, autocommit=True, connect_timeout=5)

    def balance(self, connection: psycopg.Connection) -> Balance:
        """Of the tenant's budget of requests."""
        row = connection.execute(BUDGET, (f"tenant/{self._tenant}", UNIT)).fetchone()
        assert row is not None, f"no budget of {UNIT}: {self._tenant}"
        return Balance(*row)

    def reserved(self) -> int:
        """Over all units."""
        return self._number(RESERVED, self._tenant)

    def reservations(self) -> dict[str, int]:
        """How many in each state."""
        return self._counts(RESERVATIONS)

    def generations(self) -> dict[str, int]:
        """How many in each state."""
        return self._counts(GENERATIONS)

    def in_ledger(self) -> int:
        """Requests that the ledger's entries add up to."""
        return self._number(LEDGER, f"tenant/{self._tenant}", UNIT)

    def charged(self) -> int:
        """Different requests that the tenant pays anything for."""
        return self._number(CHARGED, f"tenant/{self._tenant}")

    def charged_for(self, request_id: str) -> dict[str, int]:
        """What the tenant pays for one request, by unit."""
        with self.connect() as connection:
            return dict(connection.execute(CHARGED_FOR, (f"tenant/{self._tenant}", request_id)).fetchall())

    def finished(self) -> dict[str, int]:
        """Output tokens of each answer that was settled as finished, by request id."""
        with self.connect() as connection:
            return dict(connection.execute(FINISHED, (self._tenant,)).fetchall())

    def _number(self, statement: str, *values: str) -> int:
        with self.connect() as connection:
            row = connection.execute(statement, values).fetchone()
            assert row is not None
            return int(row[0])

    def _counts(self, statement: str) -> dict[str, int]:
        with self.connect() as connection:
            return dict(connection.execute(statement, (self._tenant,)).fetchall())


@dataclass
class Watch:
    """Looks at the budget of requests every 50 ms from a connection of its own, and keeps the largest it saw."""

    accounts: Accounts
    looks: int = 0
    most_posted: int = 0
    most_held: int = 0  # posted and reserved together
    longest_blind_seconds: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        connection: psycopg.Connection | None = None
        last = time.monotonic()
        while not self._done.is_set():
            try:
                connection = connection or self.accounts.connect()
                seen = self.accounts.balance(connection)
            except psycopg.Error:  # the database is away: nobody can spend meanwhile
                connection = None
            else:
                self.looks += 1
                self.most_posted = max(self.most_posted, seen.posted)
                self.most_held = max(self.most_held, seen.posted + seen.reserved)
                now = time.monotonic()
                self.longest_blind_seconds = max(self.longest_blind_seconds, now - last)
                last = now
            self._done.wait(0.05)
        if connection is not None:
            connection.close()
