"""Batches of numpy arrays as batches of torch tensors. Only this, `device` and `resident` import torch."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from .batch import Batch, JaggedBatch

AnyBatch = TypeVar("AnyBatch", bound="Batch | JaggedBatch")


def from_numpy(batch: AnyBatch) -> AnyBatch:
    """The same memory as tensors."""
    tensors: Any = (None if array is None else torch.from_numpy(array) for array in batch)
    return type(batch)(*tensors)


def can_pin() -> bool:
    """Whether there is a GPU for which memory can be pinned."""
    return torch.cuda.is_available()


def pinned_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array in memory from which a GPU can copy by itself."""
    return torch.zeros(shape, dtype=_DTYPES[np.dtype(dtype)], pin_memory=True).numpy()


_DTYPES: dict[np.dtype[Any], torch.dtype] = {
    np.dtype(np.int8): torch.int8,
    np.dtype(np.int32): torch.int32,
    np.dtype(np.int64): torch.int64,
    np.dtype(np.bool_): torch.bool,
    np.dtype(np.float32): torch.float32,
}
