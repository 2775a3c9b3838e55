"""Which methods are found in Java files, and which of them are kept."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from seedbed_training.domain.sample import Sample
from seedbed_training.java_text.contamination import (
    Contamination,
    benchmark_files,
    texts_of,
    without_contamination,
)
from seedbed_training.java_text.duplicates import without_duplicates
from seedbed_training.java_text.methods import first_sentence, methods
from seedbed_training.java_text.sources import java_files, read_manifest

MANIFEST = Path(__file__).resolve().parents[1] / "runs" / "java_sources.json"


def method(body: str, doc: str = "Returns the larger of two values.", head: str = "") -> str:
    return f"class A {{\n  /** {doc} */\n  {head or 'int f(int a, int b)'} {{{body}}}\n}}\n"


def only(source: str) -> Sample:
    (sample,) = methods(source)
    return sample


def test_a_method_becomes_a_one_line_javadoc_its_head_and_its_body_without_indentation():
    source = """
class A {
    /**
     * Returns the {@code larger} of two
     * values, see {@link Math#max(int, int)}. And more.
     *
     * @param a one
     */
    @Override
    @SuppressWarnings({"unchecked", "}"})
    public static <T extends Comparable<T>> T max(
            @Nullable final T a, T b) throws IllegalStateException {

        if (a.compareTo(b) > 0) {
            return a;
        }
        return b;
    }
}
"""
    sample = only(source)
    assert sample.prompt == (
        "/** Returns the larger of two values, see max. */\n"
        "public static <T extends Comparable<T>> T max(final T a, T b) throws "
        "IllegalStateException {"
    )
    assert sample.completion == (
        "\n    if (a.compareTo(b) > 0) {\n        return a;\n    }\n    return b;\n}"
    )
    assert only(source.replace("\n", "\r\n")) == sample


@pytest.mark.parametrize(
    "body",
    (
        ' String s = "}"; return a; ',
        " char c = '}'; return a; ",
        " char c = '\\''; return a; ",
        " /* } */ return a; ",
        " return a; // }\n",
        ' String s = """\n } " \n"""; return a; ',
        ' String s = "\\"}"; return a; ',
    ),
)
def test_braces_in_strings_characters_and_comments_end_no_method(body):
    lines = [line.strip() for line in only(method(body)).completion.split("\n")]
    assert lines == ["", *[line.strip() for line in body.strip().split("\n")], "}"]


@pytest.mark.parametrize(
    "head", ("class B", "int[] VALUES =", "B(int a)", "static", "enum C", "public @interface D")
)
def test_what_is_no_method_with_a_result_is_left_out(head):
    assert not list(methods(method(" return a; ", head=head)))


@pytest.mark.parametrize("body", ("", " a();\n" * 26, " return a; { {"))
def test_empty_long_and_broken_bodies_are_left_out(body):
    assert not list(methods(method(body)))


def test_a_method_without_a_body_gives_the_next_one_no_javadoc():
    source = "interface A { /** Returns the size of it. */ int size(); int f(int a) { return a; } }"
    assert not list(methods(source))


@pytest.mark.parametrize("doc", ("", "{@inheritDoc}", "Short.", "x" * 200, "@return a value of it"))
def test_a_javadoc_that_says_nothing_on_one_line_is_none(doc):
    assert first_sentence(f"/** {doc} */") is None


def test_of_equal_and_nearly_equal_methods_the_first_is_kept():
    long = "".join(f" total{n} += values[{n}] * {n};" for n in range(20))
    first = Sample("/** Sums it all up. */\nint f(int[] values) {", long)
    same = Sample(first.prompt, long.replace(" ", "\n  "))
    near = Sample(first.prompt.replace("int f", "long f"), long)
    other = Sample("/** Says hello to you. */\nString g() {", ' return "hello, " + you;')
    kept, counts = without_duplicates([first, same, near, other])
    assert kept == [first, other]
    assert counts == {"exact_duplicates": 1, "near_duplicates": 1}


def test_what_shares_thirteen_words_with_a_benchmark_is_left_out_and_counted(tmp_path):
    words = ["int", "best", "values", *"0123456789ab"]
    row = {"prompt": "/** Max. */ " + " ".join(words[:6]), "canonical_solution": " ".join(words)}
    with gzip.open(tmp_path / "asked.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({**row, "test": "assert something entirely different"}) + "\n")
    (tmp_path / "unrelated.jsonl").write_text(json.dumps({"prompt": "one two three"}) + "\n")
    files = benchmark_files(tmp_path)
    contamination = Contamination({file.name: texts_of(file) for file in files})
    touching = Sample("/** Finds it. */\nint max() {", " { (" + " ; ".join(words[-13:]) + ") }")
    clear = Sample("/** Finds it. */\nint max() {", " ".join(words[-12:]))
    kept, touched = without_contamination([touching, clear], contamination)
    assert kept == [clear]
    assert touched == {"asked.jsonl.gz": 1}


def test_a_folder_without_benchmarks_and_a_row_without_a_question_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected: files named \*\.jsonl"):
        benchmark_files(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(ValueError, match=r"line 1: fields \['id'\]"):
        list(texts_of(tmp_path / "rows.jsonl"))


def test_a_jar_of_another_digest_is_refused(tmp_path):
    path = tmp_path / "a-1-sources.jar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A.java", "class A {}")
        archive.writestr("LICENSE", "text")
    entry = {"artifact": "g:a:1", "licence": "MIT", "sha256": ""}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps([entry | {"sha256": digest}]))
    (jar,) = read_manifest(manifest)
    assert list(java_files(jar, tmp_path)) == ["class A {}"]
    manifest.write_text(json.dumps([entry]))
    with pytest.raises(ValueError, match=f"sha256 of .*: {digest}"):
        list(java_files(read_manifest(manifest)[0], tmp_path))
    manifest.write_text(json.dumps([entry | {"licence": "EPL-2.0"}]))
    with pytest.raises(ValueError, match=r"licence of g:a:1: EPL-2\.0"):
        read_manifest(manifest)


def test_the_libraries_of_the_larger_run_are_named_once_and_pinned():
    jars = read_manifest(MANIFEST)
    assert len({jar.file_name for jar in jars}) == len(jars) > 30
    assert all(len(jar.sha256) == 64 for jar in jars)
