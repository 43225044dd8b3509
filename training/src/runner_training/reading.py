"""Reads the Parquet files of a day, of either layout, into the arrays of a `Day`.

Owns what only files can tell: columns and their types, nulls, padding, and whether two files go together. The wide layout
repeats a history in every row of its customer; each is kept once, by comparing a row with the row before it, so that even
a file of another origin is read as it stands.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from .day import Day
from .errors import DayError
from .files import COMPACT, DayFiles

_AGAIN = "publish the day again with `runner run`"
# What pyarrow raises for a damaged file; a name in it that is no text is a ValueError.
_DAMAGE = (OSError, ValueError, pa.ArrowException)
# Rows of the wide layout that are decoded at a time: 40 MB of lists of a thousand.
_PORTION = 8192

_COMPACT_HISTORIES = {"customer_id": pa.int64(), "actions": [pa.int32()], "action_types": [pa.int8()]}
_COMPACT_SAMPLES = {
    "customer_id": pa.int64(),
    "item_id": pa.int32(),
    "is_order": pa.bool_(),
    "history_row": pa.uint32(),
}
_WIDE = {
    "customer_id": pa.int64(),
    "item_id": pa.int32(),
    "is_order": pa.bool_(),
    "actions": [pa.int32()],
    "action_types": [pa.int8()],
}


def read(files: DayFiles) -> Day:
    """The day that these files hold, checked."""
    day = _read_compact(files) if files.layout == COMPACT else _read_wide(files)
    day.check()
    return day


def _read_compact(files: DayFiles) -> Day:
    histories_path, samples_path = files.paths
    histories = _table(files.day, histories_path, _COMPACT_HISTORIES)
    samples = _table(files.day, samples_path, _COMPACT_SAMPLES)
    actions, lengths = _ragged(histories.column("actions"), np.dtype(np.int32))
    action_types, type_lengths = _ragged(histories.column("action_types"), np.dtype(np.int8))
    if not np.array_equal(lengths, type_lengths):
        raise DayError(files.day, histories_path, "actions and action_types differ in length", _AGAIN)
    day = Day(
        day=files.day,
        layout=files.layout,
        folder=files.folder,
        customer_id=_flat(samples, "customer_id"),
        item_id=_flat(samples, "item_id"),
        is_order=_flat(samples, "is_order"),
        history_row=_flat(samples, "history_row"),
        offsets=_offsets(lengths),
        actions=actions,
        action_types=action_types,
    )
    owners = _flat(histories, "customer_id")
    if (owners[1:] <= owners[:-1]).any():
        raise DayError(files.day, histories_path, "is not ordered by customer_id, each once", _AGAIN)
    if len(day) and int(day.history_row.max()) < len(owners):
        strangers = np.flatnonzero(owners[day.history_row] != day.customer_id)
        if len(strangers):
            row = int(strangers[0])
            found = f"sample {row} is of customer {day.customer_id[row]}, its history of {owners[day.history_row[row]]}"
            raise DayError(files.day, samples_path, f"{found}: the two files are not of one day", _AGAIN)
    return day


def _read_wide(files: DayFiles) -> Day:
    columns: dict[str, list[npt.NDArray[Any]]] = {"customer_id": [], "item_id": [], "is_order": [], "history_row": []}
    actions: list[npt.NDArray[np.int32]] = []
    action_types: list[npt.NDArray[np.int8]] = []
    lengths: list[npt.NDArray[np.int64]] = []
    histories = 0
    last = None
    for path, portion in wide_portions(files):
        customers, items, types = portion["customer_id"], portion["actions"], portion["action_types"]
        new = np.ones(len(customers), bool)
        new[1:] = (customers[1:] != customers[:-1]) | _differ(items[1:], items[:-1]) | _differ(types[1:], types[:-1])
        if last is not None and last[1].shape == items[0].shape:
            same = last[0] == customers[0] and np.array_equal(last[1], items[0]) and np.array_equal(last[2], types[0])
            new[0] = not same
        last = (customers[-1], items[-1].copy(), types[-1].copy())
        first = np.flatnonzero(new)
        kept = items[first]
        filled = np.count_nonzero(kept, axis=1).astype(np.int64)
        mask = np.arange(kept.shape[1]) < filled[:, None]
        kept_types = types[first]
        if not np.array_equal(kept != 0, mask) or not np.array_equal(kept_types != 0, mask):
            raise DayError(files.day, path, "a list has padding before its end, or not where the other has", _AGAIN)
        actions.append(kept[mask])
        action_types.append(kept_types[mask])
        lengths.append(filled)
        for name in ("customer_id", "item_id", "is_order"):
            columns[name].append(portion[name])
        columns["history_row"].append((np.cumsum(new) - 1 + histories).astype(np.uint32))
        histories += len(first)
    return Day(
        day=files.day,
        layout=files.layout,
        folder=files.folder,
        customer_id=_join(columns["customer_id"], np.int64),
        item_id=_join(columns["item_id"], np.int32),
        is_order=_join(columns["is_order"], np.bool_),
        history_row=_join(columns["history_row"], np.uint32),
        offsets=_offsets(_join(lengths, np.int64)),
        actions=_join(actions, np.int32),
        action_types=_join(action_types, np.int8),
    )


def wide_portions(files: DayFiles) -> Iterator[tuple[Path, dict[str, npt.NDArray[Any]]]]:
    """The rows of a wide day, some at a time; ``actions`` and ``action_types`` are [rows, length of a list]."""
    length = None
    for path in files.paths:
        file = _open(files.day, path, _WIDE)
        portions = file.iter_batches(_PORTION, columns=list(_WIDE))
        while True:
            try:
                batch = next(portions, None)
            except _DAMAGE as error:
                raise _damaged(files.day, path, error) from error
            if batch is None:
                break
            if not batch.num_rows:
                continue
            table = pa.Table.from_batches([batch])
            _no_nulls(files.day, path, table)
            portion = {name: _flat(table, name) for name in ("customer_id", "item_id", "is_order")}
            for name, dtype in (("actions", np.int32), ("action_types", np.int8)):
                values, lengths = _ragged(table.column(name), np.dtype(dtype))
                length = int(lengths[0]) if length is None else length
                odd = np.flatnonzero(lengths != length)
                if len(odd):
                    found = f"{name} has a list of {lengths[odd[0]]} values among lists of {length}"
                    raise DayError(files.day, path, found, _AGAIN)
                portion[name] = values.reshape(batch.num_rows, length)
            yield path, portion


def _open(day: datetime.date, path: Path, columns: dict[str, object]) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path, memory_map=True)
        schema = file.schema_arrow
    except _DAMAGE as error:
        raise _damaged(day, path, error) from error
    for name, expected in columns.items():
        if name not in schema.names:
            raise DayError(day, path, f"has no column {name}, but {', '.join(schema.names)}", "is this a training day?")
        if not _fits(schema.field(name).type, expected):
            wanted = f"list of {expected[0]}" if isinstance(expected, list) else expected
            found = f"column {name} is {schema.field(name).type}, not {wanted}"
            raise DayError(day, path, found, "is this a training day?")
    return file


def _table(day: datetime.date, path: Path, columns: dict[str, object]) -> pa.Table:
    file = _open(day, path, columns)
    try:
        table = file.read(columns=list(columns))
    except _DAMAGE as error:
        raise _damaged(day, path, error) from error
    _no_nulls(day, path, table)
    return table


def _damaged(day: datetime.date, path: Path, error: Exception) -> DayError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DayError(day, path, f"cannot be read ({reason})", _AGAIN)


def _fits(found: pa.DataType, expected: object) -> bool:
    if not isinstance(expected, list):
        return bool(found == expected)
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_list(found) for is_list in lists) and found.value_type == expected[0]


def _no_nulls(day: datetime.date, path: Path, table: pa.Table) -> None:
    for name in table.column_names:
        column = table.column(name)
        nulls = column.null_count
        if not nulls and hasattr(column.type, "value_type"):
            nulls = sum(chunk.flatten().null_count for chunk in column.chunks)
        if nulls:
            raise DayError(day, path, f"column {name} holds {nulls} nulls", _AGAIN)


def _flat(table: pa.Table, name: str) -> npt.NDArray[Any]:
    return table.column(name).to_numpy()


def _ragged(column: pa.ChunkedArray, dtype: np.dtype) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    # By chunk, as all values together may be more than the 32 bit offsets of a single Arrow list can say.
    values = [chunk.flatten().to_numpy(zero_copy_only=True) for chunk in column.chunks]
    lengths = [chunk.value_lengths().to_numpy().astype(np.int64) for chunk in column.chunks]
    return _join(values, dtype), _join(lengths, np.int64)


def _join(parts: list[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    if len(parts) == 1:
        return np.ascontiguousarray(parts[0], dtype)
    return np.concatenate(parts, dtype=dtype) if parts else np.empty(0, dtype)


def _offsets(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _differ(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return (a != b).any(axis=1)
