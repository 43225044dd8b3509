"""Writes days in both layouts value by value, as a pipeline would, so that tests can also write them wrong."""

from __future__ import annotations

import datetime
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DAY = datetime.date(2025, 8, 16)

LISTS = {"actions": pa.list_(pa.int32()), "action_types": pa.list_(pa.int8())}
HISTORIES = {"customer_id": pa.int64(), **LISTS}
SAMPLES = {"customer_id": pa.int64(), "item_id": pa.int32(), "is_order": pa.bool_(), "history_row": pa.uint32()}
WIDE = {"customer_id": pa.int64(), "item_id": pa.int32(), "is_order": pa.bool_(), **LISTS}


def write(path: Path, columns: dict[str, Any], types: dict[str, pa.DataType]) -> None:
    """A Parquet file with these columns, in more than one row group if there are enough rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [pa.array(columns[name], types[name]) for name in columns]
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), path, row_group_size=64)


class Shop:
    """Customers with their histories (pairs of item and type, newest first), and what they were shown (item, label)."""

    def __init__(self, customers: list[tuple[int, list[tuple[int, int]], list[tuple[int, bool]]]]) -> None:
        self.customers = customers

    @staticmethod
    def random(chance: random.Random, samples: int, longest: int) -> Shop:
        customers, customer, left = [], 0, samples
        while left:
            customer += chance.randint(1, 3)
            count = min(left, chance.randint(1, 9))
            length = chance.choice([0, 1, 2, chance.randint(0, longest), longest])
            history = [(chance.randint(1, 2**31 - 1), chance.randint(1, 3)) for _ in range(length)]
            shown = [(chance.randint(1, 2**31 - 1), chance.random() < 0.2) for _ in range(count)]
            customers.append((customer, history, shown))
            left -= count
        return Shop(customers)

    def rows(self) -> list[tuple[int, int, bool, list[tuple[int, int]]]]:
        """Customer, item, label and history of every sample, in order."""
        return [(customer, *one, history) for customer, history, shown in self.customers for one in shown]

    def write_compact(self, folder: Path, day: datetime.date) -> Path:
        at = folder / f"dt={day}"
        write(at / "histories.parquet", self.histories(), HISTORIES)
        write(at / "samples.parquet", self.samples(), SAMPLES)
        return at

    def histories(self) -> dict[str, Any]:
        return {
            "customer_id": [customer for customer, _, _ in self.customers],
            "actions": [[item for item, _ in history] for _, history, _ in self.customers],
            "action_types": [[kind for _, kind in history] for _, history, _ in self.customers],
        }

    def samples(self) -> dict[str, Any]:
        rows = [(number, one) for number, (_, _, shown) in enumerate(self.customers) for one in shown]
        return {
            "customer_id": [self.customers[number][0] for number, _ in rows],
            "item_id": [item for _, (item, _) in rows],
            "is_order": [label for _, (_, label) in rows],
            "history_row": [number for number, _ in rows],
        }

    def write_wide(self, folder: Path, day: datetime.date, length: int) -> Path:
        at = folder / f"dt={day}"
        write(at / "rows.parquet", self.wide(length), WIDE)
        return at

    def wide(self, length: int) -> dict[str, Any]:
        def padded(values: list[int]) -> list[int]:
            return values + [0] * (length - len(values))

        rows = self.rows()
        return {
            "customer_id": [row[0] for row in rows],
            "item_id": [row[1] for row in rows],
            "is_order": [row[2] for row in rows],
            "actions": [padded([item for item, _ in row[3]]) for row in rows],
            "action_types": [padded([kind for _, kind in row[3]]) for row in rows],
        }
