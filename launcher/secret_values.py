"""Secrets of one stack, made once and kept with mode 0600."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class SecretValues:
    admin_token: str
    api_key_pepper: str
    database_password: str
    answer_log_secret: str

    @staticmethod
    def of(home: Path) -> "SecretValues":
        """Reads the home's secrets, and makes those that it has not got."""
        file = home / "secrets.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        fresh = SecretValues(
            admin_token="sb-admin-" + secrets.token_urlsafe(32),
            api_key_pepper=secrets.token_urlsafe(48),
            database_password=secrets.token_urlsafe(32),
            answer_log_secret=secrets.token_urlsafe(48),
        )
        values = SecretValues(**{**asdict(fresh), **known})
        if asdict(values) != known:
            write_private(file, json.dumps(asdict(values), indent=2))
        return values


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner can read; whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(file.suffix + ".new")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    scratch.rename(file)
