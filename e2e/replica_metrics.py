"""What a replica of the control plane has counted since its start."""

import re

import httpx
from own_stack import Replica


def count(replica: Replica, name: str, **labels: str) -> int:
    """Sum of the counter's samples that have these labels; 0 when there is none yet."""
    text = httpx.get(f"{replica.base_url}/actuator/prometheus", timeout=10).text
    samples = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
    return int(sum(float(value) for known, value in samples if all(f'{label}="{wanted}"' in known for label, wanted in labels.items())))


def refusals(replica: Replica, code: str) -> int:
    """Requests that were not admitted."""
    return count(replica, "seedbed_rejections_total", code=code)


def shed(replica: Replica) -> int:
    """Requests that were admitted and found the queue full."""
    return count(replica, "seedbed_generation_queue_shed_total", reason="full")
