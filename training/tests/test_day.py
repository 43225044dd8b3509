"""Days that are missing, half there, foreign, damaged or empty."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from conftest import same
from files import DAY, HISTORIES, SAMPLES, WIDE, Shop, write

from runner_training import Day, DayDataset, DayError, days


def refused(folder: Path, *words: str) -> DayError:
    with pytest.raises(DayError) as caught:
        Day.open(folder, DAY)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.day == DAY and caught.value.advice in str(caught.value)
    return caught.value


def test_a_day_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path, shop: Shop) -> None:
    refused(tmp_path / "nowhere", "does not exist")
    refused(tmp_path, "nor is any other day", "runner run")
    other = DAY.replace(day=14)
    shop.write_compact(tmp_path, other)
    refused(tmp_path, f"1 day, {other}")
    refused(tmp_path / f"dt={other}", "the folder of a single day", f"give the folder above it: {tmp_path}")


def test_days_that_are_being_put_together_are_no_days(tmp_path: Path, shop: Shop) -> None:
    shop.write_compact(tmp_path / ".unfinished-run", DAY)
    (tmp_path / "dt=soon").mkdir()
    assert days(tmp_path) == []


@pytest.mark.parametrize(
    "lost, left", [("samples.parquet", "histories.parquet"), ("histories.parquet", "samples.parquet")]
)
def test_half_a_day_is_refused(tmp_path: Path, shop: Shop, lost: str, left: str) -> None:
    (shop.write_compact(tmp_path, DAY) / lost).unlink()
    refused(tmp_path, "half a day", f"{left} and no {lost}")


def test_an_empty_folder_and_foreign_files_are_refused(tmp_path: Path, shop: Shop) -> None:
    at = tmp_path / f"dt={DAY}"
    at.mkdir()
    refused(tmp_path, "is empty")
    (at / "notes.txt").write_text("mine")
    refused(tmp_path, "notes.txt")
    (at / "notes.txt").unlink()
    shop.write_compact(tmp_path, DAY)
    (at / "_SUCCESS").touch()
    Day.open(tmp_path, DAY)
    write(at / "more.parquet", shop.wide(40), WIDE)
    refused(tmp_path, "more.parquet", "beside the compact layout")


def test_files_that_are_cut_off_or_no_parquet_are_refused_by_name(tmp_path: Path, shop: Shop) -> None:
    at = shop.write_compact(tmp_path, DAY)
    for name in ("histories.parquet", "samples.parquet"):
        whole = (at / name).read_bytes()
        for damaged in (b"", b"{}", whole[: len(whole) // 2]):
            (at / name).write_bytes(damaged)
            refused(tmp_path, name, "cannot be read")
        (at / name).write_bytes(whole)
    Day.open(tmp_path, DAY)


def test_every_byte_that_is_changed_gives_a_day_or_a_refusal(tmp_path: Path) -> None:
    shop = Shop.random(random.Random(1), samples=40, longest=5)
    chance = random.Random(2)
    at = shop.write_compact(tmp_path, DAY)
    for name in ("histories.parquet", "samples.parquet"):
        whole = bytearray((at / name).read_bytes())
        for _ in range(150):
            place = chance.randrange(len(whole))
            changed = bytearray(whole)
            changed[place] ^= 1 << chance.randrange(8)
            (at / name).write_bytes(changed)
            try:
                day = Day.open(tmp_path, DAY)
                DayDataset(day).batch(np.arange(len(day)))
            except DayError:
                pass
        (at / name).write_bytes(whole)


def _histories(change: Callable[[dict[str, Any]], None]) -> Callable[[Shop, Path], None]:
    def spoil(shop: Shop, at: Path) -> None:
        columns = shop.histories()
        change(columns)
        write(at / "histories.parquet", columns, HISTORIES)

    return spoil


def _samples(change: Callable[[dict[str, Any]], None]) -> Callable[[Shop, Path], None]:
    def spoil(shop: Shop, at: Path) -> None:
        columns = shop.samples()
        change(columns)
        write(at / "samples.parquet", columns, SAMPLES)

    return spoil


def _put(name: str, row: int, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda columns: columns[name].__setitem__(row, value)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (_samples(_put("item_id", 3, 0)), ["item_id holds 0"]),
        (_samples(_put("item_id", 3, None)), ["item_id holds 1 nulls"]),
        (_samples(_put("history_row", -1, 1_000_000)), ["history_row 1000000 is not one of"]),
        (_samples(_put("history_row", -1, 0)), ["its history of 5", "not of one day"]),
        (_samples(lambda columns: columns.pop("is_order")), ["no column is_order"]),
        (_samples(lambda columns: [column.reverse() for column in columns.values()]), ["not ordered by customer_id"]),
        (_histories(_put("actions", 1, [7, 0])), ["differ in length"]),
        (_histories(_put("action_types", 0, [4])), ["action_types holds 4"]),
        (_histories(_put("actions", 0, [-7])), ["actions holds -7"]),
        (_histories(_put("actions", 0, [None])), ["actions holds 1 nulls"]),
        (_histories(lambda columns: [column.reverse() for column in columns.values()]), ["not ordered by customer_id"]),
    ],
)
def test_a_compact_day_that_says_what_no_day_may_is_refused(
    tmp_path: Path, spoil: Callable[[Shop, Path], None], words: list[str]
) -> None:
    history, shown = [(7, 1)], [(9, True), (8, False)]
    shop = Shop([(5, history, shown), (6, history * 3, shown)])
    at = shop.write_compact(tmp_path, DAY)
    Day.open(tmp_path, DAY)
    spoil(shop, at)
    refused(tmp_path, *words)


def test_a_column_of_another_type_is_refused(tmp_path: Path, shop: Shop) -> None:
    at = shop.write_compact(tmp_path, DAY)
    write(at / "samples.parquet", shop.samples(), {**SAMPLES, "history_row": SAMPLES["customer_id"]})
    refused(tmp_path, "history_row is int64, not uint32")


@pytest.mark.parametrize(
    "name, row, value, words",
    [
        ("actions", 0, [7, 0, 8], ["padding before its end"]),
        ("action_types", 0, [1, 0, 0], ["padding before its end, or not where the other has"]),
        ("actions", 1, [7, 8], ["a list of 2 values among lists of 3"]),
        ("item_id", 0, -1, ["item_id holds -1"]),
    ],
)
def test_a_wide_day_that_says_what_no_day_may_is_refused(
    tmp_path: Path, name: str, row: int, value: object, words: list[str]
) -> None:
    shop = Shop([(5, [(7, 1), (8, 2)], [(9, True), (8, False)])])
    columns = shop.wide(3)
    columns[name][row] = value
    write(tmp_path / f"dt={DAY}" / "rows.parquet", columns, WIDE)
    refused(tmp_path, *words)


def test_histories_that_differ_within_a_customer_are_kept_as_they_are(tmp_path: Path) -> None:
    columns = Shop([(5, [(7, 1)], [(9, True), (8, False), (3, False), (2, False)])]).wide(3)
    columns["action_types"][2] = [2, 0, 0]
    columns["actions"][3], columns["action_types"][3] = [6, 7, 0], [1, 1, 0]
    write(tmp_path / f"dt={DAY}" / "rows.parquet", columns, WIDE)
    day = Day.open(tmp_path, DAY)
    assert day.history_row.tolist() == [0, 0, 1, 2]
    batch = DayDataset(day, 3).batch([0, 1, 2, 3])
    assert batch.actions.tolist() == [[7, 0, 0], [7, 0, 0], [7, 0, 0], [6, 7, 0]]
    assert batch.action_types.tolist() == [[1, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]]


def test_a_wide_day_in_several_files_is_one_day(tmp_path: Path, shop: Shop) -> None:
    columns = shop.wide(40)
    for number, (first, end) in enumerate([(0, 101), (101, 101), (101, None)]):
        part = {name: column[first:end] for name, column in columns.items()}
        write(tmp_path / f"dt={DAY}" / f"part-{number}.parquet", part, WIDE)
    shop.write_compact(tmp_path / "compact", DAY)
    parts, whole = Day.open(tmp_path, DAY), Day.open(tmp_path / "compact", DAY)
    assert np.array_equal(parts.history_row, whole.history_row) and np.array_equal(parts.actions, whole.actions)


@pytest.mark.parametrize("layout", ["compact", "wide"])
def test_a_day_without_samples_and_a_day_of_one_are_days(tmp_path: Path, layout: str, way: str) -> None:
    for number, shop in enumerate([Shop([]), Shop([(5, [], [(9, True)])])]):
        at = tmp_path / str(number)
        if layout == "compact":
            shop.write_compact(at, DAY)
        else:
            shop.write_wide(at, DAY, 4)
        for cache in (None, tmp_path / "cache", tmp_path / "cache"):
            day = Day.open(at, DAY, cache=cache)
            assert len(day) == number == len(DayDataset(day))
            batch = DayDataset(day, 4).batch(np.arange(number))
            assert batch.actions.tolist() == [[0, 0, 0, 0]] * number and batch.lengths.tolist() == [0] * number


def test_a_cache_is_made_anew_when_the_day_changes_or_the_copy_is_damaged(tmp_path: Path) -> None:
    first, second = Shop([(5, [(7, 1)], [(9, True)])]), Shop([(5, [(7, 1), (8, 1)], [(9, True)])])
    cache = tmp_path / "cache"
    first.write_compact(tmp_path, DAY)
    assert Day.open(tmp_path, DAY, cache=cache).actions.tolist() == [7]
    second.write_compact(tmp_path, DAY)
    assert Day.open(tmp_path, DAY, cache=cache).actions.tolist() == [7, 8]
    for copy in cache.glob("*/actions.npy"):
        copy.write_bytes(copy.read_bytes()[:-1])
    assert Day.open(tmp_path, DAY, cache=cache).actions.tolist() == [7, 8]


def test_an_error_survives_the_way_from_a_worker_process(tmp_path: Path) -> None:
    error = refused(tmp_path, "not published")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and (again.day, again.path) == (error.day, error.path)


def test_a_sample_that_the_day_does_not_have_is_an_index_error(day: Day, way: str) -> None:
    dataset = DayDataset(day)
    for wrong in (-1, len(day)):
        with pytest.raises(IndexError, match=f"sample {wrong} is not one of the {len(day)}"):
            dataset.batch([0, wrong, 1])
    with pytest.raises(IndexError):
        dataset[len(day)]
    assert same(dataset[-1], dataset[len(day) - 1])
