"""A small sequence model: how far does an item shown go with what the customer did? Knows tensors, and no days or files."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_PADDING = 0
_UNKNOWN = 1
_KINDS = 4  # of actions: padding, click, add-to-cart, order


class TargetAttention(nn.Module):
    """Attention of the item shown over the history, and a small network that makes one number of the two."""

    known: Tensor

    def __init__(self, items: Tensor, width: int = 32) -> None:
        """``items``: the ids to tell apart, in ascending order; all others are one to the model."""
        super().__init__()
        self.register_buffer("known", items)
        # An item is the same thing whether it is shown or was acted on.
        self.items = nn.Embedding(len(items) + 2, width, padding_idx=_PADDING)
        self.kinds = nn.Embedding(_KINDS, width, padding_idx=_PADDING)
        self.query = nn.Linear(width, width, bias=False)
        self.judge = nn.Sequential(nn.Linear(3 * width, 2 * width), nn.ReLU(), nn.Linear(2 * width, 1))
        for embedding in (self.items, self.kinds):
            nn.init.normal_(embedding.weight, std=0.3)
            nn.init.zeros_(embedding.weight[_PADDING])

    def forward(self, impressions: Tensor, actions: Tensor, action_types: Tensor) -> Tensor:
        """The logit of an order, [B], for items shown, [B], and histories padded with 0, [B, L]."""
        there = actions != 0
        shown = self.items(self._rows(impressions))
        history = self.items(self._rows(actions)) + self.kinds(action_types.int())
        fit = torch.einsum("bw,blw->bl", self.query(shown), history) / math.sqrt(shown.shape[1])
        # A finite number, so that a customer without a history gets weights all the same; these are then nothing.
        weights = torch.softmax(fit.masked_fill(~there, -1e9), dim=1) * there
        attended = torch.einsum("bl,blw->bw", weights, history)
        logit: Tensor = self.judge(torch.cat([shown, attended, shown * attended], dim=1))
        return logit.squeeze(1)

    def _rows(self, ids: Tensor) -> Tensor:
        """Rows of the embedding."""
        place = torch.searchsorted(self.known, ids).clamp(max=len(self.known) - 1)
        rows = torch.where(self.known[place] == ids, place + _UNKNOWN + 1, _UNKNOWN)
        return rows.masked_fill(ids == 0, _PADDING)
