"""Makes the launcher's temporary stacks usable in tests that kill what they run on."""

import sys

from endpoints import ROOT

sys.path.insert(0, str(ROOT))

from launcher.temporary_stack import TemporaryStack  # noqa: E402

__all__ = ["TemporaryStack"]
