"""A day that lies on a device, and is gathered there by torch. Knows nothing of streams, orders and threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .batch import Batch, JaggedBatch
from .day import Day


class ResidentDay:
    """The arrays of a day as tensors on ``device``."""

    def __init__(self, day: Day, device: torch.device) -> None:
        self._lengths = np.diff(day.offsets)[day.history_row]
        self._values = len(day.actions)

        def there(array: npt.NDArray[Any]) -> torch.Tensor:
            return torch.from_numpy(np.array(array)).to(device)

        self._item_id = there(day.item_id)
        self._is_order = there(day.is_order)
        self._history_row = there(day.history_row.astype(np.int64))
        self._offsets = there(day.offsets)
        # One value more, which is the padding: every place beyond the end of a history is pointed at it.
        self._actions = there(np.append(day.actions, np.int32(0)))
        self._action_types = there(np.append(day.action_types, np.int8(0)))

    def tensors(self) -> list[torch.Tensor]:
        """All that lies on the device."""
        samples = [self._item_id, self._is_order, self._history_row]
        return [*samples, self._offsets, self._actions, self._action_types]

    def padded(self, samples: torch.Tensor, length: int) -> Batch:
        """As `gather.padded`."""
        starts, lengths = self._find(samples, length)
        place = torch.arange(length, device=samples.device)
        values = torch.where(place < lengths[:, None], starts[:, None] + place, self._values)
        actions, types = self._actions[values], self._action_types[values]
        return Batch(self._item_id[samples], actions, types, self._is_order[samples], lengths.int())

    def jagged(self, samples: torch.Tensor, host_samples: npt.NDArray[np.int64], length: int) -> JaggedBatch:
        """As `gather.jagged`. The samples are wanted on the host as well, for the size of the batch without a wait."""
        starts, lengths = self._find(samples, length)
        total = int(np.minimum(self._lengths[host_samples], length).sum())
        offsets = torch.zeros(len(samples) + 1, dtype=torch.int64, device=samples.device)
        torch.cumsum(lengths, 0, out=offsets[1:])
        shift = torch.repeat_interleave(starts - offsets[:-1], lengths, output_size=total)
        values = shift + torch.arange(total, device=samples.device)
        actions, types = self._actions[values], self._action_types[values]
        return JaggedBatch(self._item_id[samples], actions, types, offsets, self._is_order[samples])

    def _find(self, samples: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self._history_row[samples]
        starts = self._offsets[rows]
        return starts, (self._offsets[rows + 1] - starts).clamp(max=length)
