"""Muon in F32 against PyTorch's, which orthogonalises in bfloat16."""

from __future__ import annotations

import copy

import pytest
import torch

from seedbed_training.muon import F32Muon

SETTINGS = {"lr": 1e-2, "weight_decay": 0.1, "momentum": 0.9, "adjust_lr_fn": "match_rms_adamw"}


@pytest.mark.parametrize("shape", [(24, 64), (64, 24)])
def test_it_takes_the_steps_of_torch_to_within_the_rounding_of_bfloat16(shape):
    torch.manual_seed(0)
    theirs = torch.nn.Parameter(torch.randn(shape))
    mine = copy.deepcopy(theirs)
    start = theirs.detach().clone()
    reference, muon = torch.optim.Muon([theirs], **SETTINGS), F32Muon([mine], **SETTINGS)
    for _ in range(4):
        theirs.grad = torch.randn(shape)
        mine.grad = theirs.grad.clone()
        reference.step()
        muon.step()
    assert (mine - theirs).norm() < 0.03 * (theirs - start).norm()


def test_it_goes_on_with_the_state_of_torch():
    weight = torch.nn.Parameter(torch.randn(8, 16))
    weight.grad = torch.randn(8, 16)
    reference = torch.optim.Muon([weight], **SETTINGS)
    reference.step()
    muon = F32Muon([weight], **SETTINGS)
    muon.load_state_dict(reference.state_dict())
    assert torch.equal(
        muon.state[weight]["momentum_buffer"], reference.state[weight]["momentum_buffer"]
    )
