"""Makes the batches of a day from numbers of samples, in the memory and on the device where they are wanted.

A feed works in the loader's threads: one opens days and orders ahead of time, one makes batches of them. What is handed over
may still be on its way to a GPU; `receive` is called by the thread that takes the batch, and sees to it that what that
thread does next comes after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Protocol, Union

import numpy as np
import numpy.typing as npt

from . import gather
from .batch import Batch, JaggedBatch
from .day import Day
from .order import weights

AnyBatch = Union[Batch, JaggedBatch]


@dataclass(frozen=True)
class Wanted:
    """What batches are to be like."""

    batch_size: int
    length: int
    jagged: bool
    negatives_keep: float
    threads: int
    device: Any
    pin_memory: bool
    reuse_buffers: bool
    prefetch: int


class Feed(Protocol):
    """Makes batches."""

    def open(self, day: Day) -> Any:
        """The day as `batch` wants it."""

    def order(self, samples: npt.NDArray[np.int64]) -> Any:
        """The samples of a pass, in their order, as `batch` wants them."""

    def batch(self, day: Any, order: Any, start: int, end: int) -> Any:
        """The batch of a slice of the order, to be handed over."""

    def receive(self, handed: Any) -> AnyBatch:
        """The batch, for the thread that takes it."""

    def close(self) -> None:
        """No more batches are wanted, and the memory that they were made in is let go of."""


class HostFeed:
    """Batches in main memory: numpy arrays, or tensors that share their memory."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._zeros: gather.Zeros = np.zeros
        if wanted.pin_memory:
            from .tensors import can_pin, pinned_zeros

            if not can_pin():
                raise ValueError("pin_memory=True needs a GPU that torch can use, and there is none: leave it out here")
            self._zeros = pinned_zeros
        # One that is filled, one that is used, and those that wait in between.
        self._ring = Ring(wanted, self._zeros, wanted.prefetch + 2) if wanted.reuse_buffers else None

    def open(self, day: Day) -> Day:
        return day

    def order(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return samples

    def batch(self, day: Day, order: npt.NDArray[np.int64], start: int, end: int) -> AnyBatch:
        samples, wanted = order[start:end], self._wanted
        if wanted.jagged:
            return weighted(wanted, gather.jagged(day, samples, wanted.length, threads=wanted.threads))
        buffers = None
        if self._ring is not None:
            buffers = self._ring.next()
        elif wanted.pin_memory:
            buffers = gather.Buffers(len(samples), wanted.length, self._zeros)
        padded = gather.padded(day, samples, wanted.length, buffers=buffers, threads=wanted.threads)
        return weighted(wanted, padded)

    def receive(self, handed: AnyBatch) -> AnyBatch:
        if self._wanted.device is None:
            return handed
        from .tensors import from_numpy

        return from_numpy(handed)

    def close(self) -> None:
        pass


def weighted(wanted: Wanted, batch: AnyBatch) -> AnyBatch:
    """The batch with its weights, if only a share of the negatives is kept."""
    if wanted.negatives_keep == 1.0:
        return batch
    return batch._replace(weight=weights(batch.label, wanted.negatives_keep))


class Ring:
    """Buffers that are used in turn."""

    def __init__(self, wanted: Wanted, zeros: gather.Zeros, count: int) -> None:
        self._buffers: List[Optional[gather.Buffers]] = [None] * count
        self._wanted = wanted
        self._zeros = zeros
        self._turn = -1

    @property
    def turn(self) -> int:
        """The number of the buffers that were given out last."""
        return self._turn

    def next(self) -> gather.Buffers:
        """The buffers that were given out longest ago."""
        self._turn = (self._turn + 1) % len(self._buffers)
        buffers = self._buffers[self._turn]
        if buffers is None:
            buffers = gather.Buffers(self._wanted.batch_size, self._wanted.length, self._zeros)
            self._buffers[self._turn] = buffers
        return buffers


def feed(wanted: Wanted, resident: bool) -> Feed:
    """The feed for what is wanted."""
    if wanted.device is None and not wanted.pin_memory:
        return HostFeed(wanted)
    try:
        from . import device
    except ImportError as error:
        raise ImportError(f"device= and pin_memory= need torch ({error}): pip install './training[torch]'") from error
    return HostFeed(wanted) if wanted.device is None else device.feed(wanted, resident)
