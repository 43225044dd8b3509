"""`DayLoader`: batches of many days and epochs, made in a background thread, and where in them one is.

What the next pass needs (its order, and the day if that is another one) is made by another thread while this pass goes on, so
that there is no pause between epochs and days. The loader owns the plan (day by day, epoch by epoch,
batch by batch), the threads and the state; how a batch is made is for `runner_training.feeds`.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Optional, Tuple

from . import order
from .channel import Channel
from .day import Day
from .feeds import AnyBatch, Feed, Wanted, feed
from .files import Folder, as_day
from .state import State, check_same

_VERSION = 1


@dataclass(frozen=True)
class _Position:
    """What comes next: a batch of an epoch of a day. ``samples`` is how many the day has, if its batches have begun."""

    day: int
    epoch: int
    batch: int
    samples: int


@dataclass(frozen=True)
class _Pass:
    """All that the batches of a pass are made of. ``opened`` and ``order`` are as the feed wants them."""

    start: _Position
    day: Day
    opened: Any
    order: Any
    samples: int


_START = _Position(0, 0, 0, 0)
_Handed = Tuple[_Position, Any]


class DayLoader:
    """Iterating yields `Batch` (or `JaggedBatch`): of each day in turn, ``epochs`` passes, each in an order of its own.

    Arrays are numpy's without ``device``, and tensors there with it. ``reuse_buffers``: a batch is only good until the next
    one is taken, and not to be written to. ``resident``: histories lie on the device, and are gathered there. ``cache``: see
    `Day.open`. ``threads``: of the native gather; by default half the cores, and four at most.
    """

    def __init__(
        self,
        folder: Folder,
        days: Iterable[datetime.date | str],
        batch_size: int,
        *,
        epochs: int = 1,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        length: int = 1000,
        layout: str = "padded",
        negatives_keep: float = 1.0,
        device: Any = None,
        pin_memory: bool = False,
        resident: bool = False,
        reuse_buffers: bool = False,
        prefetch: int = 2,
        threads: Optional[int] = None,
        cache: Optional[Folder] = None,
    ) -> None:
        order.check(seed, batch_size, rank, world_size, negatives_keep)
        self.folder = folder
        self.days = [as_day(day) for day in days]
        if len(set(self.days)) != len(self.days):
            raise ValueError("a day is given more than once; for more passes over each day there is epochs=")
        if layout not in ("padded", "jagged"):
            raise ValueError(f"layout is {layout!r}; it is 'padded' or 'jagged'")
        if resident and device is None:
            raise ValueError("resident=True needs a device to hold the histories on: device='cuda', for example")
        for name, number in (("epochs", epochs), ("length", length), ("prefetch", prefetch), ("threads", threads)):
            if number is not None and number < 1:
                raise ValueError(f"{name} is {number}; it must be at least 1")
        self.epochs = epochs
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.drop_last = drop_last
        self._cache = cache
        self._resident = resident
        self._wanted = Wanted(
            batch_size=batch_size,
            length=length,
            jagged=layout == "jagged",
            negatives_keep=negatives_keep,
            threads=_threads() if threads is None else threads,
            device=device,
            pin_memory=pin_memory,
            reuse_buffers=reuse_buffers,
            prefetch=prefetch,
        )
        self._position = _START
        self._loaded = False

    def __iter__(self) -> Iterator[AnyBatch]:
        start = self._position if self._loaded else _START
        self._position, self._loaded = start, False
        return self._batches(start)

    def state_dict(self) -> State:
        """What was handed out so far, as a small dict of plain values: batches that wait in the background do not count."""
        position = self._position
        return {
            **self._fixed(),
            "day": self.days[position.day].isoformat() if self.days else "",
            "epoch": position.epoch,
            "batch": position.batch,
            "samples": position.samples,
        }

    def load_state_dict(self, state: State) -> None:
        """The next iteration goes on from there, at once. Raises `ValueError` for a state of other batches than these."""
        check_same(state, self._fixed())
        day = self.days.index(as_day(state["day"])) if self.days else 0
        self._position = _Position(day, int(state["epoch"]), int(state["batch"]), int(state["samples"]))
        self._loaded = True

    def _fixed(self) -> State:
        names = ",".join(day.isoformat() for day in self.days)
        span = f"{self.days[0]} .. {self.days[-1]}" if self.days else "none"
        return {
            "version": _VERSION,
            "seed": self.seed,
            "batch_size": self._wanted.batch_size,
            "world_size": self.world_size,
            "drop_last": self.drop_last,
            "negatives_keep": self._wanted.negatives_keep,
            # The digest tells days with gaps from days without.
            "days": f"{len(self.days)} days, {span}, {hashlib.sha256(names.encode()).hexdigest()[:8]}",
        }

    def _batches(self, start: _Position) -> Iterator[AnyBatch]:
        source = feed(self._wanted, self._resident)
        channel: Channel[_Handed] = Channel(self._wanted.prefetch)
        # The thread knows the channel and not this generator, so that a generator nobody holds any more ends, and with
        # it the thread.
        thread = threading.Thread(target=self._make, args=(start, source, channel), name="day-loader", daemon=True)
        thread.start()
        try:
            for position, handed in channel:
                self._position = position
                yield source.receive(handed)
        finally:
            channel.close()
            thread.join()
            source.close()

    def _make(self, start: _Position, source: Feed, channel: Channel[_Handed]) -> None:
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="day-opener") as opener:
                self._make_passes(start, source, channel, opener)
        except BaseException as failure:  # whatever it is, it is raised where the batch was awaited
            channel.finish(failure)
        else:
            channel.finish()

    def _make_passes(
        self, start: _Position, source: Feed, channel: Channel[_Handed], opener: ThreadPoolExecutor
    ) -> None:
        plan = self._plan(start)
        first = next(plan, None)
        ahead = opener.submit(self._prepare, source, first, None) if first is not None else None
        while ahead is not None:
            prepared = ahead.result()
            following = next(plan, None)
            ahead = opener.submit(self._prepare, source, following, prepared) if following is not None else None
            if not self._make_pass(prepared, source, channel):
                return

    def _plan(self, start: _Position) -> Iterator[_Position]:
        """Where each pass begins."""
        for day in range(start.day, len(self.days)):
            for epoch in range(start.epoch if day == start.day else 0, self.epochs):
                first = day == start.day and epoch == start.epoch
                yield start if first else _Position(day, epoch, 0, 0)

    def _prepare(self, source: Feed, start: _Position, before: Optional[_Pass]) -> _Pass:
        if before is not None and before.start.day == start.day:
            day, opened = before.day, before.opened
        else:
            day = Day.open(self.folder, self.days[start.day], cache=self._cache)
            opened = source.open(day)
        if start.samples not in (0, len(day)):
            raise ValueError(f"{day!r} had {start.samples} samples when the state was saved: it was published anew")
        key = order.Epoch(self.seed, day.day, start.epoch)
        shuffled = order.order(key, len(day), day.is_order, self._wanted.negatives_keep)
        share = order.share(shuffled, self._wanted.batch_size, self.rank, self.world_size, self.drop_last)
        return _Pass(start, day, opened, source.order(share), len(share))

    def _make_pass(self, prepared: _Pass, source: Feed, channel: Channel[_Handed]) -> bool:
        size, start = self._wanted.batch_size, prepared.start
        for first in range(start.batch * size, prepared.samples, size):
            end = min(first + size, prepared.samples)
            handed = source.batch(prepared.opened, prepared.order, first, end)
            position = _Position(start.day, start.epoch, first // size + 1, len(prepared.day))
            if not channel.put((position, handed)):
                return False
        return True


def _threads() -> int:
    # The other half is for the model.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, cores // 2))
