"""What is known of items on the days to train on, whoever is shown them: the baseline. Knows no histories of customers."""

from __future__ import annotations

from typing import Iterable, NamedTuple

import numpy as np
import numpy.typing as npt

from runner_training import Day

Ids = npt.NDArray[np.int32]
# As many impressions of the usual order rate are added to those of each item, since a few say little.
_PRIOR = 20.0


class Popularity(NamedTuple):
    """Items in ascending order of id, and what each is expected to do, whoever is shown it."""

    items: Ids
    order_rate: npt.NDArray[np.float64]
    acted_on: npt.NDArray[np.float64]
    usual_rate: float

    @staticmethod
    def of(days: Iterable[Day]) -> Popularity:
        """Counts what was shown, ordered and acted on; a history counts on every day that has it."""
        shown, ordered, acted_on = [], [], []
        for day in days:
            shown.append(day.item_id)
            ordered.append(day.item_id[day.is_order])
            acted_on.append(day.actions)
        items = np.unique(np.concatenate(shown + acted_on))
        shows, orders, acts = (_count(items, np.concatenate(ids)) for ids in (shown, ordered, acted_on))
        usual = orders.sum() / max(shows.sum(), 1.0)
        return Popularity(items, (orders + _PRIOR * usual) / (shows + _PRIOR), acts, float(usual))

    def order_rates(self, items: Ids) -> npt.NDArray[np.float64]:
        """The rate at which each of these was ordered when shown, smoothed: a probability."""
        return self._look_up(self.order_rate, items, self.usual_rate)

    def times_acted_on(self, items: Ids) -> npt.NDArray[np.float64]:
        """How often each of these stands in a history: a score, and no probability."""
        return self._look_up(self.acted_on, items, 0.0)

    def _look_up(self, of: npt.NDArray[np.float64], items: Ids, unknown: float) -> npt.NDArray[np.float64]:
        place = np.minimum(np.searchsorted(self.items, items), len(self.items) - 1)
        return np.where(self.items[place] == items, of[place], unknown)


def _count(items: Ids, ids: Ids) -> npt.NDArray[np.float64]:
    return np.bincount(np.searchsorted(items, ids), minlength=len(items)).astype(np.float64)
