"""The stack's own database, for what no API shows or sets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pg8000.native


@contextmanager
def connected(home: Path, port: int) -> Iterator[pg8000.native.Connection]:
    secrets = json.loads((home / "secrets.json").read_text())
    connection = pg8000.native.Connection("seedbed", host="127.0.0.1", port=port, database="seedbed", password=secrets["database_password"])
    try:
        yield connection
    finally:
        connection.close()
