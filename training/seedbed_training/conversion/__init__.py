"""Hugging Face checkpoints as model versions: `convert.convert_checkpoint` is the way in."""
