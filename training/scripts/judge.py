"""Judges completions (JSON lines of id and completion) against a prompts file: pass@1."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.evaluation import judge, summarize
from seedbed_training.verifier import Verifier


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def main() -> None:
    """Parses the options and prints the summary as JSON; `--details` writes each verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--completions", type=Path, required=True)
    parser.add_argument("--details", type=Path, help="JSONL of id, kind, detail to write")
    parser.add_argument("--timeout-ms", type=int, default=2000, help="per candidate")
    options = parser.parse_args()
    prompts = _lines(options.prompts)
    with Verifier(timeout_ms=options.timeout_ms) as verifier:
        verdicts = judge(prompts, _lines(options.completions), verifier)
    if options.details:
        with options.details.open("w") as out:
            for key, verdict in verdicts.items():
                out.write(
                    json.dumps({"id": key, "kind": verdict.kind, "detail": verdict.detail}) + "\n"
                )
    print(json.dumps(summarize(prompts, verdicts), indent=1))


if __name__ == "__main__":
    main()
