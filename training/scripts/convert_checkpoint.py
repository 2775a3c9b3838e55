"""Converts a Hugging Face checkpoint to a model version: `python scripts/convert_checkpoint.py
SOURCE --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.conversion.conventions import BY_NAME
from seedbed_training.conversion.convert import Options, convert_checkpoint
from seedbed_training.conversion.refusal import CheckpointRefused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="config.json, *.safetensors, tokenizer files")
    parser.add_argument("--out", type=Path, required=True, help="a folder that does not exist yet")
    parser.add_argument("--type", choices=BY_NAME, help="instead of what config.json names")
    parser.add_argument("--name", help="general.name of model.gguf")
    parser.add_argument("--block-size", type=int)
    parser.add_argument("--context-length", type=int)
    parser.add_argument("--mask-token-id", type=int)
    parser.add_argument("--end-token-id", type=int, action="append", default=[])
    parser.add_argument("--chat-template", type=Path)
    parser.add_argument("--weights", choices=("auto", "f16", "f32", "q8_0"), default="auto")
    parser.add_argument("--compute", choices=("f32", "native"), default="f32")
    parser.add_argument("--tolerance", type=float, help="of a logit; f32: 0.001, native: 0.1")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="KEY", help="of config.json"
    )
    parser.add_argument("--attempts", type=int, default=Options.attempts)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    options = Options(
        type=chosen.type,
        name=chosen.name,
        block_size=chosen.block_size,
        context_length=chosen.context_length,
        mask_token_id=chosen.mask_token_id,
        end_token_ids=tuple(chosen.end_token_id),
        chat_template=chosen.chat_template,
        weights=chosen.weights,
        compute=chosen.compute,
        tolerance=chosen.tolerance or {"f32": 1e-3, "native": 0.1}[chosen.compute],
        ignored_keys=frozenset(chosen.ignore),
        attempts=chosen.attempts,
    )
    try:
        counts = convert_checkpoint(chosen.source, chosen.out, options)
    except CheckpointRefused as refusal:
        sys.exit(f"refused: {refusal}")
    tensors = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    print(f"wrote {chosen.out}: {tensors} tensors")


if __name__ == "__main__":
    main()
