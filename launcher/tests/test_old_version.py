"""A control plane of another commit beside this checkout's."""

from pathlib import Path

import pytest

from launcher import old_version
from launcher.replica_stack import from_jar
from launcher.screen import LauncherError
from launcher.settings import Ports, Settings


def test_a_commit_that_is_not_there_is_refused_by_its_name(tmp_path: Path):
    settings = Settings(home=tmp_path, ports=Ports(), build_home=tmp_path)
    with pytest.raises(LauncherError, match="no-such-commit"):
        old_version.control_plane(settings, "no-such-commit")
    assert list(tmp_path.iterdir()) == []


def test_another_jar_takes_the_place_of_this_checkouts_and_of_its_quick_start():
    argv = ["java", "-XX:AOTCache=classes.aot", "-Xmx384m", "-jar", "new.jar", "--server.port=1"]
    assert from_jar(argv, Path("old.jar")) == ["java", "-Xmx384m", "-jar", "old.jar", "--server.port=1"]
