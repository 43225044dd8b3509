"""A day in memory: its samples, and each customer's history once. Does not know files, batches or the order of training."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
import numpy.typing as npt

from .errors import DayError
from .files import Folder, find


@dataclass(frozen=True, eq=False)
class Day:
    """A published day: ``S`` samples that share ``H`` histories of ``N`` actions in all.

    The history of sample ``i`` is number ``h = history_row[i]``, and lies in ``offsets[h]:offsets[h + 1]`` of ``actions``
    and ``action_types``, newest first and without padding.
    """

    day: datetime.date
    layout: str
    folder: Path
    customer_id: npt.NDArray[np.int64]  # [S]
    item_id: npt.NDArray[np.int32]  # [S], the item shown
    is_order: npt.NDArray[np.bool_]  # [S], the label
    history_row: npt.NDArray[np.uint32]  # [S]
    offsets: npt.NDArray[np.int64]  # [H + 1]
    actions: npt.NDArray[np.int32]  # [N], items; at least 1
    action_types: npt.NDArray[np.int8]  # [N], 1 click, 2 add-to-cart, 3 order

    @staticmethod
    def open(folder: Folder, day: datetime.date | str, *, cache: Optional[Folder] = None) -> Day:
        """Opens a day of either layout, checks it, and holds it in memory.

        ``folder`` holds ``dt=`` folders, or ``compact`` or ``output`` with such folders; of these two ``compact`` goes
        first. With ``cache``, the day's arrays are kept in that folder as they are in memory, and mapped from there when
        the same files are opened again: that takes no time, and processes on one machine share the memory. Raises
        `DayError` if the day is missing, half there, foreign or damaged.
        """
        files = find(folder, day)
        if cache is not None:
            from .cache import open_cached

            return open_cached(files, Path(cache))
        from .reading import read

        return read(files)

    def __len__(self) -> int:
        return len(self.item_id)

    @property
    def histories(self) -> int:
        """How many histories there are."""
        return len(self.offsets) - 1

    @property
    def positives(self) -> int:
        """How many samples were ordered."""
        return int(np.count_nonzero(self.is_order))

    @property
    def nbytes(self) -> int:
        """The memory that the day takes."""
        arrays = (self.customer_id, self.item_id, self.is_order, self.history_row)
        return sum(array.nbytes for array in (*arrays, self.offsets, self.actions, self.action_types))

    def __repr__(self) -> str:
        return f"Day({self.day}, {self.layout}: {len(self):,} samples, {self.histories:,} histories, {self.folder})"

    def check(self) -> None:
        """Raises `DayError` unless every number is one that a training row may hold, and all arrays go together.

        What is not here is what only files can tell; see `runner_training.reading`.
        """
        samples, values = len(self.item_id), len(self.actions)
        if any(len(array) != samples for array in (self.customer_id, self.is_order, self.history_row)):
            raise self._error("columns of samples differ in length")
        if len(self.action_types) != values or self.offsets[0] != 0 or self.offsets[-1] != values:
            raise self._error("actions and action_types differ in length")
        if (self.offsets[1:] < self.offsets[:-1]).any():
            raise self._error("the offsets of histories do not ascend")
        if samples and int(self.history_row.max()) >= self.histories:
            raise self._error(f"history_row {int(self.history_row.max())} is not one of {self.histories} histories")
        self._at_least_1("customer_id", self.customer_id)
        self._at_least_1("item_id", self.item_id)
        self._at_least_1("actions", self.actions)
        self._at_least_1("action_types", self.action_types)
        if values and int(self.action_types.max()) > 3:
            raise self._error(f"action_types holds {int(self.action_types.max())}, which is not one of 1, 2 and 3")
        if (self.customer_id[1:] < self.customer_id[:-1]).any():
            raise self._error("samples are not ordered by customer_id")

    def _at_least_1(self, name: str, array: npt.NDArray[np.integer]) -> None:
        if len(array) and int(array.min()) < 1:
            raise self._error(f"{name} holds {int(array.min())}, and 0 is the padding: ids begin at 1")

    def _error(self, found: str) -> DayError:
        return DayError(self.day, self.folder, found, "publish the day again with `runner run`")
