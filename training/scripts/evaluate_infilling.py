"""Measures how checkpoints fill a gap in the middle of a method, on fresh held-out prompts.

`python scripts/evaluate_infilling.py --seed 8 --count 1000 --tokenizer FILE --out FILE
NAME=CHECKPOINT:SETTING ...`. A setting is a comma-separated list of request parameters. Mode
`diffusion` fills a gap of masks before as much of the suffix as the block holds, such as
`policy=confident_prefix,threshold=0.95,block_size=32,choose=likelihood`: it tries every length up
to `longest` and chooses one; the same with the true length is told beside it.
`mode=autoregressive` writes on from what stands before the gap until it meets the suffix's next
line, or else takes as many lines as were cut out. The autoregressive arm that has cost most is what
the others are compared with: the differences come with a 95 % interval of a paired bootstrap over
prompts. Every forward pass counts, of every length. Arms that --out already holds are not measured
again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.arms import Arm, measure_arms, parameters_of, parsed, parser
from seedbed_training.evaluation import draw_prompts
from seedbed_training.infilling import Bench, SearchParameters, draw_gaps
from seedbed_training.report import results, tables
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    options = parsed(parser(__doc__, count=1000))
    tokenizer = SeedbedTokenizer(options.tokenizer)
    # Without its middle a loop may have no end: a second of processor time is enough to say so.
    with Verifier(timeout_ms=1000) as verifier:
        prompts = draw_prompts(options.seed, options.count, verifier)
        gaps = draw_gaps(prompts, options.seed, tokenizer, verifier)
        kinds = [gap.kind for gap in gaps]
        asked = {"seed": options.seed, "count": options.count, "kinds": kinds}
        bench = Bench(tokenizer, verifier, prompts, gaps)

        def measure(arm: Arm, setting: str) -> dict:
            return bench.measure(arm, parameters_of(setting, SearchParameters))

        measure_arms(options.arms, options.out, asked, measure)
    measured = results.infilling(options.out)
    print(tables.infilling(measured), tables.by_kind(measured, "passed"), sep="\n\n")


if __name__ == "__main__":
    main()
