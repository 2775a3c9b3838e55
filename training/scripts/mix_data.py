"""Writes the data set of a larger run: generated samples beside methods of Java libraries, with a
tokenizer of its own. `python scripts/mix_data.py --generated FOLDER --jars FOLDER --manifest FILE
--held-out FILE --out FOLDER`.

Prints how many methods were found, and why how many were left out; meta.json holds the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training import tokenizer
from seedbed_training.domain.sample import Sample
from seedbed_training.java_text.contamination import (
    Contamination,
    benchmark_files,
    texts_of,
    without_contamination,
)
from seedbed_training.java_text.duplicates import without_duplicates
from seedbed_training.java_text.methods import methods
from seedbed_training.java_text.sources import java_files, read_manifest
from seedbed_training.mixture import samples_of, write_mixture

TOKENIZER_SAMPLES = 60_000  # generated ones; all methods are read


def found_methods(options: argparse.Namespace) -> tuple[list[Sample], dict[str, int]]:
    """The methods of all jars, and how many each gave."""
    found, by_jar = [], Counter()
    for jar in read_manifest(options.manifest):
        before = len(found)
        for source in java_files(jar, options.jars):
            found += methods(source)
        by_jar[jar.artifact] = len(found) - before
    return found, dict(by_jar)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generated", type=Path, required=True, help="data set of generate_data")
    parser.add_argument("--generated-count", type=int, help="of its samples; default: all")
    parser.add_argument("--jars", type=Path, required=True, help="folder of -sources jars")
    parser.add_argument("--manifest", type=Path, required=True, help="names, licences and digests")
    parser.add_argument(
        "--held-out",
        type=Path,
        required=True,
        help="JSON lines of draw_prompts.py to stay clear of",
    )
    parser.add_argument(
        "--benchmarks", type=Path, help="folder of *.jsonl and *.jsonl.gz to stay clear of as well"
    )
    parser.add_argument("--java-share", type=float, default=0.2, help="of the tokens of an epoch")
    parser.add_argument("--longest", type=int, default=224, help="tokens of a sample")
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    found, by_jar = found_methods(options)
    java, counts = without_duplicates(found)
    files = [options.held_out, *(benchmark_files(options.benchmarks) if options.benchmarks else ())]
    java, touched = without_contamination(
        java, Contamination({file.name: texts_of(file) for file in files})
    )
    # No generated sample has a held-out composition, and all have phrases of one.
    generated, touched_by_generated = without_contamination(
        samples_of(options.generated, options.generated_count),
        Contamination({file.name: texts_of(file) for file in files[1:]}),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    texts = [s.prompt + s.completion for s in [*java, *generated[:TOKENIZER_SAMPLES]]]
    (options.out / "tokenizer.json").write_text(tokenizer.train(texts, options.vocabulary))
    meta = write_mixture(
        options.out,
        tokenizer.SeedbedTokenizer(options.out / "tokenizer.json"),
        generated,
        java,
        options.java_share,
        options.longest,
        options.seed,
    )
    meta |= {
        "methods_by_jar": by_jar,
        "methods": len(found),
        **counts,
        "methods_touching": touched,
        "generated_touching": touched_by_generated,
    }
    (options.out / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    print(json.dumps(meta, indent=1))


if __name__ == "__main__":
    main()
