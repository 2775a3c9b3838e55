import pytest

from launcher.gateway_bench import spread, summary


def run(answered: int, p50: float, gateway: float, database: float, **failures: int) -> dict:
    quantiles = {"p50": p50, "p90": 2 * p50, "p99": 3 * p50}
    return {
        "answered": answered,
        "seconds": 10.0,
        "failures": failures,
        "first_ms": quantiles,
        "total_ms": quantiles,
        "lag_ms": quantiles,
        "generator_cpu_seconds": 1.0,
        "cpu_seconds": {"gateway": gateway, "database": database},
    }


def test_a_spread_has_the_median_and_the_extremes():
    assert spread([3.0, 1.0, 10.0]) == {"median": 3.0, "least": 1.0, "most": 10.0}
    assert spread([]) == {}


def test_requests_are_set_against_the_gateways_cpu_alone_and_with_its_database():
    found = summary([run(100, 5.0, gateway=0.5, database=0.5), run(100, 7.0, gateway=1.0, database=1.0)])
    assert found["requests_per_cpu_second"] == {"median": 150.0, "least": 100.0, "most": 200.0}
    assert found["requests_per_cpu_second_with_database"]["median"] == 75.0
    assert found["cpu_ms_per_request"]["database"] == {"median": 7.5, "least": 5.0, "most": 10.0}
    assert found["total_ms"]["p99"]["median"] == pytest.approx(18.0)


def test_failures_of_all_rounds_are_counted_by_kind():
    found = summary([run(1, 1.0, 1.0, 1.0, closed=2), run(1, 1.0, 1.0, 1.0, closed=1, other=4)])
    assert found["failures"] == {"closed": 3, "other": 4}


def test_a_round_without_an_answer_says_nothing_of_the_cost_of_one():
    found = summary([run(0, 0.0, 1.0, 1.0), run(10, 1.0, 1.0, 1.0)])
    assert found["requests_per_cpu_second"] == {"median": 10.0, "least": 10.0, "most": 10.0}
