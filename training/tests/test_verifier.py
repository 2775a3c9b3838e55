import pytest

from seedbed_training.verifier import NoJdkError, Task, Verifier, find_jdk

DOUBLE = "static int f(int n) { return 2 * n; }"
CASES = [([1], 2), ([-3], -6), ([0], 0)]


def _judge(verifier, *methods, types=("int",), returns="int", cases=CASES):
    (verdicts,) = verifier.judge([Task(types, returns, cases, methods)])
    return verdicts


def test_each_way_to_fail_has_its_own_verdict(verifier):
    kinds = [
        v.kind
        for v in _judge(
            verifier,
            DOUBLE,
            "static int f(int n) { return n + n + 1; }",
            "static int f(int n) { return m; }",
            "static int f(int n) { return 1 / (n - n); }",
            "static int g(int n) { return n; }",
        )
    ]
    assert kinds == ["pass", "wrong", "does_not_compile", "exception", "does_not_compile"]


def test_a_wrong_value_is_told_with_its_case(verifier):
    (verdict,) = _judge(verifier, "static int f(int n) { return n; }")
    assert verdict.detail == "case 0: f[1] returned 1 (expected: 2)"


def test_an_infinite_loop_is_a_timeout_and_the_next_candidate_is_still_judged():
    with Verifier(timeout_ms=300) as verifier:
        verdicts = _judge(verifier, DOUBLE, "static int f(int n) { while (true) { n++; } }", DOUBLE)
        assert [v.kind for v in verdicts] == ["pass", "timeout", "pass"]
        assert verdicts[1].detail == "still running after 300 ms"


def test_many_hanging_candidates_do_not_wear_the_verifier_out():
    with Verifier(timeout_ms=100) as verifier:
        hang = "static int f(int n) { while (true) { } }"
        kinds = [v.kind for v in _judge(verifier, *[hang] * 10, DOUBLE)]
        assert kinds == ["timeout"] * 10 + ["pass"]
        assert _judge(verifier, DOUBLE)[0].passed


def test_a_candidate_that_sleeps_is_a_timeout():
    with Verifier(timeout_ms=100) as verifier:
        sleep = "static int f(int n) throws Exception { Thread.sleep(60000); return 2 * n; }"
        assert [v.kind for v in _judge(verifier, sleep, DOUBLE)] == ["timeout", "pass"]


def test_a_returned_null_is_wrong_even_where_the_word_null_is_expected(verifier):
    method = "static String f(String s) { return null; }"
    (verdict,) = _judge(
        verifier, method, types=("String",), returns="String", cases=[(["a"], "null")]
    )
    assert verdict.kind == "wrong"


def test_a_candidate_that_ends_the_jvm_harms_only_itself():
    with Verifier() as verifier:
        verdicts = _judge(
            verifier, DOUBLE, "static int f(int n) { System.exit(0); return 1; }", DOUBLE
        )
        assert [v.kind for v in verdicts] == ["pass", "exception", "pass"]


@pytest.mark.parametrize(
    "bad",
    [
        "static int f(int n) { return 2 * n; } }",
        "static int f(int n) { return 2 * n;",
        "static int f(int n) { return 2 * n; } } class C { }",
        'static int f(int n) { return "; }',
        "/* static int f(int n) { return 2 * n; }",
        "",
        "static int f(int n) { return " + "(" * 5000 + "n; }",
        "static int f(int n) { return f(n); }",
        "static int f(int n) { throw new OutOfMemoryError(); }",
        "static int[] f(int n) { return null; }",
        "\0",
    ],
)
def test_a_malformed_candidate_fails_alone(verifier, bad):
    verdicts = _judge(verifier, DOUBLE, bad, DOUBLE)
    assert [v.passed for v in verdicts] == [True, False, True]


def test_printing_does_not_disturb_the_protocol(verifier):
    noisy = 'static int f(int n) { System.out.println("{}"); System.err.print(1); return 2 * n; }'
    assert _judge(verifier, noisy)[0].passed


def test_all_types_cross_the_protocol(verifier):
    types = ("int[]", "List<Integer>", "List<String>", "String", "char", "boolean")
    arguments = [[1, -2], [3], ['a"\\\n', "é€"], "x\ty", "'", True]
    for index, java_type in enumerate(types):
        names = ", ".join(f"{t} p{i}" for i, t in enumerate(types))
        method = f"static {java_type} f({names}) {{ return p{index}; }}"
        (verdict,) = _judge(
            verifier, method, types=types, returns=java_type, cases=[(arguments, arguments[index])]
        )
        assert verdict.passed, verdict


def test_arguments_are_fresh_for_each_candidate(verifier):
    spoil = "static int f(int[] xs) { int x = xs[0]; xs[0] = 9; return x; }"
    verdicts = _judge(verifier, spoil, spoil, types=("int[]",), cases=[([[1]], 1), ([[1]], 1)])
    assert all(v.passed for v in verdicts)


def test_an_unknown_type_is_refused_with_its_name(verifier):
    with pytest.raises(ValueError, match="type: double"):
        _judge(verifier, DOUBLE, types=("double",))


def test_a_limit_of_zero_is_refused():
    with pytest.raises(ValueError, match="timeout_ms: 0"):
        Verifier(timeout_ms=0)


def test_a_missing_jdk_is_told_with_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("glob.glob", lambda _: [])
    with pytest.raises(NoJdkError, match="no JDK >= 25"):
        find_jdk()
