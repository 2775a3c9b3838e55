"""Checkpoints: everything a run needs to go on bit for bit, replaced atomically.

A path that ends in `.pt` is one file, any other a folder of pieces (`pieces.py`).
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import torch

from . import pieces
from .model import ModelConfig, Transformer


def save(path: Path, state: dict) -> None:
    """Writes `state`; a crash leaves the previous checkpoint whole."""
    if path.suffix != ".pt":
        content = io.BytesIO()
        torch.save(state, content)
        pieces.write(path, content.getbuffer())
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    os.replace(unfinished, path)


def load(path: Path) -> dict:
    source = path if path.suffix == ".pt" else io.BytesIO(pieces.read(path))
    return torch.load(source, map_location="cpu", weights_only=True)


def exists(path: Path) -> bool:
    return path.exists() if path.suffix == ".pt" else pieces.exists(path)


def weights(state: dict) -> dict:
    """What a model is made of and no run goes on from: the averaged weights in half precision, and
    what they cost."""
    average = {name: value.half() for name, value in state["average"].items()}
    return {name: state[name] for name in ("model_config", "step", "flops")} | {"average": average}


def load_model(path: Path, averaged: bool = True) -> Transformer:
    return model_of(load(path), averaged)


def model_of(state: dict, averaged: bool = True) -> Transformer:
    """The model of a checkpoint, with its averaged weights or those of its last step, in evaluation
    mode."""
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
