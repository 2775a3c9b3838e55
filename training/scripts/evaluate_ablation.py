"""Measures checkpoints side by side on fresh held-out prompts: pass@1 and tokens per forward.

`python scripts/evaluate_ablation.py --seed 5 --count 2000 --tokenizer FILE --out FILE
NAME=CHECKPOINT:SETTING ...`. A setting is a comma-separated list of request parameters, such as
`mode=exact,draft_length=12`, or `mode=prompt_lookup,draft_length=12`, the baseline that copies its
drafts from the text so far. The autoregressive arm that has cost most is what the others are
compared with: the differences come with a 95 % interval of a paired bootstrap over prompts. Every
forward pass counts, that of the prompt too. Arms that --out already holds are not measured again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.arms import Arm, measure_arms, parameters_of, parsed, parser
from seedbed_training.comparison import measure_arm
from seedbed_training.evaluation import draw_prompts
from seedbed_training.report import results, tables
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    options = parsed(parser(__doc__, count=2000))
    tokenizer = SeedbedTokenizer(options.tokenizer)
    asked = {"seed": options.seed, "count": options.count}
    with Verifier(timeout_ms=5000) as verifier:
        prompts = draw_prompts(options.seed, options.count, verifier)

        def measure(arm: Arm, setting: str) -> dict:
            return measure_arm(arm, tokenizer, verifier, prompts, parameters_of(setting))

        measure_arms(options.arms, options.out, asked, measure)
    print(tables.ablation(results.ablation(options.out)))


if __name__ == "__main__":
    main()
