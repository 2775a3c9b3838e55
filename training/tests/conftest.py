"""Makes the package importable and lends one JVM to all tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@pytest.fixture(scope="session")
def verifier():
    """A verifier with a generous limit, so that a busy machine makes no right sample fail."""
    from seedbed_training.verifier import Verifier

    with Verifier(timeout_ms=5000) as client:
        yield client
