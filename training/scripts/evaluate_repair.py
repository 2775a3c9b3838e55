"""Measures how checkpoints repair methods with one fault, on fresh held-out prompts.

`python scripts/evaluate_repair.py --seed 7 --count 1000 --tokenizer FILE --out FILE
NAME=CHECKPOINT:SETTING ...`. A setting is a comma-separated list of request parameters. Mode
`diffusion` repairs the faulty method, block by block, such as
`policy=confident_prefix,threshold=0.95,doubt=0.03`, or with edits alone
`policy=confident_prefix,threshold=0.95,edit_threshold=0.9,edit_rounds=4,doubt=0`;
`mode=autoregressive` writes the method again from its Javadoc and signature, without a look at the
faulty one. The autoregressive arm that has cost most is what the others are compared with: the
differences come with a 95 % interval of a paired bootstrap over prompts. Every arm is also given
the methods without a fault, which it should leave as they are. Arms that --out already holds are
not measured again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.arms import Arm, measure_arms, parameters_of, parsed, parser
from seedbed_training.evaluation import draw_prompts
from seedbed_training.faults import draw_faults
from seedbed_training.repair import Bench
from seedbed_training.report import results, tables
from seedbed_training.sampler.repair_decoder import RepairParameters
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    options = parsed(parser(__doc__, count=1000))
    # A fault often loops for ever: a second of processor time is enough to say so.
    with Verifier(timeout_ms=1000) as verifier:
        prompts = draw_prompts(options.seed, options.count, verifier)
        faults = draw_faults(prompts, options.seed, verifier)
        kinds = [fault.kind for fault in faults]
        asked = {"seed": options.seed, "count": options.count, "kinds": kinds}
        bench = Bench(SeedbedTokenizer(options.tokenizer), verifier, prompts, faults)

        def measure(arm: Arm, setting: str) -> dict:
            return bench.measure(arm, parameters_of(setting, RepairParameters))

        measure_arms(options.arms, options.out, asked, measure)
    measured = results.repair(options.out)
    print(tables.repair(measured), tables.by_kind(measured, "repaired"), sep="\n\n")


if __name__ == "__main__":
    main()
