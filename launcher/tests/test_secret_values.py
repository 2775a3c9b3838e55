import json
import stat
from dataclasses import asdict
from pathlib import Path

from launcher.secret_values import SecretValues, write_private


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path):
    home = tmp_path / "home"
    made = SecretValues.of(home)
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert SecretValues.of(home) == made
    assert len(set(asdict(made).values())) == 4


def test_a_home_of_an_earlier_version_gets_the_secrets_that_it_lacks_and_keeps_the_others(tmp_path: Path):
    earlier = {"admin_token": "a", "api_key_pepper": "p", "database_password": "d"}
    (tmp_path / "secrets.json").write_text(json.dumps(earlier))
    values = SecretValues.of(tmp_path)
    assert asdict(values) == {**earlier, "answer_log_secret": values.answer_log_secret}
    assert len(values.answer_log_secret) >= 32
    assert SecretValues.of(tmp_path) == values


def test_two_homes_share_no_secret(tmp_path: Path):
    one, other = SecretValues.of(tmp_path / "one"), SecretValues.of(tmp_path / "other")
    assert not set(asdict(one).values()) & set(asdict(other).values())


def test_replacing_a_private_file_narrows_its_mode_and_leaves_nothing_behind(tmp_path: Path):
    file = tmp_path / "demo.env"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.env"]
