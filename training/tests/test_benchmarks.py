"""Benchmark files of others: reading them, asking a service, running what it answers."""

from __future__ import annotations

import gzip
import json
import runpy
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from seedbed_training.benchmarks.answers import AnswerFile, summarize
from seedbed_training.benchmarks.endpoint import Answer, Endpoint, EndpointError
from seedbed_training.benchmarks.program import first_method, program
from seedbed_training.benchmarks.running import judge
from seedbed_training.benchmarks.tasks import read_tasks

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "evaluate_benchmark.py"
HEAD = "    public int braces(String text) {\n"
DOC = '    /**\n    Counts "{" and \'}\' in a text.\n    >>> braces("a{b}")\n    2\n     */\n'
RIGHT = """        int n = 0;
        for (char c : text.toCharArray()) {
            n += c == '{' || "}".indexOf(c) == 0 ? 1 : 0; // not {
        }
        return n;
    }
}
"""
DECLARATION = f"import java.util.*;\n\nclass Solution {{\n{HEAD}"
TEST = """public class Main {
    public static void main(String[] args) {
        Solution s = new Solution();
        List<Boolean> correct = Arrays.asList(s.braces("a{b}") == 2, s.braces("") == 0);
        if (correct.contains(false)) {
            throw new AssertionError();
        }
    }
}
"""
HUMANEVAL_X = {
    "task_id": "Java/0", "prompt": f"import java.util.*;\n\nclass Solution {{\n{DOC}{HEAD}",
    "canonical_solution": RIGHT, "test": TEST, "declaration": DECLARATION,
}  # fmt: skip
HUMANEVALFIX = HUMANEVAL_X | {
    "entry_point": "braces", "buggy_solution": RIGHT.replace("1 : 0", "1 : 1"),
}  # fmt: skip
MBXP = {
    "task_id": "MBJP/1", "language": "java", "entry_point": "twice",
    "prompt": "import java.util.*;\n\nclass Twice {\n    /**\n     * Twice of it.\n     */\n"
    "    public static int twice(int n) {\n",
    "canonical_solution": "        return 2 * n;\n    }\n}",
    "test": """

class Main {
    public static void main(String[] args) throws Exception {
        int x0 = Twice.twice(4);
        if (x0 != 8) {
            throw new java.lang.Exception("Exception -- test case 0 did not pass. x0 = " + x0);
        }
}
}
""",
}  # fmt: skip
ROWS = {"humaneval-x": HUMANEVAL_X, "mbxp": MBXP, "humanevalfix": HUMANEVALFIX}


def written(folder: Path, *rows: object, name: str = "rows.jsonl") -> Path:
    file = folder / name
    text = "".join(json.dumps(row) + "\n" for row in rows)
    with (gzip.open if name.endswith(".gz") else open)(file, "wt") as out:
        out.write(text)
    return file


@pytest.mark.parametrize("format_", ROWS)
def test_the_solution_of_each_format_passes_its_own_test(format_, tmp_path):
    name = "rows.jsonl.gz" if format_ == "humaneval-x" else "rows.jsonl"
    (task,) = read_tasks(written(tmp_path, ROWS[format_], name=name), format_)
    assert task.task_id == ROWS[format_]["task_id"]
    verdict = judge(program(task.opening, task.solution, task.test))
    assert verdict.passed, verdict


def test_what_is_asked_is_the_prompt_or_the_wrong_method_with_its_tests(tmp_path):
    (task,) = read_tasks(written(tmp_path, HUMANEVAL_X), "humaneval-x")
    assert task.asked == task.opening == HUMANEVAL_X["prompt"]
    (task,) = read_tasks(written(tmp_path, HUMANEVALFIX), "humanevalfix")
    bug = HUMANEVALFIX["buggy_solution"]
    assert task.asked == f"{DECLARATION}{bug}\n{TEST}\n// Fix bugs in braces.\n{DECLARATION}"
    assert task.opening == DECLARATION
    assert judge(program(task.opening, bug, task.test)).kind == "wrong"


def test_a_row_without_a_solution_is_a_task_all_the_same(tmp_path):
    (task,) = read_tasks(written(tmp_path, MBXP | {"canonical_solution": None}), "mbxp")
    assert task.solution is None


