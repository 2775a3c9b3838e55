import pytest

from launcher import intervals
from launcher.evaluate import difference, summary


def test_an_interval_holds_the_mean_and_narrows_with_more_prompts():
    few, many = [0, 1] * 20, [0, 1] * 500
    for values in (few, many):
        low, high = intervals.of_mean(values)
        assert low < 0.5 < high
    assert intervals.of_mean(many)[0] > intervals.of_mean(few)[0]


def test_an_interval_of_equal_values_is_a_point():
    assert intervals.of_mean([1, 1, 1]) == (1, 1)


def test_no_values_have_no_interval():
    with pytest.raises(ValueError, match="values are empty"):
        intervals.of_mean([])


def test_figures_are_sums_over_all_prompts_not_means_of_ratios():
    prompts = [{"id": "a", "depth": 1}, {"id": "b", "depth": 2}]
    answers = {
        "a": {"text": "x" * 30, "committed_tokens": 10, "forward_passes": 1, "positions_evaluated": 40},
        "b": {"text": "x" * 6, "committed_tokens": 2, "forward_passes": 5, "positions_evaluated": 20},
    }
    figures = summary(prompts, answers, {"a": "pass", "b": "wrong"})
    assert figures["pass_at_1"] == 0.5
    assert figures["tokens_per_forward"] == 2.0
    assert figures["characters_per_forward"] == 6.0
    assert figures["positions_per_token"] == 5.0
    assert figures["verdicts"] == {"pass": 1, "wrong": 1}
    assert figures["pass_at_1_by_depth"] == {1: 1.0, 2: 0.0}


def test_a_difference_is_taken_prompt_by_prompt():
    same = {"a": "pass", "b": "wrong"}
    assert difference(same, same) == {"pass_at_1": 0.0, "interval_95": (0, 0)}
    assert difference({"a": "wrong", "b": "wrong"}, same)["pass_at_1"] == -0.5
