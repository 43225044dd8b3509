"""Feeds whose batches are tensors on a device: copied there from pinned memory, or gathered there from resident histories.

On a GPU all of it happens on a stream of its own, beside the model's; an event tells the model's stream when a batch is
whole. The only module beside `tensors` and `resident` that knows torch.
"""

from __future__ import annotations

import contextlib
from typing import Any, ContextManager, List, Optional, Tuple

import numpy as np
import numpy.typing as npt
import torch

from . import gather, order
from .day import Day
from .feeds import AnyBatch, Feed, HostFeed, Ring, Wanted
from .resident import ResidentDay
from .tensors import from_numpy, pinned_zeros

_Handed = Tuple[AnyBatch, Optional["torch.cuda.Event"]]


def feed(wanted: Wanted, resident: bool) -> Feed:
    """The feed for a device."""
    device = torch.device(wanted.device)
    if resident:
        return ResidentFeed(wanted, device)
    return HostFeed(wanted) if device.type == "cpu" else CopyFeed(wanted, device)


class _Stream:
    """A stream beside the model's, on a GPU; nothing at all elsewhere."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = torch.cuda.Stream(device) if device.type == "cuda" else None

    def here(self) -> "ContextManager[Any]":
        """Within this, what is asked of the device happens on the stream."""
        return contextlib.nullcontext() if self._cuda is None else torch.cuda.stream(self._cuda)

    def mark(self) -> "Optional[torch.cuda.Event]":
        """An event after all that was asked so far."""
        return None if self._cuda is None else self._cuda.record_event()

    def receive(self, batch: AnyBatch, event: "Optional[torch.cuda.Event]") -> AnyBatch:
        """Lets the stream of the calling thread wait for the event, and keeps the memory until that stream is done."""
        if self._cuda is not None and event is not None:
            current = torch.cuda.current_stream(self._cuda.device)
            current.wait_event(event)
            for tensor in batch:
                if tensor is not None:
                    tensor.record_stream(current)
        return batch


class CopyFeed:
    """Batches gathered in pinned memory and copied from there while the next one is gathered."""

    def __init__(self, wanted: Wanted, device: torch.device) -> None:
        self._wanted = wanted
        self._device = device
        self._stream = _Stream(device)
        pinned = device.type == "cuda"
        self._ring = Ring(wanted, pinned_zeros if pinned else np.zeros, 3)
        self._copied: "List[Optional[torch.cuda.Event]]" = [None] * 3

    def open(self, day: Day) -> None:
        self._day = day

    def share(self, samples: "npt.NDArray[np.int64]") -> None:
        self._samples = samples

    def batch(self, start: int, end: int) -> _Handed:
        samples, wanted = self._samples[start:end], self._wanted
        batch: AnyBatch
        if wanted.jagged:
            batch = gather.jagged(self._day, samples, wanted.length, threads=wanted.threads)
        else:
            buffers = self._ring.next()
            copied = self._copied[self._ring.turn]
            if copied is not None:
                copied.synchronize()
            batch = gather.padded(self._day, samples, wanted.length, buffers=buffers, threads=wanted.threads)
        if wanted.negatives_keep < 1.0:
            batch = batch._replace(weight=order.weights(batch.label, wanted.negatives_keep))
        with self._stream.here():
            there = type(batch)(*map(self._copy, from_numpy(batch)))
        event = self._stream.mark()
        if not wanted.jagged:
            self._copied[self._ring.turn] = event
        return there, event

    def receive(self, handed: _Handed) -> AnyBatch:
        return self._stream.receive(*handed)

    def _copy(self, tensor: "Optional[torch.Tensor]") -> "Optional[torch.Tensor]":
        # Only from pinned memory is a copy in the background really one.
        return None if tensor is None else tensor.to(self._device, non_blocking=tensor.is_pinned())


class ResidentFeed:
    """Batches gathered on the device; a day is copied there once, an order once an epoch, and a batch costs no copy."""

    def __init__(self, wanted: Wanted, device: torch.device) -> None:
        self._wanted = wanted
        self._device = device
        self._stream = _Stream(device)

    def open(self, day: Day) -> None:
        with self._stream.here():
            self._day = ResidentDay(day, self._device)

    def share(self, samples: "npt.NDArray[np.int64]") -> None:
        self._host_samples = samples
        with self._stream.here():
            self._samples = torch.from_numpy(samples).to(self._device)

    def batch(self, start: int, end: int) -> _Handed:
        wanted = self._wanted
        with self._stream.here():
            samples = self._samples[start:end]
            batch: AnyBatch
            if wanted.jagged:
                batch = self._day.jagged(samples, self._host_samples[start:end], wanted.length)
            else:
                batch = self._day.padded(samples, wanted.length)
            if wanted.negatives_keep < 1.0:
                negative = torch.full((), 1 / wanted.negatives_keep, device=self._device)
                batch = batch._replace(weight=torch.where(batch.label, torch.ones_like(negative), negative))
        return batch, self._stream.mark()

    def receive(self, handed: _Handed) -> AnyBatch:
        return self._stream.receive(*handed)
