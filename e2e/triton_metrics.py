"""What the engine says of itself on Triton's metrics port."""

import re
import urllib.request

SAMPLE = re.compile(r"^(?P<name>\w+)\{(?P<labels>[^}]*)\} (?P<value>\S+)$", re.MULTILINE)


def read(address: str, name: str, model: str) -> float:
    """Sum of the metric's samples for one model version; KeyError when there is none."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    values = [float(sample["value"]) for sample in SAMPLE.finditer(text) if sample["name"] == name and f'model="{model}"' in sample["labels"]]
    if not values:
        raise KeyError(f"metric not found: {name} of {model}")
    return sum(values)


def is_idle(address: str, model: str) -> bool:
    """True when no request holds a slot or KV."""
    return all(read(address, f"block_diffusion_{name}", model) == 0 for name in ("inflight", "waiting", "kv_positions_used"))
