"""Decodes many requests at once, with a KV cache: the reference sampler for thousands of answers.

The decoders are those of the reference. What differs is rounding: rows are evaluated beside other
requests' rows, and confidences are summed in numpy's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..model import Transformer, rotary_angles
from ..passes import MASK
from ..visibility import slice_visibility
from .contract import Contract, Parameters
from .decoder import Decoder
from .decoding import make_decoder
from .drawing import Drawn
from .rounds import Slice

_ROW_CLASSES = (1, 16, 32, 64)  # slices of similar length share a forward pass


class SlotCache:
    """KV of up to `slots` sequences of at most `capacity` positions."""

    def __init__(self, model: Transformer, slots: int, capacity: int) -> None:
        self.model = model
        self.capacity = capacity
        config = model.config
        shape = (config.layers, 2, slots, capacity, config.kv_heads, config.head_width)
        self._kv = torch.zeros(shape)

    @torch.no_grad()
    def evaluate(self, slots: list[int], slices: list[Slice]) -> list[np.ndarray]:
        """F32 [rows - first_logits_row, vocab_size] of each slice; one slice a slot."""
        rows = max(slice_.rows for slice_ in slices)
        starts = torch.tensor([len(slice_.context) for slice_ in slices])
        token_ids = torch.zeros(len(slices), rows, dtype=torch.long)
        length = int(starts.max()) + rows
        visible = torch.zeros(len(slices), rows, length, dtype=torch.bool)
        visible[..., 0] = True  # padding must see something
        marked = torch.zeros(len(slices), rows, dtype=torch.bool)
        wanted = torch.zeros(len(slices), rows, dtype=torch.bool)
        for i, slice_ in enumerate(slices):
            token_ids[i, : slice_.rows] = torch.tensor(slice_.token_ids)
            start = len(slice_.context)
            seen = slice_visibility(slice_.rows, slice_.clean_rows, start, slice_.grid)
            visible[i, : slice_.rows, : start + slice_.rows] = seen
            marked[i, : slice_.rows] = torch.tensor(slice_.marked(MASK))
            wanted[i, slice_.first_logits_row : slice_.rows] = True
        positions = starts[:, None] + torch.arange(rows)
        embedded = self.model.embed(token_ids, marked)
        hidden = self._forward(embedded, positions, visible, torch.tensor(slots))
        logits = self.model.logits(hidden[wanted]).float().numpy()
        ends = np.cumsum(wanted.sum(1).numpy())[:-1]
        return np.split(logits, ends)

    def _forward(self, x: Tensor, positions: Tensor, visible: Tensor, slots: Tensor) -> Tensor:
        cosine, sine = rotary_angles(self.model.config, positions)
        # Padding behind the longest slice may stand past the end; nobody sees it.
        places = (slots[:, None], positions.clamp_max(self.capacity - 1))
        for layer, (keys, values) in zip(self.model.layers, self._kv, strict=True):
            query, key, value = layer.attention.project(layer.attention_norm(x), cosine, sine)
            keys[places] = key.transpose(1, 2).float()
            values[places] = value.transpose(1, 2).float()
            cached = [
                kv[slots, : visible.shape[-1]].to(query.dtype).transpose(1, 2)
                for kv in (keys, values)
            ]
            mixed = F.scaled_dot_product_attention(
                query, *cached, attn_mask=visible[:, None], enable_gqa=True
            )
            x = x + layer.attention.output(mixed.transpose(1, 2).flatten(2))
            x = x + layer.ffn(layer.ffn_norm(x))
        return self.model.output_norm(x)


def quick_draw(
    logits: np.ndarray, forbidden: tuple[int, ...], temperature: float, top_p: float, u: float
) -> Drawn:
    """`draw` with numpy's exponentials; the margin is not measured."""
    logits[list(forbidden)] = -np.inf
    token_id = int(logits.argmax())
    exponentials = np.exp(logits - logits[token_id])
    if temperature > 0:
        tempered = np.exp((logits - logits[token_id]) / temperature)
        order = np.argsort(-tempered, kind="stable")
        cumulated = np.cumsum(tempered[order], dtype=np.float64)
        kept = int(np.searchsorted(cumulated, top_p * cumulated[-1])) if top_p < 1 else -1
        token_id = int(order[np.searchsorted(cumulated, u * cumulated[kept], side="right")])
    return Drawn(token_id, float(exponentials[token_id] / exponentials.sum()), np.inf)


def decode_together(
    model: Transformer,
    contract: Contract,
    requests: Iterable[tuple[list[int], Parameters]],
    slots: int = 64,
    make: Callable[[Contract, list[int], Parameters], Decoder] = make_decoder,
    drawing: Callable[..., Drawn] = quick_draw,
) -> Iterator[tuple[int, Decoder]]:
    """(number of the request, its decoder) in the order in which the requests end."""
    cache = SlotCache(model, slots, contract.context_length + 2 * contract.max_block_size)
    waiting = enumerate(requests)
    running: dict[int, tuple[int, Decoder]] = {}  # by slot
    while True:
        for slot in range(slots):
            if slot not in running and (request := next(waiting, None)):
                number, (prompt, parameters) = request
                running[slot] = (number, make(contract, prompt, parameters))
                running[slot][1].drawing = drawing
        if not running:
            return
        for slot, finished in _round(cache, running):
            if finished:
                yield running.pop(slot)


def _round(cache: SlotCache, running: dict[int, tuple[int, Decoder]]) -> Iterator[tuple[int, bool]]:
    """One round of every running request; (slot, whether it ended) of each."""
    planned = [(slot, decoder, decoder.plan()) for slot, (_, decoder) in running.items()]
    planned.sort(key=lambda each: each[2].rows)
    for _, members in groupby(planned, key=lambda each: _row_class(each[2].rows)):
        slots, decoders, slices = zip(*members, strict=True)
        ending = [decoder.stop_before(s) for decoder, s in zip(decoders, slices, strict=True)]
        logits = cache.evaluate(list(slots), list(slices))
        for slot, decoder, slice_, stop, rows in zip(
            slots, decoders, slices, ending, logits, strict=True
        ):
            step = stop or decoder.absorb(slice_, rows)
            yield slot, bool(step.finish_reason)


def _row_class(rows: int) -> int:
    return sum(rows > most for most in _ROW_CLASSES)
