"""Faults: one change of the kind that was asked for, and none that keeps the meaning."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed_training.domain.sample import draw_any_composition, draw_any_instance, render
from seedbed_training.evaluation import dealt, draw_prompts, first_to_fail, judge
from seedbed_training.faults import KINDS, draw_faults, possible_faults
from seedbed_training.verifier import Verifier

SUM_BELOW = {
    "id": "sum",
    "prompt": "/** Computes the sum. */\nstatic int f(int[] xs, int limit) {",
    "reference": (
        "\n    int sum = 0;\n    for (int x : xs) {\n        if (x < limit) {\n"
        "            sum += x;\n        }\n    }\n    return sum;\n}"
    ),
    "types": ["int[]", "int"],
    "returns": "int",
    "cases": [[[[1, 2, 3], 3], 3], [[[], 1], 0]],
}


@pytest.fixture(scope="module")
def impatient():
    with Verifier(timeout_ms=300) as verifier:
        yield verifier


def faulty_lines(prompt: str, completion: str, kind: str) -> set[tuple[int, str]]:
    """(line, what it is now) of each possible fault that keeps the number of lines."""
    return {
        (fault.line, fault.completion.split("\n")[fault.line].strip())
        for fault in possible_faults(prompt, completion, kind)
    }


def test_each_kind_makes_the_slips_that_it_is_named_for():
    made = {kind: faulty_lines(SUM_BELOW["prompt"], SUM_BELOW["reference"], kind) for kind in KINDS}
    assert made["operator"] == {
        (3, "if (x <= limit) {"), (3, "if (x > limit) {"), (4, "sum -= x;"),
    }  # fmt: skip
    assert made["identifier"] == {
        (3, "if (limit < limit) {"), (3, "if (sum < limit) {"), (3, "if (x < x) {"),
        (3, "if (x < sum) {"), (4, "limit += x;"), (4, "x += x;"), (4, "sum += limit;"),
        (4, "sum += sum;"), (7, "return limit;"), (7, "return x;"),
    }  # fmt: skip
    assert made["literal"] == {(1, "int sum = 2;"), (1, "int sum = 5;")}
    assert made["off_by_one"] == {
        (1, "int sum = 1;"), (3, "if (x < limit + 1) {"), (3, "if (x < limit - 1) {"),
    }  # fmt: skip
    # What is below moved up, or the line stands twice; a declaration only where nothing else is.
    assert made["missing_line"] == {(4, "}")}
    assert made["duplicated_line"] == {(4, "sum += x;")}


def test_texts_types_and_lambdas_are_no_operators():
    completion = (
        "\n    List<Integer> out = new ArrayList<>();\n    out.add(\"a < b + 'c'\");\n"
        "    xs.forEach(x -> out.add(-x));\n    return out;\n}"
    )
    prompt = "static List<Integer> f(List<Integer> xs) {"
    assert possible_faults(prompt, completion, "operator") == []
    changed = faulty_lines(prompt, completion, "literal")
    assert changed == {(2, 'out.add("a < b + \'c");')}


def test_a_name_is_mistaken_only_for_one_of_its_sort_that_is_declared_above():
    prompt = "/** int total, not a variable. */\nstatic int f(int a, String word, boolean up) {"
    completion = "\n    int b = a;\n    int c = b;\n    return up ? c : word.length();\n}"
    assert faulty_lines(prompt, completion, "identifier") == {
        (1, "int b = b;"), (2, "int c = a;"), (2, "int c = c;"),
        (3, "return up ? a : word.length();"), (3, "return up ? b : word.length();"),
    }  # fmt: skip


@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_a_fault_touches_one_line_and_says_which(seed, kind):
    rng = random.Random(seed)
    sample = render(rng, draw_any_instance(rng, draw_any_composition(rng)))
    if sample is None:
        return
    right = sample.completion.split("\n")
    for fault in possible_faults(sample.prompt, sample.completion, kind):
        assert fault.kind == kind and 1 <= fault.line < len(right)
        lines, line = fault.completion.split("\n"), right[fault.line]
        copies = {"missing_line": 0, "duplicated_line": 2}.get(kind, 1)
        assert lines[: fault.line] == right[: fault.line]
        assert lines[fault.line + copies :] == right[fault.line + 1 :]
        here = lines[fault.line : fault.line + copies]
        if copies != 1:
            assert here == copies * [line]
            continue
        assert here != [line]
        if kind == "identifier":
            words = set(re.findall(r"\w+", sample.prompt + sample.completion))
            assert set(re.findall(r"\w+", here[0])) <= words
        if kind == "operator":
            assert re.findall(r"\w+", here[0]) == re.findall(r"\w+", line)


def test_the_same_seed_draws_the_same_faults_and_none_of_them_passes(impatient):
    prompts = draw_prompts(3, 6, impatient)
    faults = draw_faults(prompts, 5, impatient)
    assert draw_faults(prompts, 5, impatient) == faults
    answers = [
        {"id": prompt["id"], "completion": fault.completion}
        for prompt, fault in zip(prompts, faults, strict=True)
    ]
    assert not any(verdict.passed for verdict in judge(prompts, answers, impatient).values())
    assert len({fault.kind for fault in faults}) >= 3


def test_a_change_that_keeps_the_meaning_is_passed_over(impatient):
    right = SUM_BELOW["reference"]
    same, broken = right.replace("sum += x", "sum = sum + x"), right.replace("sum += x", "sum++")
    changes = [[("same", same), ("broken", broken)]]
    assert first_to_fail([SUM_BELOW], changes, impatient) == ["broken"]
    with pytest.raises(ValueError, match=r"all of 1 changes pass: .* \(expected: one that does"):
        first_to_fail([SUM_BELOW], [changes[0][:1]], impatient)


def test_first_kinds_are_dealt_out_evenly():
    orders = dealt(KINDS, 60, random.Random(1))
    assert all(sorted(order) == sorted(KINDS) for order in orders)
    firsts = [order[0] for order in orders]
    assert {firsts.count(kind) for kind in KINDS} == {10} and firsts[:6] != firsts[6:12]