@pytest.mark.parametrize(
    ("format_", "row", "complaint"),
    [
        ("humaneval-x", {"test": None}, r"line 2: 'test' is NoneType \(expected: text\)"),
        (
            "humaneval-x",
            {"task_id": "Python/0"},
            r"line 2: 'task_id' is 'Python/0' \(expected: Java/",
        ),
        ("mbxp", {"language": "javascript"}, r"'language' is 'javascript' \(expected: java\)"),
        ("mbxp", {"prompt": "class A {}"}, r"line 2: 'prompt' opens no method"),
        ("mbxp", {}, r"line 2: task_id MBJP/1 comes twice \(expected: once\)"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(format_, row, complaint, tmp_path):
    with pytest.raises(ValueError, match=complaint):
        read_tasks(written(tmp_path, ROWS[format_], ROWS[format_] | row), format_)


@pytest.mark.parametrize("format_", ROWS)
def test_a_row_that_lacks_a_key_is_refused_with_the_key(format_, tmp_path):
    row = {name: value for name, value in ROWS[format_].items() if name != "test"}
    with pytest.raises(ValueError, match=rf"rows.jsonl, line 1: 'test' missing .* of {format_},"):
        read_tasks(written(tmp_path, row), format_)


def test_what_is_no_row_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"line 2: list \(expected: a JSON object\)"):
        read_tasks(written(tmp_path, MBXP, [1]), "mbxp")
    broken = tmp_path / "broken.jsonl"
    broken.write_text('\n{"task_id": ')
    with pytest.raises(ValueError, match=r"broken.jsonl, line 2: .*expected: a JSON object"):
        read_tasks(broken, "mbxp")
    with pytest.raises(ValueError, match=r"format unknown: 'mbpp' \(expected: one of humaneval-x"):
        read_tasks(broken, "mbpp")
    with pytest.raises(ValueError, match=r"no row \(expected: at least one\)"):
        read_tasks(written(tmp_path), "mbxp")


@pytest.mark.parametrize(
    "body",
    (
        " return 1; }",
        ' String s = "}"; return s.length(); }',
        " char c = '}'; if (c > 0) { return 1; } return 2; }",
        " // }\n return 1; }",
        " /* } */ return 1; /* { */ }",
        ' return """\n } " """.length(); }',
        " return new int[] {1, 2}.length; }",
    ),
)
@pytest.mark.parametrize("rest", ("", "\n}\n", "\n\n    int g() { return 2; }\n}", "\nclass { '"))
def test_an_answer_is_cut_behind_the_brace_that_closes_its_method(body, rest):
    opening = 'class A {\n    /** It\'s a "{" */\n    int f() {'
    assert first_method(opening, body + rest) == body
    assert program(opening, body + rest, "T") == f"{opening}{body}\n}}\n\nT\n"


def test_an_answer_that_closes_nothing_stays_whole():
    assert first_method("class A { int f() {", " return 1; // }") == " return 1; // }"


def test_a_method_at_the_top_of_a_file_gets_no_brace_behind_it():
    assert program("int f() {", " return 1; }\n}", "T") == "int f() { return 1; }\n\n\nT\n"


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        ("return m; }", "does_not_compile", "cannot find symbol"),
        ("while (true) { n++; } }", "timeout", "still running after 1 s"),
        ("System.exit(0); return 2 * n; }", "exception", "ended with status 0"),
        ("return 8 / (n - n); }", "exception", "ArithmeticException"),
        ('return System.getenv("OF_THE_CALLER") == null ? 8 : 0; }', "pass", ""),
    ],
)
def test_each_way_to_fail_has_its_verdict_and_the_environment_is_hidden(
    body, kind, detail, monkeypatch
):
    monkeypatch.setenv("OF_THE_CALLER", "sb-key")
    verdict = judge(
        program(MBXP["prompt"], body, MBXP["test"]), seconds=1 + 9 * (kind != "timeout")
    )
    assert verdict.kind == kind, verdict
    assert detail in verdict.detail


@pytest.mark.parametrize("limit", ({"seconds": 0}, {"heap_mib": -1}))
def test_a_limit_of_nothing_is_refused(limit):
    with pytest.raises(ValueError, match=r"(expected: more than 0)"):
        judge("", **limit)


