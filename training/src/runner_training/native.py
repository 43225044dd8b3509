"""The native gather, if it is there: finds the library, and hands arrays to it by the C ABI of ``training/native``.

Calls hold no GIL, as `ctypes.CDLL` lets go of it. ``RUNNER_TRAINING_GATHER`` names the library, or turns it off (empty or
``off``); without it, the library beside this file is taken. It is the library that checks every number it is given before
it reads or writes there; this file sees to it that the arrays are of the types and sizes that it is told.
"""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np
import numpy.typing as npt

from .batch import JaggedBatch
from .day import Day

if TYPE_CHECKING:
    from .gather import Buffers

VARIABLE = "RUNNER_TRAINING_GATHER"
# What the library and this file agree on; the library says its own.
_ABI = 1
_SUFFIXES = (".so", ".dylib", ".pyd", ".dll")


class _Day(ctypes.Structure):
    _fields_ = [
        ("samples", ctypes.c_uint64),
        ("histories", ctypes.c_uint64),
        ("values", ctypes.c_uint64),
        ("item_id", ctypes.c_void_p),
        ("is_order", ctypes.c_void_p),
        ("history_row", ctypes.c_void_p),
        ("offsets", ctypes.c_void_p),
        ("actions", ctypes.c_void_p),
        ("action_types", ctypes.c_void_p),
    ]


class _Padded(ctypes.Structure):
    _fields_ = [
        ("length", ctypes.c_uint64),
        ("impressions", ctypes.c_void_p),
        ("label", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
        ("filled", ctypes.c_void_p),
        ("actions", ctypes.c_void_p),
        ("action_types", ctypes.c_void_p),
    ]


class _Jagged(ctypes.Structure):
    _fields_ = [
        ("length", ctypes.c_uint64),
        ("values", ctypes.c_uint64),
        ("impressions", ctypes.c_void_p),
        ("label", ctypes.c_void_p),
        ("offsets", ctypes.c_void_p),
        ("actions", ctypes.c_void_p),
        ("action_types", ctypes.c_void_p),
    ]


class Library:
    """The functions of the library, taking arrays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        library = ctypes.CDLL(str(path))
        library.gather_abi.restype = ctypes.c_uint32
        if library.gather_abi() != _ABI:
            raise OSError(f"{path} has version {library.gather_abi()} of the interface, not {_ABI}; install anew")
        samples: list[Any] = [ctypes.c_void_p, ctypes.c_uint64]
        self._padded = library.gather_padded
        self._padded.argtypes = [ctypes.POINTER(_Day), *samples, ctypes.POINTER(_Padded), ctypes.c_uint32]
        self._offsets = library.gather_offsets
        self._offsets.argtypes = [ctypes.POINTER(_Day), *samples, ctypes.c_uint64, ctypes.c_void_p]
        self._jagged = library.gather_jagged
        self._jagged.argtypes = [ctypes.POINTER(_Day), *samples, ctypes.POINTER(_Jagged), ctypes.c_uint32]

    def padded(self, day: Day, samples: npt.NDArray[np.int64], buffers: Buffers, threads: int) -> None:
        """Fills the first rows of ``buffers``, which must have as many rows as there are samples."""
        out = _Padded(
            buffers.length,
            _pointer(buffers.impressions, np.int32),
            _pointer(buffers.label, np.bool_),
            _pointer(buffers.lengths, np.int32),
            _pointer(buffers.filled, np.int32),
            _pointer(buffers.actions, np.int32),
            _pointer(buffers.action_types, np.int8),
        )
        status = self._padded(_day(day), _pointer(samples, np.int64), len(samples), out, threads)
        _raise(status, day, samples)

    def jagged(self, day: Day, samples: npt.NDArray[np.int64], length: int, threads: int) -> JaggedBatch:
        """The jagged batch of these samples, in memory of its own."""
        count = len(samples)
        offsets = np.empty(count + 1, np.int64)
        status = self._offsets(_day(day), _pointer(samples, np.int64), count, length, _pointer(offsets, np.int64))
        _raise(status, day, samples)
        values = int(offsets[-1])
        impressions, label = np.empty(count, np.int32), np.empty(count, np.bool_)
        actions, action_types = np.empty(values, np.int32), np.empty(values, np.int8)
        out = _Jagged(
            length,
            values,
            _pointer(impressions, np.int32),
            _pointer(label, np.bool_),
            _pointer(offsets, np.int64),
            _pointer(actions, np.int32),
            _pointer(action_types, np.int8),
        )
        _raise(self._jagged(_day(day), _pointer(samples, np.int64), count, out, threads), day, samples)
        return JaggedBatch(impressions, actions, action_types, offsets, label)


def library() -> Optional[Library]:
    """The library, or None where there is none or it is turned off. Raises `OSError` for one that was named and is not there."""
    return _load(os.environ.get(VARIABLE))


@functools.cache
def _load(named: Optional[str]) -> Optional[Library]:
    if named is not None:
        return None if named in ("", "off") else Library(Path(named))
    # What follows the name is for Python and system to choose.
    found = sorted(path for path in Path(__file__).parent.glob("_gather.*") if path.suffix in _SUFFIXES)
    return Library(found[0]) if found else None


def _day(day: Day) -> _Day:
    return _Day(
        len(day),
        day.histories,
        len(day.actions),
        _pointer(day.item_id, np.int32),
        _pointer(day.is_order, np.bool_),
        _pointer(day.history_row, np.uint32),
        _pointer(day.offsets, np.int64),
        _pointer(day.actions, np.int32),
        _pointer(day.action_types, np.int8),
    )


def _pointer(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> int:
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise TypeError(f"expected a contiguous array of {np.dtype(dtype)}, got one of {array.dtype}")
    return array.ctypes.data


def _raise(status: int, day: Day, samples: npt.NDArray[np.int64]) -> None:
    if status == 1:
        outside = samples[(samples < 0) | (samples >= len(day))]
        raise IndexError(f"sample {outside[0]} is not one of the {len(day)} of {day.day}")
    if status:
        raise ValueError(f"{day!r} is damaged: its histories do not lie within its actions (native status {status})")
