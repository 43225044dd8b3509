"""Splits days into those to train on and those to validate on. Knows dates and nothing else."""

from __future__ import annotations

import datetime
from typing import Iterable, List, Tuple, Union

from .files import as_day

Days = List[datetime.date]


def split(
    days: Iterable[datetime.date | str], validation: Union[int, Iterable[datetime.date | str]] = 1
) -> Tuple[Days, Days]:
    """Days to train on and days to validate on: ``validation`` is how many of the last days, or which ones.

    Every day to train on lies before every day to validate on, since histories look back: a model that saw a later day
    would have seen the answers. Raises `ValueError` if that cannot be.
    """
    given = [as_day(day) for day in days]
    ordered = sorted(set(given))
    if len(ordered) != len(given):
        twice = next(day for day in ordered if given.count(day) > 1)
        raise ValueError(f"{twice} is given more than once")
    if isinstance(validation, int):
        if not 0 < validation < len(ordered):
            raise ValueError(f"{validation} of {len(ordered)} days cannot be for validation: both sides need a day")
        return ordered[:-validation], ordered[-validation:]
    held = sorted({as_day(day) for day in validation})
    if not held:
        raise ValueError("no day is for validation")
    unknown = [day for day in held if day not in ordered]
    if unknown:
        raise ValueError(f"{unknown[0]} is for validation, and is not one of the {len(ordered)} days")
    train = [day for day in ordered if day not in held]
    if not train:
        raise ValueError("all days are for validation, and none is left to train on")
    if train[-1] > held[0]:
        raise ValueError(
            f"{train[-1]} is to train on and lies after {held[0]}, which is for validation: they overlap; "
            f"validate on the last days only, or leave {train[-1]} out"
        )
    return train, held
