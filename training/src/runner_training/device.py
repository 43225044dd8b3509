"""Feeds whose batches are tensors on a device: copied there from pinned memory, or gathered there from resident histories.

On a GPU all of it happens on a stream of its own, beside the model's; an event tells the model's stream when a batch is
whole. Only this, `tensors` and `resident` import torch.
"""

from __future__ import annotations

import contextlib
from typing import Any, ContextManager, Iterable, List, Optional, Tuple

import numpy as np
import numpy.typing as npt
import torch

from . import gather
from .day import Day
from .feeds import AnyBatch, Feed, HostFeed, Ring, Wanted, weighted
from .resident import ResidentDay
from .tensors import from_numpy, pinned_zeros

_Handed = Tuple[AnyBatch, Optional["torch.cuda.Event"]]
# The samples of a pass, on the host and on the device.
_Order = Tuple["npt.NDArray[np.int64]", torch.Tensor]


def feed(wanted: Wanted, resident: bool) -> Feed:
    """The feed for a device."""
    device = torch.device(wanted.device)
    if device.type == "cuda" and device.index is None:
        # The one that this thread has chosen: the loader's own threads would take the first.
        device = torch.device("cuda", torch.cuda.current_device())
    if resident:
        return ResidentFeed(wanted, device)
    return HostFeed(wanted) if device.type == "cpu" else CopyFeed(wanted, device)


class _Stream:
    """A stream beside the model's, on a GPU; nothing at all elsewhere."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = torch.cuda.Stream(device) if device.type == "cuda" else None

    def here(self) -> ContextManager[Any]:
        """Within this, what is asked of the device happens on the stream."""
        return contextlib.nullcontext() if self._cuda is None else torch.cuda.stream(self._cuda)

    def mark(self) -> Optional[torch.cuda.Event]:
        """An event after all that was asked so far."""
        return None if self._cuda is None else self._cuda.record_event()

    def receive(self, batch: AnyBatch, event: Optional[torch.cuda.Event]) -> AnyBatch:
        """Lets the stream of the calling thread wait for the event, and keeps the memory until that stream is done."""
        if self._cuda is not None and event is not None:
            current = torch.cuda.current_stream(self._cuda.device)
            current.wait_event(event)
            for tensor in batch:
                if tensor is not None:
                    tensor.record_stream(current)
        return batch

    def finish(self, tensors: Iterable[torch.Tensor], user: _Stream) -> None:
        """Waits until all that was asked for is done; the memory of the tensors is kept until ``user`` is done with them."""
        if self._cuda is not None and user._cuda is not None:
            self._cuda.synchronize()
            for tensor in tensors:
                tensor.record_stream(user._cuda)


class CopyFeed:
    """Batches gathered in pinned memory and copied from there while the next one is gathered."""

    def __init__(self, wanted: Wanted, device: torch.device) -> None:
        self._wanted = wanted
        self._device = device
        self._stream = _Stream(device)
        pinned = device.type == "cuda"
        self._ring = Ring(wanted, pinned_zeros if pinned else np.zeros, 3)
        self._copied: List[Optional[torch.cuda.Event]] = [None] * 3

    def open(self, day: Day) -> Day:
        return day

    def order(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return samples

    def batch(self, day: Day, order: npt.NDArray[np.int64], start: int, end: int) -> _Handed:
        samples, wanted = order[start:end], self._wanted
        batch: AnyBatch
        if wanted.jagged:
            batch = gather.jagged(day, samples, wanted.length, threads=wanted.threads)
        else:
            buffers = self._ring.next()
            copied = self._copied[self._ring.turn]
            if copied is not None:
                copied.synchronize()
            batch = gather.padded(day, samples, wanted.length, buffers=buffers, threads=wanted.threads)
        batch = weighted(wanted, batch)
        with self._stream.here():
            tensors: Any = map(self._copy, from_numpy(batch))
            there = type(batch)(*tensors)
        event = self._stream.mark()
        if not wanted.jagged:
            self._copied[self._ring.turn] = event
        return there, event

    def receive(self, handed: _Handed) -> AnyBatch:
        return self._stream.receive(*handed)

    def close(self) -> None:
        # Memory that is let go of may be used again at once, and copies may still be under way.
        for copied in self._copied:
            if copied is not None:
                copied.synchronize()

    def _copy(self, tensor: Optional[torch.Tensor]) -> Optional[torch.Tensor]:
        # Only from pinned memory is a copy in the background really one.
        return None if tensor is None else tensor.to(self._device, non_blocking=tensor.is_pinned())


class ResidentFeed:
    """Batches gathered on the device; a day is copied there once, an order once a pass, and a batch costs no copy."""

    def __init__(self, wanted: Wanted, device: torch.device) -> None:
        self._wanted = wanted
        self._device = device
        self._stream = _Stream(device)
        # The next day is copied while batches of this one are gathered.
        self._upload = _Stream(device)

    def open(self, day: Day) -> ResidentDay:
        with self._upload.here():
            resident = ResidentDay(day, self._device)
        self._upload.finish(resident.tensors(), self._stream)
        return resident

    def order(self, samples: npt.NDArray[np.int64]) -> _Order:
        with self._upload.here():
            there = torch.from_numpy(samples).to(self._device)
        self._upload.finish([there], self._stream)
        return samples, there

    def batch(self, day: ResidentDay, order: _Order, start: int, end: int) -> _Handed:
        wanted = self._wanted
        on_host, there = order
        with self._stream.here():
            batch: AnyBatch
            if wanted.jagged:
                batch = day.jagged(there[start:end], on_host[start:end], wanted.length)
            else:
                batch = day.padded(there[start:end], wanted.length)
            if wanted.negatives_keep < 1.0:
                negative = torch.full((), 1 / wanted.negatives_keep, device=self._device)
                batch = batch._replace(weight=torch.where(batch.label, torch.ones_like(negative), negative))
        return batch, self._stream.mark()

    def receive(self, handed: _Handed) -> AnyBatch:
        return self._stream.receive(*handed)

    def close(self) -> None:
        pass
