import pytest

from launcher import closing_lines
from launcher.screen import LauncherError

SUREFIRE = """
[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 0.5 s -- in dev.seedbed.OneTest
[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 1
[WARNING] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0
"""


def test_maven_modules_are_summed_and_classes_are_not_counted_twice():
    assert closing_lines.of_maven(SUREFIRE) == "Tests run: 7, Failures: 0, Errors: 0, Skipped: 1"


def test_pytest_runs_are_summed():
    output = "5 passed in 0.10s\nnoise\n== 2 passed, 1 skipped in 63.00s (0:01:03) ==\n"
    assert closing_lines.of_pytest(output) == "7 passed, 1 skipped"


def test_ctest_says_its_own_line():
    line = "100% tests passed, 0 tests failed out of 47"
    assert closing_lines.of_ctest(f"...\n{line}\n\nTotal Test time (real) = 3 sec\n") == line


@pytest.mark.parametrize(
    ("reader", "output"),
    [
        (closing_lines.of_maven, "[INFO] BUILD SUCCESS"),
        (closing_lines.of_maven, "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 2"),
        (closing_lines.of_pytest, "no tests ran in 0.01s"),
        (closing_lines.of_pytest, "3 skipped in 0.01s"),
        (closing_lines.of_ctest, "No tests were found!!!"),
    ],
)
def test_a_run_without_any_test_is_an_error(reader, output: str):
    with pytest.raises(LauncherError, match="no .* test ran"):
        reader(output)
