"""Makes the launcher's stacks usable in tests and measurements that kill what they run on."""

import sys

from endpoints import ROOT

sys.path.insert(0, str(ROOT))

from launcher import build, jdk, machine, replica_stack  # noqa: E402
from launcher.replica_stack import Replica, ReplicaStack  # noqa: E402
from launcher.temporary_stack import TemporaryStack  # noqa: E402

__all__ = ["Replica", "ReplicaStack", "TemporaryStack", "build", "jdk", "machine", "replica_stack"]
