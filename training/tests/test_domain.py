import random

import pytest

from seedbed_training.corpus import draw_chunk, plain_samples, task_of
from seedbed_training.domain.arithmetic import wrap_int
from seedbed_training.domain.composition import (
    POSTS,
    SOURCES,
    TERMINALS,
    Composition,
    Operation,
    composition_hash,
    draw_composition,
    is_held_out,
)
from seedbed_training.domain.conditions import CONDITIONS
from seedbed_training.domain.instance import draw_instance, evaluate
from seedbed_training.domain.maps import MAPS
from seedbed_training.domain.rendering import body, signature
from seedbed_training.domain.sample import draw_any_composition, draw_any_instance, render
from seedbed_training.domain.styles import LOOPS, Style, draw_style
from seedbed_training.evaluation import draw_prompts, judge, summarize


def _draws(seed, count):
    rng = random.Random(seed)
    return [draw_any_composition(rng) for _ in range(count)]


def test_held_out_compositions_never_occur_in_training(verifier):
    prompts = draw_prompts(seed=3, count=120, verifier=verifier)
    evaluated = {tuple(p["composition"]) for p in prompts}
    trained = {names for _, names, _ in draw_chunk(11, 0, verifier).samples}
    assert len(trained) > 50
    assert not evaluated & trained
    texts = {s.prompt for s in plain_samples(5, 3000)}
    assert not texts & {p["prompt"] for p in prompts}


def test_at_least_a_tenth_of_deep_compositions_is_held_out():
    distinct = {c.operations(): c for c in _draws(1, 15_000)}.values()
    deep = [c for c in distinct if c.depth() > 1]
    held_out = sum(map(is_held_out, deep))
    assert 0.10 <= held_out / len(deep) <= 0.14


def test_compositions_of_depth_one_are_all_in_training():
    assert not any(is_held_out(c) for c in _draws(2, 5000) if c.depth() == 1)


def test_every_operation_occurs_in_training():
    seen = set()
    for composition in _draws(4, 30_000):
        if not is_held_out(composition):
            for name in composition.operations():
                seen.add(name)
                seen.update(name.split(":"))
    expected = {*SOURCES, *TERMINALS, *CONDITIONS, *MAPS, *POSTS, "guard", "before"}
    assert expected <= seen
    for composition in _draws(5, 3000):
        missing = {n for n in composition.operations() if is_held_out(composition)} - seen
        assert not missing


def test_the_hash_that_decides_is_stable():
    composition = Composition("array", (Operation("where", "even"),), "sum")
    assert composition.operations() == ("array", "where:even", "end:sum")
    assert composition_hash(composition.operations()) == 1334712259


def test_filters_that_commute_have_one_order():
    texts = set()
    rng = random.Random(8)
    for _ in range(20_000):
        composition = draw_composition(rng)
        steps = composition.steps
        if len(steps) == 2 and all(s.role == "where" for s in steps):
            texts.add((composition.source, composition.terminal, steps))
    turned = {(source, terminal, steps[::-1]) for source, terminal, steps in texts}
    assert texts and not texts & turned


def test_all_styles_of_sampled_compositions_agree_with_the_python_evaluation(verifier):
    rng = random.Random(21)
    tasks = []
    while len(tasks) < 40:
        instance = draw_instance(rng, draw_composition(rng))
        methods = set()
        for loop in LOOPS:
            for filters in ("nested", "merged", "continue"):
                for variant in range(3):
                    drawn = draw_style(rng)
                    style = Style(
                        loop,
                        filters,
                        drawn.bind,
                        drawn.inline_map,
                        drawn.accumulate,
                        drawn.compare,
                        drawn.finish,
                        drawn.early,
                        variant,
                    )
                    lines = body(instance, style, rng)
                    methods.add("\n".join([signature(instance), *lines, "}"]))
        tasks.append(task_of(rng, instance, sorted(methods)))
    for task, verdicts in zip(tasks, verifier.judge(tasks), strict=True):
        for method, verdict in zip(task.methods, verdicts, strict=True):
            assert verdict.passed, f"{verdict}\n{method}"


def test_one_composition_has_several_styles_behind_one_prompt():
    rng = random.Random(2)
    composition = Composition("array", (Operation("where", "even"),), "sum")
    instance = draw_instance(rng, composition)
    samples = {render(rng, instance) for _ in range(3000)}
    prompt = next(iter(samples)).prompt
    assert len({s.completion for s in samples if s.prompt == prompt}) > 20


def test_prompts_and_completions_have_the_fixed_format():
    for sample in plain_samples(1, 500):
        doc, _, head = sample.prompt.partition("\n")
        assert doc.startswith("/** ") and doc.endswith(". */")
        assert head.startswith("static ") and " f(" in head and head.endswith(") {")
        lines = sample.completion.split("\n")
        assert lines[0] == "" and lines[-1] == "}" and 3 <= len(lines) <= 27
        assert all(line.startswith("    ") for line in lines[1:-1])


def test_cases_include_the_empty_and_the_single_input():
    rng = random.Random(1)
    instance = draw_instance(rng, Composition("array", (), "sum"))
    cases = task_of(rng, instance, []).cases
    assert len(cases) >= 12
    sizes = [len(arguments[0]) for arguments, _ in cases]
    assert 0 in sizes and 1 in sizes
    assert any(v < 0 for arguments, _ in cases for v in arguments[0])


def test_evaluation_follows_java_arithmetic():
    assert wrap_int(2**31) == -(2**31)
    rng = random.Random(1)
    product = draw_instance(rng, Composition("array", (), "product"))
    assert evaluate(product, {product.source_names[0]: [65536, 65536]}) == 0
    average = draw_instance(rng, Composition("array", (), "average"))
    assert evaluate(average, {average.source_names[0]: [-3, 0]}) == -1
    assert evaluate(average, {average.source_names[0]: []}) == 0


def test_the_same_seed_draws_the_same_samples():
    assert list(plain_samples(9, 50)) == list(plain_samples(9, 50))
    rng, other = random.Random(3), random.Random(3)
    first, second = draw_any_composition(rng), draw_any_composition(other)
    assert draw_any_instance(rng, first) == draw_any_instance(other, second)


def test_references_pass_and_broken_answers_are_counted_by_kind(verifier):
    prompts = draw_prompts(seed=1, count=20, verifier=verifier)
    answers = [{"id": p["id"], "completion": p["reference"]} for p in prompts]
    assert summarize(prompts, judge(prompts, answers, verifier))["pass_at_1"] == 1.0
    answers[0]["completion"] = "\n    retrun 1;\n}"
    answers[1]["completion"] = '\n    throw new IllegalStateException("no");\n}'
    summary = summarize(prompts, judge(prompts, answers, verifier))
    assert summary["kinds"]["does_not_compile"] == 1
    assert summary["kinds"]["exception"] == 1
    assert summary["pass_at_1"] == pytest.approx(0.9)


def test_judging_names_an_unknown_or_missing_id(verifier):
    prompts = draw_prompts(seed=1, count=2, verifier=verifier)
    with pytest.raises(ValueError, match="completion id: nobody"):
        judge(prompts, [{"id": "nobody", "completion": ""}], verifier)
    with pytest.raises(ValueError, match="completions missing: 2"):
        judge(prompts, [], verifier)
