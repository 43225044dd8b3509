"""Gathers the histories of a batch: numbers of samples in, a `Batch` or `JaggedBatch` of numpy arrays out.

There are two ways, and a test holds them to the same bytes: the native one (`runner_training.native`: no GIL held, several
threads, straight into the batch's memory) and numpy's, which needs nothing else and is what the native one is held against.
Knows nothing of orders, torch or devices.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np
import numpy.typing as npt

from . import native
from .batch import Batch, JaggedBatch
from .day import Day

Zeros = Callable[["tuple[int, ...]", "npt.DTypeLike"], npt.NDArray[Any]]


class Buffers:
    """Memory for padded batches of up to ``batch_size`` samples, to be used once or over and over.

    ``filled`` says for each row how many values it was filled with before; what is beyond these is zero. So a row costs
    what it holds and what it held, not its padding. It holds as long as nobody else writes to the arrays.
    """

    def __init__(self, batch_size: int, length: int, zeros: Zeros = np.zeros) -> None:
        self.length = length
        self.impressions = zeros((batch_size,), np.int32)
        self.actions = zeros((batch_size, length), np.int32)
        self.action_types = zeros((batch_size, length), np.int8)
        self.label = zeros((batch_size,), np.bool_)
        self.lengths = zeros((batch_size,), np.int32)
        self.filled = np.zeros(batch_size, np.int32)

    def first(self, count: int) -> Batch:
        """The batch in the first rows."""
        if count == len(self.label):
            return Batch(self.impressions, self.actions, self.action_types, self.label, self.lengths)
        return Batch(
            self.impressions[:count],
            self.actions[:count],
            self.action_types[:count],
            self.label[:count],
            self.lengths[:count],
        )


def padded(
    day: Day,
    samples: npt.NDArray[np.int64],
    length: int,
    *,
    buffers: Optional[Buffers] = None,
    threads: int = 1,
) -> Batch:
    """The batch of these samples with histories padded, or cut after the newest, to ``length``.

    Without ``buffers`` its memory is new. Raises `IndexError` for a sample that the day does not have.
    """
    samples = _checked(samples, length)
    library = native.library()
    if buffers is None:
        buffers = _new(len(samples), length, 1 if library is None else threads)
    elif buffers.length != length or len(buffers.label) < len(samples):
        raise ValueError(f"buffers for {len(buffers.label)} x {buffers.length} do not hold {len(samples)} x {length}")
    if library is None:
        _padded_numpy(day, samples, buffers)
    else:
        library.padded(day, samples, buffers, threads)
    return buffers.first(len(samples))


def _new(count: int, length: int, threads: int) -> Buffers:
    # What the system gives is zero, and the first touch of it costs; several threads zero used memory faster than that.
    if threads == 1:
        return Buffers(count, length)
    buffers = Buffers(count, length, np.empty)
    buffers.filled.fill(length)
    return buffers


def jagged(day: Day, samples: npt.NDArray[np.int64], length: int, *, threads: int = 1) -> JaggedBatch:
    """The batch of these samples with histories one after the other, each cut after the newest ``length``."""
    samples = _checked(samples, length)
    library = native.library()
    if library is None:
        return _jagged_numpy(day, samples, length)
    return library.jagged(day, samples, length, threads)


def _checked(samples: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    if length < 1:
        raise ValueError(f"length is {length}; it must be at least 1")
    return np.ascontiguousarray(samples, np.int64)


def _padded_numpy(day: Day, samples: npt.NDArray[np.int64], buffers: Buffers) -> None:
    count = len(samples)
    batch = buffers.first(count)
    starts, lengths = _take(day, samples, buffers.length, batch.impressions, batch.label)
    batch.lengths[:] = lengths
    # Row by row beats every way of doing it at once, whose masks and indices are larger than the batch.
    rows = zip(batch.actions, batch.action_types, starts.tolist(), lengths.tolist(), buffers.filled[:count].tolist())
    for actions, action_types, start, held, filled in rows:
        actions[:held] = day.actions[start : start + held]
        action_types[:held] = day.action_types[start : start + held]
        if filled > held:
            actions[held:filled] = 0
            action_types[held:filled] = 0
    buffers.filled[:count] = lengths


def _jagged_numpy(day: Day, samples: npt.NDArray[np.int64], length: int) -> JaggedBatch:
    impressions, label = np.empty(len(samples), np.int32), np.empty(len(samples), np.bool_)
    starts, lengths = _take(day, samples, length, impressions, label)
    offsets = np.zeros(len(samples) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    # The first is empty, as there must be one.
    rows = [slice(0, 0), *map(slice, starts.tolist(), (starts + lengths).tolist())]
    actions = np.concatenate([day.actions[row] for row in rows])
    action_types = np.concatenate([day.action_types[row] for row in rows])
    return JaggedBatch(impressions, actions, action_types, offsets, label)


def _take(
    day: Day,
    samples: npt.NDArray[np.int64],
    length: int,
    impressions: npt.NDArray[np.int32],
    label: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    # Negative numbers count from the end elsewhere in numpy; here they are as wrong as in the native way.
    outside = (samples < 0) | (samples >= len(day))
    if outside.any():
        raise IndexError(f"sample {samples[outside][0]} is not one of the {len(day)} of {day.day}")
    np.take(day.item_id, samples, out=impressions)
    np.take(day.is_order, samples, out=label)
    rows = day.history_row[samples]
    starts = day.offsets[rows]
    return starts, np.minimum(day.offsets[rows + np.uint32(1)] - starts, length)


def _flat(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # Where the values of all rows are, one row after the other: each counts on from its start.
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1] if len(ends) else 0)


class PaddedHistories:
    """Every history of a day padded once: a batch is then two takes of whole rows. Costs ``5 * length`` bytes a history."""

    def __init__(self, day: Day, length: int) -> None:
        self._day = day
        self._length = length
        lengths = np.minimum(np.diff(day.offsets), length)
        mask = np.arange(length) < lengths[:, None]
        values = _flat(day.offsets[:-1], lengths)
        self._actions = np.zeros(mask.shape, np.int32)
        self._action_types = np.zeros(mask.shape, np.int8)
        self._actions[mask] = day.actions[values]
        self._action_types[mask] = day.action_types[values]

    def batch(self, samples: npt.NDArray[np.int64]) -> Batch:
        """As `padded`, in new memory."""
        impressions, label = np.empty(len(samples), np.int32), np.empty(len(samples), np.bool_)
        _, lengths = _take(self._day, samples, self._length, impressions, label)
        rows = self._day.history_row[samples]
        actions, types = self._actions.take(rows, axis=0), self._action_types.take(rows, axis=0)
        return Batch(impressions, actions, types, label, lengths.astype(np.int32))
