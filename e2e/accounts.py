"""What the database itself says of one tenant's requests. All SQL of the tests and fault commands is here."""

import threading
import time
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

UNIT = "REQUEST"

# A budget begins with the first request that it counts.
BUDGET = """
    SELECT limit_amount, coalesce(posted, 0), coalesce(reserved + leased, 0)
    FROM (SELECT subject, unit, window_kind, limit_amount FROM quota_limit) AS wanted
    LEFT JOIN (SELECT subject, unit, window_kind, posted, reserved, leased FROM quota_budget) AS budget USING (subject, unit, window_kind)
    WHERE subject = :subject AND unit = :unit AND window_kind = 'EVER'
"""
RESERVED = "SELECT coalesce(sum(reserved), 0)::bigint FROM quota_budget WHERE tenant_id = :tenant::uuid"
RESERVATIONS = "SELECT state, count(*) FROM quota_reservation WHERE tenant_id = :tenant::uuid GROUP BY state"
GENERATIONS = "SELECT state, count(*) FROM usage_generation WHERE tenant_id = :tenant::uuid GROUP BY state"
LEDGER = "SELECT coalesce(sum(amount), 0)::bigint FROM usage_ledger_entry WHERE debit_account = :subject AND unit = :unit"
CHARGED_FOR = "SELECT unit, sum(amount)::bigint FROM usage_ledger_entry WHERE debit_account = :subject AND request_id = :request::uuid GROUP BY unit"
REQUESTS = "SELECT request_id::text FROM usage_generation WHERE tenant_id = :tenant::uuid ORDER BY create_time"
FINISHED = "SELECT request_id::text, committed_tokens FROM usage_generation WHERE tenant_id = :tenant::uuid AND state = 'FINISHED'"
MIGRATIONS = "SELECT version, execution_time FROM flyway_schema_history WHERE success AND version IS NOT NULL ORDER BY installed_rank"


def migrations(database: dict[str, Any]) -> dict[str, int]:
    """Those that the schema has had, each with the milliseconds it took."""
    with closing(Connection(timeout=5, **database)) as connection:
        return dict(connection.run(MIGRATIONS))


@dataclass(frozen=True)
class Balance:
    limit: int
    posted: int
    reserved: int  # with what replicas hold ahead of requests


class Accounts:
    """One tenant's rows, each read on its own."""

    def __init__(self, database: dict[str, Any], tenant_id: str):
        """`database`: where it is, and as whom; arguments of pg8000."""
        self._database = database
        self._names = {"tenant": tenant_id, "subject": f"tenant/{tenant_id}", "unit": UNIT}

    def connect(self) -> AbstractContextManager[Connection]:
        return closing(Connection(timeout=5, **self._database))

    def balance(self, connection: Connection) -> Balance:
        """Of the tenant's budget of requests."""
        rows = self._rows(BUDGET, connection)
        assert rows, f"no limit of {UNIT}: {self._names['subject']}"
        return Balance(*rows[0])

    def reserved(self) -> int:
        """Over all units."""
        return int(self._read(RESERVED)[0][0])

    def reservations(self) -> dict[str, int]:
        """How many in each state."""
        return dict(self._read(RESERVATIONS))

    def generations(self) -> dict[str, int]:
        """How many in each state."""
        return dict(self._read(GENERATIONS))

    def requests(self) -> list[str]:
        """Ids of those that were admitted, in their order."""
        return [row[0] for row in self._read(REQUESTS)]

    def in_ledger(self) -> int:
        """Requests that the ledger's entries add up to."""
        return int(self._read(LEDGER)[0][0])

    def charged_for(self, request_id: str) -> dict[str, int]:
        """What the tenant pays for one request, by unit."""
        return dict(self._read(CHARGED_FOR, request=request_id))

    def finished(self) -> dict[str, int]:
        """Output tokens of each answer that was settled as finished, by request id."""
        return dict(self._read(FINISHED))

    def _read(self, statement: str, **more: str) -> list[Any]:
        with self.connect() as connection:
            return self._rows(statement, connection, **more)

    def _rows(self, statement: str, connection: Connection, **more: str) -> list[Any]:
        names = {name: value for name, value in (self._names | more).items() if f":{name}" in statement}
        return connection.run(statement, **names)


@dataclass
class Watch:
    """Looks at the budget of requests every 50 ms from a connection of its own, and keeps the largest it saw."""

    accounts: Accounts
    looks: int = 0
    most_posted: int = 0
    most_held: int = 0  # posted and reserved together
    longest_blind_seconds: float = 0.0
    first_held: float | None = None  # on time.monotonic
    last_posted: float | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def busy_seconds(self) -> float:
        """From the first admission to the last settlement that was seen."""
        assert self.first_held is not None and self.last_posted is not None, "nothing was posted"
        return self.last_posted - self.first_held

    def _look(self) -> None:
        last = time.monotonic()
        while not self._done.is_set():
            try:
                with self.accounts.connect() as connection:
                    while not self._done.wait(0.05):
                        seen = self.accounts.balance(connection)
                        self.looks += 1
                        now = time.monotonic()
                        if self.first_held is None and seen.posted + seen.reserved > 0:
                            self.first_held = now
                        if seen.posted > self.most_posted:
                            self.last_posted = now
                        self.most_posted = max(self.most_posted, seen.posted)
                        self.most_held = max(self.most_held, seen.posted + seen.reserved)
                        self.longest_blind_seconds = max(self.longest_blind_seconds, now - last)
                        last = now
            except (DatabaseError, InterfaceError, OSError):  # the database is away: nobody can spend meanwhile
                self._done.wait(0.05)
