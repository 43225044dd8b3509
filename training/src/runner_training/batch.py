"""What comes out: batches of samples with their histories, padded or jagged. Knows shapes, and not where they come from."""

from __future__ import annotations

from typing import Any, NamedTuple


class Batch(NamedTuple):
    """``B`` samples, each with its history padded at the end to ``L``: ``model(b.impressions, b.actions, b.action_types)``.

    Arrays are numpy's, or torch tensors of the same types. An embedding wants ``action_types.int()`` on the device.
    """

    impressions: Any  # int32 [B], the item shown
    actions: Any  # int32 [B, L], items of the customer's newest actions, newest first; 0 is padding
    action_types: Any  # int8 [B, L], 1 click, 2 add-to-cart, 3 order; 0 is padding
    label: Any  # bool [B], whether it was ordered
    lengths: Any  # int32 [B], how much of a row is not padding
    weight: Any = None  # float32 [B] if only a share of the negatives is kept, else None


class JaggedBatch(NamedTuple):
    """``B`` samples with histories one after the other: that of sample ``i`` is ``offsets[i]:offsets[i + 1]``."""

    impressions: Any  # int32 [B]
    actions: Any  # int32 [V]
    action_types: Any  # int8 [V]
    offsets: Any  # int64 [B + 1]
    label: Any  # bool [B]
    weight: Any = None  # float32 [B] or None
