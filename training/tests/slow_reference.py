"""Training rows straight from raw JSON, by the rules of the README and as slowly as they read."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Iterator

Action = "tuple[datetime.datetime, int, int]"


def rows(
    data: Path, day: datetime.date, length: int, lookback: int
) -> list[tuple[int, int, bool, list[int], list[int]]]:
    """Customer, item, label, padded items and padded types of every impression of a day, by customer."""
    midnight = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)
    actions: dict[int, list[tuple[datetime.datetime, int, int]]] = {}
    for filed, customer, item, kind, moment in _actions(data):
        if day - datetime.timedelta(days=lookback) <= filed < day and moment < midnight:
            actions.setdefault(customer, []).append((moment, item, kind))
    made = []
    for row in _lines(data / "impressions" / f"dt={day}"):
        newest = sorted(actions.get(row["customer_id"], []), reverse=True)[:length]
        items, types = [item for _, item, _ in newest], [kind for _, _, kind in newest]
        padding = [0] * (length - len(newest))
        for shown in row["impressions"]:
            made.append((row["customer_id"], shown["item_id"], shown["is_order"], items + padding, types + padding))
    # By customer, and otherwise as they came.
    return sorted(made, key=lambda one: one[0])


def _actions(data: Path) -> Iterator[tuple[datetime.date, int, int, int, datetime.datetime]]:
    for source, kind, item, time in (
        ("clicks", 1, "item_id", "click_time"),
        ("add_to_carts", 2, "config_id", "occurred_at"),
    ):
        for folder in (data / source).iterdir():
            for row in _lines(folder):
                filed = datetime.date.fromisoformat(folder.name[3:])
                yield filed, row["customer_id"], row[item], kind, _moment(row[time])
    for row in _lines(data / "previous_orders"):
        filed = datetime.date.fromisoformat(row["order_date"])
        yield filed, row["customer_id"], row["config_id"], 3, _moment(f"{filed}T00:00:00Z")


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _lines(folder: Path) -> Iterator[dict]:
    for path in sorted(folder.glob("*.json")):
        for line in path.read_text().splitlines():
            yield json.loads(line)
