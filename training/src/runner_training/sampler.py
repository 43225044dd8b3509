"""Batches of sample numbers for a plain `DataLoader`: `DayBatchSampler`, with ranks and exact resume.

The order is that of `runner_training.order`; this adds where one is in it.
"""

from __future__ import annotations

import datetime
from typing import Iterator, Optional, Union

import numpy as np
import numpy.typing as npt

from . import order
from .day import Day
from .files import as_day
from .state import State, check_same

_VERSION = 1


class DayBatchSampler:
    """Yields int64 arrays of sample numbers, for ``DataLoader(dataset, batch_sampler=...)``.

    The order depends on (seed, day, epoch) alone. Each rank gets every ``world_size``-th sample of it. Without
    ``drop_last`` the last batch may be short, and ranks may differ by one batch; with it all batches are full and all
    ranks have as many. A pass that comes to its end moves on to the next epoch, so an order does not come twice because
    `set_epoch` was forgotten.

    ``state_dict`` counts what was drawn from here. A `DataLoader` with workers draws ahead of what it hands out; torchdata's
    `StatefulDataLoader` knows by how much, and keeps the right state by itself.
    """

    def __init__(
        self,
        samples: Union[int, Day],
        batch_size: int,
        seed: int = 0,
        day: Optional[datetime.date | str] = None,
        epoch: int = 0,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        negatives_keep: float = 1.0,
    ) -> None:
        order.check(seed, batch_size, rank, world_size, negatives_keep)
        is_order = None
        if isinstance(samples, Day):
            day = samples.day if day is None else day
            is_order = samples.is_order
        elif negatives_keep < 1.0:
            raise ValueError("negatives_keep needs the day itself: give a Day instead of a number of samples")
        if day is None:
            raise ValueError("the order depends on the day: give day=..., or a Day instead of a number of samples")
        self.samples = samples if isinstance(samples, int) else len(samples)
        self.batch_size = batch_size
        self.seed = seed
        self.day = as_day(day)
        self.rank = rank
        self.world_size = world_size
        self.drop_last = drop_last
        self.negatives_keep = negatives_keep
        self._is_order = is_order
        # Where the latest pass is. Only a loaded state lets the next one begin elsewhere than at the first batch.
        self._epoch = epoch
        self._batch = 0
        self._loaded = False
        self._shared: Optional[tuple[int, npt.NDArray[np.int64]]] = None

    @property
    def epoch(self) -> int:
        """The epoch of the pass that is going on or comes next."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """The next pass is that of this epoch; from its beginning, unless it is the one that a loaded state is within."""
        if epoch != self._epoch:
            self._epoch, self._batch, self._loaded = epoch, 0, False

    def __len__(self) -> int:
        """The batches of a whole pass of this epoch."""
        if self.negatives_keep < 1.0:
            return self._steps(len(self._share(self._epoch)))
        return self._steps(
            order.share_length(self.samples, self.batch_size, self.rank, self.world_size, self.drop_last)
        )

    def __iter__(self) -> Iterator[npt.NDArray[np.int64]]:
        if not self._loaded:
            self._batch = 0
        self._loaded = False
        return _Pass(self)

    def state_dict(self) -> State:
        """Where it is, as a small dict of plain values."""
        return {**self._fixed(), "epoch": self._epoch, "batch": self._batch}

    def load_state_dict(self, state: State) -> None:
        """Goes there. Raises `ValueError` for the state of another order, as the same place in it is not the same samples."""
        check_same(state, self._fixed())
        self._epoch, self._batch, self._loaded = int(state["epoch"]), int(state["batch"]), True

    def _fixed(self) -> State:
        return {
            "version": _VERSION,
            "seed": self.seed,
            "day": self.day.isoformat(),
            "samples": self.samples,
            "batch_size": self.batch_size,
            "world_size": self.world_size,
            "drop_last": self.drop_last,
            "negatives_keep": self.negatives_keep,
        }

    def _share(self, epoch: int) -> npt.NDArray[np.int64]:
        if self._shared is None or self._shared[0] != epoch:
            key = order.Epoch(self.seed, self.day, epoch)
            shuffled = order.order(key, self.samples, self._is_order, self.negatives_keep)
            share = order.share(shuffled, self.batch_size, self.rank, self.world_size, self.drop_last)
            self._shared = epoch, share
        return self._shared[1]

    def _steps(self, share: int) -> int:
        return -(-share // self.batch_size)

    def _draw(self, epoch: int, number: int) -> Optional[npt.NDArray[np.int64]]:
        drawn = self._share(epoch)[number * self.batch_size : (number + 1) * self.batch_size]
        return drawn if len(drawn) else None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_shared": None}


class _Pass:
    """One pass, which has a state of its own: torchdata asks the iterator of a sampler for it as well."""

    def __init__(self, sampler: DayBatchSampler) -> None:
        self._sampler = sampler
        self._epoch = sampler._epoch
        self._batch = sampler._batch

    def __iter__(self) -> _Pass:
        return self

    def __next__(self) -> npt.NDArray[np.int64]:
        sampler = self._sampler
        drawn = sampler._draw(self._epoch, self._batch)
        if drawn is None:
            sampler._epoch, sampler._batch = self._epoch + 1, 0
            raise StopIteration
        self._batch += 1
        sampler._epoch, sampler._batch = self._epoch, self._batch
        return drawn

    def state_dict(self) -> State:
        return {**self._sampler._fixed(), "epoch": self._epoch, "batch": self._batch}

    def load_state_dict(self, state: State) -> None:
        check_same(state, self._sampler._fixed())
        self._epoch, self._batch = int(state["epoch"]), int(state["batch"])
