"""What goes wrong with a day's files, said for the person who has to do something about it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Optional


class DayError(ValueError):
    """A day cannot be used: it is missing, half there, foreign, damaged, or holds what no training row may.

    ``day`` and ``path`` say where, ``found`` what was found there, ``advice`` what to do next.
    """

    def __init__(self, day: Optional[datetime.date], path: Path, found: str, advice: str) -> None:
        self.day = day
        self.path = Path(path)
        self.found = found
        self.advice = advice
        subject = f"day {day}: " if day else ""
        super().__init__(f"{subject}{path}: {found}; {advice}")

    def __reduce__(self) -> tuple[type[DayError], tuple[object, ...]]:
        # Exceptions are rebuilt from their message by default, and worker processes send them to the main one.
        return DayError, (self.day, self.path, self.found, self.advice)