class Service(ThreadingHTTPServer):
    """Speaks OpenAI's shape, with Seedbed's work: answers a prompt with what `answers` has."""

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.keys = answers, [], []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.keys.append(self.headers["Authorization"])
        if self.path != "/v1/completions" or body["prompt"] not in self.server.answers:
            self.say(404, {"error": {"message": "no such prompt"}})
            return
        choice = {"text": self.server.answers[body["prompt"]], "finish_reason": "stop"}
        usage = {"completion_tokens": 12, "seedbed": {"forward_passes": 3}}
        self.say(200, {"choices": [choice], "usage": usage})

    def say(self, status: int, document: dict) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service({"a": " b", MBXP["prompt"]: MBXP["canonical_solution"]}) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_service_is_asked_with_the_fields_that_are_given_and_no_other(service):
    answer = Endpoint(service.url + "/", "sb-key", "m").complete("a", {"temperature": 0.0})
    assert answer == Answer(" b", "stop", 12, 3)
    assert service.asked == [{"model": "m", "prompt": "a", "temperature": 0.0}]
    assert service.keys == ["Bearer sb-key"]
    Endpoint(service.url, "", "m").complete("a", {})
    assert service.keys[1] is None


def test_what_a_service_refuses_is_told_in_its_words(service):
    with pytest.raises(EndpointError, match=r"refused \(404\): no such prompt"):
        Endpoint(service.url, "", "m").complete("unknown", {})
    service.answers["a"] = None
    with pytest.raises(EndpointError, match=r"answered b'.*expected: an object of OpenAI's"):
        Endpoint(service.url, "", "m").complete("a", {})
    service.shutdown()
    service.server_close()
    with pytest.raises(EndpointError, match="does not answer"):
        Endpoint(service.url, "", "m", timeout_seconds=2).complete("a", {})


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    runpy.run_path(str(SCRIPT), run_name="__main__")


def test_a_benchmark_goes_from_file_to_pass_at_1_and_asks_nothing_twice(
    service, tmp_path, monkeypatch, capsys
):
    other = MBXP | {"task_id": "MBJP/2", "prompt": MBXP["prompt"].replace("Twice of", "Not")}
    file, out = written(tmp_path, MBXP, other), tmp_path / "answers" / "a.jsonl"
    service.answers[other["prompt"]] = "return n; }"
    monkeypatch.setenv("KEY", "sb-key")
    arguments = [
        "--format=mbxp", f"--file={file}", f"--endpoint={service.url}", "--api-key-env=KEY",
        "--model=m", f"--out={out}", "--mode=exact", "--draft-length=8",
    ]  # fmt: skip
    run(monkeypatch, *arguments, "--count=1")
    assert json.loads(capsys.readouterr().out)["pass_at_1"] == 1
    run(monkeypatch, *arguments)
    found = json.loads(capsys.readouterr().out)
    assert found["pass_at_1"] == 0.5 and found["kinds"]["wrong"] == 1
    assert found["tokens_per_forward"] == 4
    assert [body["prompt"] for body in service.asked] == [MBXP["prompt"], other["prompt"]]
    fields = {"max_tokens": 512, "temperature": 0.0, "mode": "exact", "draft_length": 8}
    assert service.asked[1] == {"model": "m", "prompt": other["prompt"]} | fields
    assert service.keys == ["Bearer sb-key"] * 2
    run(monkeypatch, *arguments)
    assert json.loads(capsys.readouterr().out) == found and len(service.asked) == 2
    with pytest.raises(ValueError, match=r"a.jsonl holds answers to .*'draft_length': 8"):
        run(monkeypatch, *arguments, "--draft-length=9")
    with pytest.raises(SystemExit):
        run(monkeypatch, *arguments, "--api-key-env=NOT_SET")
    assert "NOT_SET: no such variable" in capsys.readouterr().err


def test_an_answer_that_was_not_written_to_its_end_is_asked_again(tmp_path):
    path, asked = tmp_path / "answers.jsonl", {"model": "m"}
    first = {"task_id": "1", "kind": "pass"}
    AnswerFile(path, asked).add(first)
    with path.open("a") as out:
        out.write('{"task_id": "2", "ki')
    file = AnswerFile(path, asked)
    assert file.answers == {"1": first}
    file.add({"task_id": "2", "kind": "wrong"})
    assert list(AnswerFile(path, asked).answers) == ["1", "2"]


def test_tokens_per_forward_counts_only_answers_whose_work_was_told():
    told = {"kind": "pass", "finish_reason": "stop", "tokens": 10, "forwards": 5}
    untold = {"kind": "wrong", "finish_reason": "length", "tokens": 90, "forwards": None}
    found = summarize([told, told, untold])
    assert found["tokens_per_forward"] == 2
    assert found["pass_at_1"] == pytest.approx(2 / 3) and found["cut_short"] == 1
    assert summarize([untold])["tokens_per_forward"] is None
    with pytest.raises(ValueError, match=r"answers: none \(expected: at least one\)"):
        summarize([])
