"""What a checkpoint is turned away with."""

from __future__ import annotations


class CheckpointRefused(ValueError):
    """Says what of the checkpoint is not understood, its value and what was expected."""
