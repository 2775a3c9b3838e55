"""Decodes evaluation prompts with the reference sampler and prints pass@1 and tokens per forward of
each setting.

`python scripts/evaluate_reference.py --checkpoint FILE --tokenizer FILE --prompts FILE exact:12
confident_prefix:0.95 ...` A setting is `autoregressive`, `exact:<draft length>`,
`threshold:<confidence>`, `confident_prefix:<confidence>` or `fixed_steps:<steps>`. Every forward
counts, that of the prompt too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.checkpoint import load, load_model, round_to_half
from seedbed_training.evaluation import judge, summarize
from seedbed_training.export import contract_document
from seedbed_training.sampler.contract import Contract, Parameters
from seedbed_training.sampler.decoding import generate
from seedbed_training.sampler.sources import ModelLogits
from seedbed_training.seedling import FACTS
from seedbed_training.tokenizer import SeedbedTokenizer
from seedbed_training.verifier import Verifier

MAX_TOKENS = 192


def parameters_of(setting: str, temperature: float) -> Parameters:
    name, _, value = setting.partition(":")
    chosen: dict = {"max_tokens": MAX_TOKENS, "temperature": temperature}
    if name == "autoregressive":
        return Parameters(mode=name, **chosen)
    if name == "exact":
        return Parameters(mode=name, draft_length=int(value), **chosen)
    if name in ("threshold", "confident_prefix"):
        return Parameters(mode="diffusion", policy=name, threshold=float(value), **chosen)
    if name == "fixed_steps":
        return Parameters(mode="diffusion", policy=name, steps=int(value), **chosen)
    raise ValueError(
        f"setting unknown: {setting!r} "
        "(expected: autoregressive, exact:N, threshold:T, confident_prefix:T or fixed_steps:N)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("settings", nargs="+")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, required=True, help="JSON lines of draw_prompts.py")
    parser.add_argument("--count", type=int, default=200, help="prompts used")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--completions", type=Path, help="folder for one JSON lines file of completions a setting"
    )
    parser.add_argument("--json", type=Path, help="file for the numbers, with those of the model")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    model = round_to_half(load_model(options.checkpoint))
    tokenizer = SeedbedTokenizer(options.tokenizer)
    contract = Contract.of(contract_document(model.config, FACTS))
    prompts = [
        json.loads(line) for line in options.prompts.read_text().splitlines()[: options.count]
    ]
    measured: dict[str, dict] = {}
    with Verifier(timeout_ms=5000) as verifier:
        for setting in options.settings:
            began = time.monotonic()
            completions, totals = [], [0] * 6
            for number, prompt in enumerate(prompts):
                request = parameters_of(setting, options.temperature)
                generation = generate(
                    contract, tokenizer.encode(prompt["prompt"]), request, ModelLogits(model)
                )
                completions.append(
                    {"id": prompt["id"], "completion": tokenizer.decode(generation.token_ids)}
                )
                totals = [
                    total + value for total, value in zip(totals, generation.work, strict=True)
                ]
                if sys.stderr.isatty():
                    print(
                        f"\r{setting}: {number + 1}/{len(prompts)}",
                        end="",
                        file=sys.stderr,
                        flush=True,
                    )
            summary = summarize(prompts, judge(prompts, completions, verifier))
            _, _, forwards, positions, tokens, _ = totals
            print(
                f"{setting}: pass@1 {100 * summary['pass_at_1']:.1f} %  "
                f"tokens per forward {tokens / forwards:.2f}  "
                f"positions per token {positions / tokens:.2f}  tokens {tokens}  "
                f"{summary['kinds']}  {time.monotonic() - began:.0f} s",
                flush=True,
            )
            measured[setting] = summary | {
                "tokens_per_forward": tokens / forwards,
                "positions_per_token": positions / tokens,
                "tokens": tokens,
            }
            if options.completions:
                options.completions.mkdir(parents=True, exist_ok=True)
                lines = "".join(json.dumps(completion) + "\n" for completion in completions)
                (options.completions / f"{setting.replace(':', '-')}.jsonl").write_text(lines)
    if options.json:
        model_facts = {
            "parameters": model.parameter_count(),
            "training_flops": load(options.checkpoint)["flops"],  # as flops.py counts them
            "temperature": options.temperature,
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(model_facts | {"settings": measured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
