"""Measures checkpoints side by side on fresh held-out prompts: pass@1 and tokens per forward.

`python scripts/evaluate_ablation.py --seed 5 --count 2000 --tokenizer FILE --out FILE
NAME=CHECKPOINT:SETTING ...`. A setting is a comma-separated list of request parameters, such as
`mode=exact,draft_length=12`, or `mode=prompt_lookup,draft_length=12`, the baseline that copies its
drafts from the text so far. The first arm is what the others are compared with: the differences
come with a 95 % interval of a paired bootstrap over prompts. Every forward pass counts, that of the
prompt too. Arms that --out already holds are not measured again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.comparison import compared, measure_arm, measure_arms, parameters_of
from seedbed_training.evaluation import draw_prompts
from seedbed_training.model import Transformer
from seedbed_training.sampler.contract import Contract
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("arms", nargs="+", metavar="NAME=CHECKPOINT:SETTING")
    parser.add_argument("--seed", type=int, required=True, help="of the prompts")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    tokenizer = SeedbedTokenizer(options.tokenizer)
    asked = {"seed": options.seed, "count": options.count}
    with Verifier(timeout_ms=5000) as verifier:
        prompts = draw_prompts(options.seed, options.count, verifier)

        def measure(model: Transformer, contract: Contract, setting: str) -> dict:
            parameters = parameters_of(setting)
            return measure_arm(model, contract, tokenizer, verifier, prompts, parameters)

        results = measure_arms(options.arms, options.out, asked, measure)
    for line in compared(results["arms"]):
        print(line)


if __name__ == "__main__":
    main()
