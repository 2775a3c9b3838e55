"""FLOPs of passes small enough to count by hand."""

from __future__ import annotations

import numpy as np

from seedbed_training.dataset import Sample
from seedbed_training.flops import forward_flops, training_flops
from seedbed_training.model import ModelConfig
from seedbed_training.passes import BlockNoise, make_pass

CONFIG = ModelConfig(
    vocab_size=10, context_length=64, width=8, layers=2, heads=4, kv_heads=2, ffn_width=6
)
# Query and output 8 x 8 each, key and value 8 x 4 each, feed-forward three times 8 x 6.
WEIGHTS_A_LAYER = 2 * 64 + 2 * 32 + 3 * 48


def test_a_forward_pass_costs_two_flops_a_weight_and_row_and_four_widths_a_pair():
    flops = forward_flops(CONFIG, rows=5, pairs=7, head_rows=3)
    assert flops == 2 * 2 * (5 * WEIGHTS_A_LAYER) + 2 * 7 * 4 * 8 + 2 * 3 * 8 * 10


def test_a_next_token_pass_counts_its_triangle_and_no_padding():
    long = Sample(np.array([5, 6, 7, 8, 1]), prompt_length=2)
    short = Sample(np.array([5, 6, 1]), prompt_length=1)
    batch = make_pass([long, short], None, 0.1, np.random.default_rng(0))
    pairs = 5 * 6 // 2 + 3 * 4 // 2
    assert training_flops(CONFIG, batch) == 3 * forward_flops(CONFIG, 8, pairs, 4 + 2)


def test_a_noisy_block_adds_its_rows_what_they_see_and_its_masks():
    sample = Sample(np.array([5, 6, 7, 8, 9, 1]), prompt_length=2)
    noise = BlockNoise(block_sizes=(4,), views=1, fully_masked=1.0, grid_at_prompt_end=1.0)
    batch = make_pass([sample], noise, 0.1, np.random.default_rng(0))
    # Six clean rows, and four masks that each see the prompt and the block.
    pairs = 6 * 7 // 2 + 4 * (2 + 4)
    assert training_flops(CONFIG, batch) == 3 * forward_flops(CONFIG, 10, pairs, 5 + 4)
