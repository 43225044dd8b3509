"""A day as a map-style dataset: a plain `DataLoader` takes it as it is, and gets its batches whole.

A `DataLoader` asks a dataset that has ``__getitems__`` for a batch at a time, and hands the list it gets to its collate
function. Ours is a list of one: the batch, of a type that torch's ``default_collate_fn_map`` is told to make tensors of. So
nothing is done row by row, and there is no collate function to pass. torch is not imported here: it is told once it is there.
"""

from __future__ import annotations

import sys
from typing import Any, List, Optional, Sequence

import numpy as np
import numpy.typing as npt

from . import gather, order
from .batch import Batch
from .day import Day


class DayDataset:
    """The samples of a day; ``DataLoader(DayDataset(day), batch_size=1024, shuffle=True)`` yields `Batch` of tensors.

    ``length``: what histories are padded or cut to. ``negatives_keep``: the share that the sampler keeps, for the weights.
    ``cache_padded`` holds every history padded, for speed without the native gather: ``5 * length`` bytes a customer.
    """

    def __init__(
        self, day: Day, length: int = 1000, *, negatives_keep: float = 1.0, cache_padded: bool = False, threads: int = 1
    ) -> None:
        order.check(0, 1, 0, 1, negatives_keep)
        if length < 1:
            raise ValueError(f"length is {length}; it must be at least 1")
        self.day = day
        self.length = length
        self.negatives_keep = negatives_keep
        self.threads = threads
        self._padded: Optional[gather.PaddedHistories] = gather.PaddedHistories(day, length) if cache_padded else None

    def __len__(self) -> int:
        return len(self.day)

    def __getitem__(self, index: int) -> Batch:
        """A single sample, without the first dimension; with a weight, so that torch can collate it."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} is not one of the {len(self)} of {self.day.day}")
        batch = self.batch([index % len(self)])
        if batch.weight is None:
            batch = batch._replace(weight=np.ones(1, np.float32))
        fields: Any = (array[0] for array in batch)
        return Batch(*fields)

    def __getitems__(self, indices: Sequence[int]) -> List[_Whole]:
        """What a `DataLoader` asks for. For a batch of numpy arrays there is `batch`."""
        _teach_torch()
        return [_Whole(self.batch(indices))]

    def batch(self, indices: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """The batch of these samples, as numpy arrays."""
        samples = np.asarray(indices, np.int64)
        if self._padded is None:
            batch = gather.padded(self.day, samples, self.length, threads=self.threads)
        else:
            batch = self._padded.batch(samples)
        if self.negatives_keep == 1.0:
            return batch
        return batch._replace(weight=order.weights(batch.label, self.negatives_keep))


class _Whole:
    """A batch that is whole already."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch


def _teach_torch() -> None:
    # Whoever asks for batches through a DataLoader has imported torch; in a worker process it is told anew.
    torch = sys.modules.get("torch")
    if torch is not None:
        from torch.utils.data._utils.collate import default_collate_fn_map

        default_collate_fn_map.setdefault(_Whole, _to_tensors)


def _to_tensors(wholes: List[_Whole], *, collate_fn_map: Any = None) -> Batch:
    from .tensors import from_numpy

    return from_numpy(wholes[0].batch)
