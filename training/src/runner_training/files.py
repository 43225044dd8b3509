"""Which files make up a day, and in which of the two layouts. Knows names of files and folders, and opens none of them."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from .errors import DayError

Folder = Union[str, "os.PathLike[str]"]

COMPACT = "compact"
WIDE = "wide"
HISTORIES = "histories.parquet"
SAMPLES = "samples.parquet"

_MAKE = "publish it with `runner run --layout compact` (or `both`)"
_AGAIN = "publish the day again with `runner run`"


@dataclass(frozen=True)
class DayFiles:
    """The files of a published day."""

    day: datetime.date
    layout: str
    folder: Path
    paths: tuple[Path, ...]


def days(folder: Folder) -> list[datetime.date]:
    """The days published in a folder, in order: those of its compact layout if it holds both."""
    root = _root(Path(folder))
    return [] if root is None else sorted(_published(root))


def find(folder: Folder, day: datetime.date | str) -> DayFiles:
    """The files of a day. ``folder`` holds ``dt=`` folders, or ``compact`` or ``output`` with such folders."""
    day = as_day(day)
    root = Path(folder)
    for parent in (root, root / "compact", root / "output"):
        at = parent / f"dt={day}"
        if at.is_dir():
            return _sort(day, at)
    there = days(folder)
    found = f"is not published; there are {_span(there)}" if there else "is not published, nor is any other day"
    if not root.exists():
        found = "does not exist"
    elif root.name.startswith("dt="):
        found = "is the folder of a single day"
        raise DayError(day, root, found, f"give the folder above it: {root.parent}")
    raise DayError(day, root, found, _MAKE)


def layouts(folder: Folder) -> dict[str, Path]:
    """The folders of days by layout, as far as they are at or below ``folder``."""
    found: dict[str, Path] = {}
    root = Path(folder)
    for parent in (root, root / "compact", root / "output"):
        if _published(parent):
            found.setdefault(_layout(parent), parent)
    return found


def _layout(folder: Path) -> str:
    """That of the first day that has one; the name of the folder if all of its days are damaged."""
    for day in sorted(_published(folder)):
        try:
            return _sort(day, folder / f"dt={day}").layout
        except DayError:
            continue
    return folder.name


def as_day(day: datetime.date | str) -> datetime.date:
    """A day from ``2025-08-16`` or ``dt=2025-08-16``, or the day that it is already."""
    if isinstance(day, datetime.datetime):
        return day.date()
    if isinstance(day, datetime.date):
        return day
    try:
        return datetime.date.fromisoformat(day[3:] if day.startswith("dt=") else day)
    except ValueError:
        raise ValueError(f"{day!r} is not a day; write it as 2025-08-16") from None


def _root(folder: Path) -> Optional[Path]:
    for parent in (folder, folder / "compact", folder / "output"):
        if _published(parent):
            return parent
    return None


def _published(folder: Path) -> list[datetime.date]:
    # Names that begin with a dot are those of days that are being put together.
    if not folder.is_dir():
        return []
    found = []
    for entry in folder.iterdir():
        if entry.name.startswith("dt=") and entry.is_dir():
            try:
                found.append(datetime.date.fromisoformat(entry.name[3:]))
            except ValueError:
                continue
    return found


def _sort(day: datetime.date, folder: Path) -> DayFiles:
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith((".", "_")))
    if not names:
        raise DayError(day, folder, "is empty", _AGAIN)
    foreign = [name for name in names if not name.endswith(".parquet") or not (folder / name).is_file()]
    if foreign:
        raise DayError(day, folder, f"holds {_list(foreign)}, which is not part of a day", "is this the right folder?")
    compact = [name for name in (HISTORIES, SAMPLES) if name in names]
    if not compact:
        return DayFiles(day, WIDE, folder, tuple(folder / name for name in names))
    if len(compact) == 1:
        missing = SAMPLES if compact == [HISTORIES] else HISTORIES
        raise DayError(day, folder, f"is half a day: there is {compact[0]} and no {missing}", _AGAIN)
    if len(names) > 2:
        others = [name for name in names if name not in compact]
        raise DayError(day, folder, f"holds {_list(others)} beside the compact layout", "is this the right folder?")
    return DayFiles(day, COMPACT, folder, (folder / HISTORIES, folder / SAMPLES))


def _list(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _span(there: list[datetime.date]) -> str:
    if len(there) == 1:
        return f"1 day, {there[0]}"
    return f"{len(there)} days, {there[0]} .. {there[-1]}"
