"""Two versions of the control plane on one database, as a rolling update has them: each serves, is killed and comes back, and the budgets and books hold."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from accounts import Accounts, migrations
from admin import PLENTY, AdminClient
from balancer import Balancer
from budget_burst import RECOVERY_SECONDS, Bursts, Size
from eventually import eventually
from own_stack import Replica, ReplicaStack
from rolling_restart import BETWEEN_SECONDS, Load

DURABILITIES = ("STRICT", "LEASED")
CLIENTS = 4  # of each durability
LOGGED = re.compile(r"^\S+ +(WARN|ERROR) .*? : (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Old:
    commit: str
    subject: str
    jar: Path


class MixedVersions:
    """On a stack whose replicas run from the old version's jar, and have made its schema."""

    def __init__(self, stack: ReplicaStack, old: Old, size: Size, say: Callable[[str], None]):
        self._stack = stack
        self._old = old
        self._size = size
        self._say = say

    def measure(self) -> dict[str, Any]:
        """Raises AssertionError on the first thing that does not hold."""
        first, second = self._stack.replicas
        before = migrations(self._stack.database)
        result: dict[str, Any] = {"old": {"commit": self._old.commit, "subject": self._old.subject}}
        result["first_replica_updated_under_load"] = self._loaded("the first replica becomes new", partial(self._roll, first, None))
        added = {version: took for version, took in migrations(self._stack.database).items() if version not in before}
        result["migrations_applied_under_the_old_replica"] = {version: {"milliseconds": took} for version, took in added.items()}
        for durability in DURABILITIES:
            bursts = Bursts(self._stack, self._size, durability)
            bursts.warm_up()
            outcomes = {"nothing": bursts.undisturbed() if durability == "STRICT" else bursts.disturbed(lambda: None)}
            for name, victim in (("the old replica", second), ("the new replica", first)):
                outcomes[name] = bursts.disturbed(partial(kill, victim))
            result[f"bursts_{durability.lower()}"] = outcomes
            for name, outcome in outcomes.items():
                self._say(f"  {durability.lower()}, {name} is killed: {outcome['clients_saw']}, {outcome['reservations']}, at most {outcome['watched']['most_posted_and_reserved']} held")
        result["rolled_back_under_load"] = self._loaded("the first replica becomes old again", partial(self._roll, first, self._old.jar))
        result["updated_under_load"] = self._loaded("both replicas become new", lambda: [self._roll(replica, None) for replica in (first, second)])
        report = self._admin().call("POST", "/ledger:verify", {})
        assert report["difference_count"] == 0, f"the books differ: {report['differences']}"
        result["ledger"] = {"entries": report["entries"], "differences": 0}
        result["logged"] = {replica.name: logged(replica.log) for replica in self._stack.replicas}
        return result

    def _admin(self) -> AdminClient:
        return AdminClient(self._stack.replicas[0].base_url, self._stack.secrets.admin_token)

    def _roll(self, replica: Replica, jar: Path | None) -> None:
        replica.begin_stop()
        replica.wait_stopped()
        replica.run_from(jar)
        replica.restart()

    def _loaded(self, title: str, change: Callable[[], Any]) -> dict[str, Any]:
        """Clients of a tenant of each durability see no failure meanwhile, and every answer has its row."""
        with self._loads() as loads:
            time.sleep(BETWEEN_SECONDS)
            change()
            time.sleep(BETWEEN_SECONDS)
        outcome = {}
        for durability, (load, accounts) in loads.items():
            outcome[durability.lower()] = {"answers_seen_to_their_end": len(load.answers), "failures_that_a_client_saw": dict(load.failures)}
            self._say(f"  {title}, {durability.lower()}: {outcome[durability.lower()]}")
            eventually("every answer has an equal row", lambda load=load, accounts=accounts: not load.without_equal_row(accounts), RECOVERY_SECONDS)
            eventually("nothing is reserved", lambda accounts=accounts: accounts.reserved() == 0, RECOVERY_SECONDS)
            assert not load.failures, f"a client saw a failure that its retries did not hide: {load.failures}"
        return outcome

    @contextmanager
    def _loads(self) -> Iterator[dict[str, tuple[Load, Accounts]]]:
        with ExitStack() as running:
            balancer = running.enter_context(Balancer([replica.address for replica in self._stack.replicas]))
            loads = {}
            for durability in DURABILITIES:
                tenant = self._admin().create_tenant(PLENTY, durability)
                # Older versions stop a sibling of what is tried again.
                load = running.enter_context(Load(balancer.base_url, tenant.api_key, self._stack.settings.model, CLIENTS, own_seeds=True))
                loads[durability] = (load, Accounts(self._stack.database, tenant.tenant_id))
            yield loads


def kill(victim: Replica) -> None:
    """kill -9; it is started again at once, on the schema of the newer version."""
    victim.kill()
    victim.restart()


def logged(log: Path) -> dict[str, int]:
    """How often a replica warned or complained of what; ids and amounts left out."""
    words = Counter(f"{level} {re.sub(r'[0-9a-f-]*[0-9][0-9a-f-]*', '#', text)[:200]}" for level, text in LOGGED.findall(log.read_text()))
    return dict(words.most_common(12))
