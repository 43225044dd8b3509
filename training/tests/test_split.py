"""Days to train on and days to validate on."""

from __future__ import annotations

import datetime

import pytest

from runner_training import split

DAYS = [datetime.date(2025, 8, day) for day in range(10, 15)]


def test_the_last_days_are_for_validation() -> None:
    assert split(DAYS) == (DAYS[:4], DAYS[4:])
    assert split(reversed(DAYS), validation=2) == (DAYS[:3], DAYS[3:])
    assert split(DAYS, validation=["2025-08-13", DAYS[4]]) == (DAYS[:3], DAYS[3:])


@pytest.mark.parametrize(
    "validation, words",
    [
        (0, "both sides need a day"),
        (5, "both sides need a day"),
        ([], "no day is for validation"),
        (["2025-08-20"], "2025-08-20 is for validation, and is not one of the 5 days"),
        (["2025-08-12"], "2025-08-14 is to train on and lies after 2025-08-12.*they overlap"),
        (DAYS, "none is left to train on"),
    ],
)
def test_an_overlap_is_refused(validation: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        split(DAYS, validation)  # type: ignore[arg-type]


def test_a_day_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="2025-08-11 is given more than once"):
        split([*DAYS, DAYS[1]])
