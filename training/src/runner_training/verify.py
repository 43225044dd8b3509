"""What published files can tell about whether they are right: `verify` gives back what it looked at and what is wrong.

Knows the layouts by `Day` alone. What it cannot see is said in `CANNOT_SEE`, which the command line shows.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import numpy as np
import numpy.typing as npt

from .day import Day
from .errors import DayError
from .files import Folder, days, layouts

CANNOT_SEE = (
    "Published files hold no timestamps, so whether an action lies before its day is seen only where the next published "
    "day shows it: there, a customer's history must go on from the earlier one. An action that came too early is missed if "
    "the customer is not shown anything on the later day, or did nothing else in between. Whether labels and items are "
    "those of the raw events is not seen at all."
)

# Of so many of the oldest actions being the same, that none has left the look-back is taken to follow.
_SAME_OLDEST = 3


@dataclass
class Report:
    """Lines about what was looked at, and lines about what is wrong."""

    seen: List[str] = field(default_factory=list)
    wrong: List[str] = field(default_factory=list)


def verify(folder: Folder, other: Optional[Folder] = None) -> Report:
    """Looks at every day of the layouts at or below ``folder``, and of those at or below ``other``."""
    report = Report()
    found = list(layouts(folder).items()) + (list(layouts(other).items()) if other is not None else [])
    if not found:
        report.wrong.append(f"{folder}: no published days")
        return report
    per_folder = [(layout, path, set(days(path))) for layout, path in found]
    every = sorted(set().union(*(published for _, _, published in per_folder)))
    before: Optional[Day] = None
    for day in every:
        opened = []
        for layout, path, published in per_folder:
            if day in published:
                opened.extend(_open(report, path, day))
            elif len(per_folder) > 1:
                report.wrong.append(f"{day}: there is no {layout} day in {path}")
        for one, two in zip(opened, opened[1:]):
            report.wrong.extend(differences(one, two))
        if opened:
            both = " and ".join(dict.fromkeys(day.layout for day in opened))
            line = f"{day}: {both}, {len(opened[0]):,} samples, {opened[0].histories:,} histories"
            if before is not None:
                continued = continuity(before, opened[0])
                line += f", {continued.compared:,} of them held against {before.day}"
                report.wrong.extend(continued.broken)
            report.seen.append(line)
            before = opened[0]
    return report


def differences(one: Day, two: Day) -> Iterator[str]:
    """In what two forms of a day do not say the same; one line at most."""
    if len(one) != len(two):
        yield f"{one.day}: {len(one)} samples in {one.folder}, {len(two)} in {two.folder}"
        return
    for name in ("customer_id", "item_id", "is_order"):
        a, b = getattr(one, name), getattr(two, name)
        if not np.array_equal(a, b):
            row = int(np.flatnonzero(a != b)[0])
            yield f"{one.day}: {name} of row {row} is {a[row]} in {one.folder}, {b[row]} in {two.folder}"
            return
    rows = _first_rows(one, two)
    for row in rows.tolist():
        a, b = _history(one, one.history_row[row]), _history(two, two.history_row[row])
        if not np.array_equal(a, b):
            yield f"{one.day}: the history of customer {one.customer_id[row]} in row {row} differs: {one.folder}, {two.folder}"
            return


@dataclass(frozen=True)
class Continuity:
    """How many customers have a history on both days, and those whose histories do not go together."""

    compared: int
    broken: List[str]


def continuity(earlier: Day, later: Day) -> Continuity:
    """Whether the histories of the later day go on from those of the earlier one.

    A history is what it was, with newer actions before it, and less of its oldest ones where these have left the look-back
    or no longer fit. An action that the earlier day should not have known yet stands elsewhere in the later one.
    """
    then, now = _by_customer(earlier), _by_customer(later)
    longest = max((int(np.diff(day.offsets).max()) for day in (earlier, later) if day.histories), default=0)
    both = sorted(then.keys() & now.keys())
    broken = []
    for customer in both:
        old, new = _history(earlier, then[customer]), _history(later, now[customer])
        if len(old) and len(new) < longest and not _goes_on(old, new) and _same_oldest(old, new):
            broken.append(customer)
    lines = []
    if broken:
        lines.append(
            f"{later.day}: the histories of {len(broken)} customers, of {broken[0]} for one, do not go on from those of "
            f"{earlier.day}: one of the days has actions that it should not have, or the raw events changed in between"
        )
    return Continuity(len(both), lines)


def _open(report: Report, folder: Path, day: datetime.date) -> List[Day]:
    try:
        return [Day.open(folder, day)]
    except DayError as error:
        report.wrong.append(str(error))
        return []


def _first_rows(one: Day, two: Day) -> npt.NDArray[np.int64]:
    # A pair of histories is looked at once, however many rows have it.
    pairs = one.history_row.astype(np.int64) * max(two.histories, 1) + two.history_row
    return np.sort(np.unique(pairs, return_index=True)[1])


def _by_customer(day: Day) -> Dict[int, int]:
    return dict(zip(day.customer_id.tolist(), day.history_row.tolist()))


def _history(day: Day, row: int) -> npt.NDArray[np.int64]:
    """Items and types of a history as single numbers."""
    start, end = day.offsets[int(row)], day.offsets[int(row) + 1]
    return day.actions[start:end].astype(np.int64) << 2 | day.action_types[start:end]


def _goes_on(old: npt.NDArray[np.int64], new: npt.NDArray[np.int64]) -> bool:
    starts = np.flatnonzero(new == old[0])
    return any(
        len(new) - start <= len(old) and np.array_equal(new[start:], old[: len(new) - start]) for start in starts
    )


def _same_oldest(old: npt.NDArray[np.int64], new: npt.NDArray[np.int64]) -> bool:
    count = min(_SAME_OLDEST, len(old) - 1)
    return count > 0 and len(new) >= count and np.array_equal(old[-count:], new[-count:])
