"""Cuts a file into pieces of at most 16 MB, and puts it together again.

`pieces.py split FILE FOLDER`, `pieces.py join FOLDER FILE`, and `pieces.py weights CHECKPOINT
FOLDER`: pieces of what export and evaluation need of a checkpoint, its averaged weights in half
precision. That is a sixth of a checkpoint, which also holds what a run needs to go on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import checkpoint, pieces


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("split", "join", "weights"))
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    if options.verb == "join":
        unfinished = options.out.with_name(options.out.name + ".unfinished")
        unfinished.write_bytes(pieces.read(options.source))
        os.replace(unfinished, options.out)
    elif options.verb == "weights":
        checkpoint.save(options.out, checkpoint.weights(checkpoint.load(options.source)))
    else:
        pieces.write(options.out, options.source.read_bytes())
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
