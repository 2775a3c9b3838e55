"""Two control planes on one database: one budget, whoever admits, and whoever dies."""

from collections.abc import Iterator
from functools import partial

import pytest
from budget_burst import Bursts, Size, kill_a_replica
from own_stack import ReplicaStack, replica_stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

SIZE = Size(requests=120, budget=10)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaStack]:
    with replica_stack.running(tmp_path_factory.mktemp("replicas") / "home") as made:
        yield made


@pytest.fixture
def bursts(stack: ReplicaStack) -> Bursts:
    made = Bursts(stack, SIZE)
    made.warm_up()
    return made


def test_a_burst_over_two_replicas_is_admitted_exactly_as_far_as_the_budget_goes(
    bursts: Bursts,
):
    seen = bursts.undisturbed()
    assert seen["budget"] == {"limit": 10, "posted": 10, "reserved": 0}


def test_a_killed_replica_neither_overspends_nor_leaks(bursts: Bursts, stack: ReplicaStack):
    seen = bursts.disturbed(partial(kill_a_replica, stack))
    assert seen["further_burst"]["budget"] == {"limit": 10, "posted": 10, "reserved": 0}


def test_a_killed_replica_that_leased_neither_overspends_nor_leaks(stack: ReplicaStack):
    bursts = Bursts(stack, Size(requests=200, budget=60), durability="LEASED")
    bursts.warm_up()
    seen = bursts.disturbed(partial(kill_a_replica, stack))
    assert seen["further_burst"]["budget"] == {"limit": 60, "posted": 60, "reserved": 0}
