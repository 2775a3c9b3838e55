"""Checkpoints: everything a run needs to go on bit for bit, in one file, replaced atomically."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from .model import ModelConfig, Transformer


def save(path: Path, state: dict) -> None:
    """Writes `state`; a crash leaves the previous file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    os.replace(unfinished, path)


def load(path: Path) -> dict:
    return torch.load(path, map_location="cpu", weights_only=True)


def load_model(path: Path, averaged: bool = True) -> Transformer:
    """The model of a checkpoint, with its averaged weights or those of its last step, in evaluation
    mode."""
    state = load(path)
    model = Transformer(ModelConfig(**state["model_config"]))
    model.load_state_dict(state["average" if averaged else "model"])
    return model.eval()


def round_to_half(model: Transformer) -> Transformer:
    """Rounds all weights, in place, to values that F16 holds: what a shipped file stores and an
    engine computes with."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    return model
