import stat
from pathlib import Path

from launcher.secret_values import SecretValues, write_private


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path):
    home = tmp_path / "home"
    made = SecretValues.of(home)
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert SecretValues.of(home) == made
    assert len({made.admin_token, made.api_key_pepper, made.database_password}) == 3


def test_two_homes_share_no_secret(tmp_path: Path):
    one, other = SecretValues.of(tmp_path / "one"), SecretValues.of(tmp_path / "other")
    assert not {one.admin_token, one.api_key_pepper, one.database_password} & {other.admin_token, other.api_key_pepper, other.database_password}


def test_replacing_a_private_file_narrows_its_mode_and_leaves_nothing_behind(tmp_path: Path):
    file = tmp_path / "demo.env"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.env"]
