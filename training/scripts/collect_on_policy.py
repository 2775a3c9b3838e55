"""Makes docs/results/on-policy.json of what train_on_policy.py wrote: `python
scripts/collect_on_policy.py --out FILE NAME=RUN.jsonl ...`.

Runs that --out holds under other names stay in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.on_policy import measured_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    runs = {}
    if options.out.exists():
        runs = {run["name"]: run for run in json.loads(options.out.read_text())["runs"]}
    for run in options.runs:
        name, _, file = run.partition("=")
        lines = [json.loads(line) for line in Path(file).read_text().splitlines()]
        runs[name] = {"name": name, **measured_run(lines)}
    options.out.write_text(json.dumps({"runs": list(runs.values())}, indent=1) + "\n")


if __name__ == "__main__":
    main()
