import io
import re

import pytest

from launcher.generate import Canvas, prompt_of, rows


class Terminal(io.StringIO):
    """A screen of 40 columns that knows the escape codes which the canvas uses."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> str:
        lines = [""]
        row = column = 0
        for part in re.findall(r"\x1b\[\d*[AJm]|\r|\n|[^\x1b\r\n]", self.getvalue()):
            if part == "\r":
                column = 0
            elif part == "\n":
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            elif part.endswith("A") and part.startswith("\x1b"):
                row -= int(part[2:-1])
            elif part == "\x1b[J":
                lines[row] = lines[row][:column]
                del lines[row + 1 :]
            elif not part.startswith("\x1b"):
                lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + 1 :]
                column += 1
        return "\n".join(lines)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_a_draft_is_replaced_and_committed_text_stays(terminal: Terminal):
    canvas = Canvas(terminal)
    canvas.append("int f() {")
    canvas.show_draft("\n  ░░░\n  ░░")
    assert terminal.screen() == "int f() {\n  ░░░\n  ░░"
    canvas.show_draft("\n  int")
    assert terminal.screen() == "int f() {\n  int"
    canvas.append("\n  int x;")
    canvas.show_draft(" ░░")
    canvas.append("\n}")
    assert terminal.screen() == "int f() {\n  int x;\n}"


def test_no_escape_code_goes_into_a_file():
    out = io.StringIO()
    canvas = Canvas(out)
    canvas.append("a")
    canvas.show_draft("░░")
    canvas.append("b\n")
    assert out.getvalue() == "ab\n"


@pytest.mark.parametrize(("text", "count"), [("", 1), ("x" * 40, 1), ("x" * 41, 2), ("\n", 2), ("x" * 80 + "\ny", 3)])
def test_rows_count_wrapped_lines(text: str, count: int):
    assert rows(text, 40) == count


def test_a_prompt_is_the_javadoc_line_and_the_signature():
    assert prompt_of("Returns twice n.", "static int f(int n)") == "/** Returns twice n. */\nstatic int f(int n) {"
