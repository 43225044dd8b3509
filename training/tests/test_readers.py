"""Published days as other readers take them: what a filter leaves out by statistics must not be a row that was asked for."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Callable

import duckdb
import fastparquet
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from conftest import Made, run

COLUMNS = ["customer_id", "item_id", "is_order"]


@pytest.fixture(scope="session")
def large(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of so many impressions that both layouts have several row groups."""
    at = tmp_path_factory.mktemp("large")
    lines = []
    chance = random.Random(3)
    for customer in range(40_000, 0, -1):
        items = [chance.randint(1, 5_000) for _ in range(4)]
        entries = ",".join(f'{{"item_id":{item},"is_order":{str(item % 9 == 0).lower()}}}' for item in items)
        lines.append(f'{{"customer_id":{customer * 1000},"impressions":[{entries}]}}\n')
    (at / "shown.json").write_text("".join(lines))
    clicks = (
        f'{{"customer_id":{customer * 1000},"item_id":{1 + customer % 777},"click_time":"2025-08-10T00:00:00Z"}}\n'
        for customer in range(1, 40_000, 3)
    )
    (at / "clicks.json").write_text("".join(clicks))
    for program, arguments in (
        ("read", "--source impressions --in raw=shown.json --out rows=shown --out rejected=none"),
        ("read", "--source clicks --in raw=clicks.json --out rows=clicks --out rejected=none"),
        ("unify", "--day 2025-08-10 --in clicks=clicks --out actions=actions"),
        ("impressions", "--in shown=shown --out impressions=impressions"),
        ("history", "--day 2025-08-11 --in impressions=impressions --in actions=actions --out histories=h"),
        ("join", "--in impressions=impressions --in histories=h --history-length 8 --out rows=wide.parquet"),
        (
            "compact",
            "--in impressions=impressions --in histories=h --out histories=histories.parquet --out samples=samples.parquet",
        ),
    ):
        run(programs / program, *arguments.split(), cwd=at)
    return at


def files(large: Path, made: list[Made]) -> list[Path]:
    days = [
        path for one in made for layout in ("output", "compact") for path in (one.folder / layout).glob("*/*.parquet")
    ]
    return [large / "wide.parquet", large / "samples.parquet", large / "histories.parquet", *sorted(days)]


def test_statistics_of_published_files_are_those_of_their_rows(large: Path, sample: Made, generated: Made) -> None:
    for path in files(large, [sample, generated]):
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        for number in range(file.num_row_groups):
            group, rows = file.metadata.row_group(number), file.read_row_group(number)
            assert group.num_rows == rows.num_rows
            for place in range(group.num_columns):
                column = group.column(place)
                name = column.path_in_schema.split(".")[0]
                found = column.statistics
                assert (found is not None and found.has_min_max) == (name in ("customer_id", "item_id")), (path, name)
                assert rows[name].null_count == 0
                if found is not None:
                    extremes = pc.min_max(rows[name]).as_py()
                    assert (found.min, found.max, found.null_count) == (extremes["min"], extremes["max"], 0), (
                        path,
                        name,
                    )
            if names[0] == "customer_id":
                assert rows["customer_id"].to_pylist() == sorted(rows["customer_id"].to_pylist())


def test_the_footer_says_who_wrote_a_file_and_how_it_is_sorted(large: Path, sample: Made) -> None:
    for path in files(large, [sample]):
        footer = pq.ParquetFile(path).metadata
        assert footer.created_by.startswith("runner version ")
        # As parquet-mr takes it apart: application, "version", version.
        assert len(footer.created_by.split()) == 3
        for number in range(footer.num_row_groups):
            (by,) = footer.row_group(number).sorting_columns
            assert (by.column_index, by.descending, by.nulls_first) == (0, False, False)


def rows_of(table: pa.Table) -> list[tuple]:
    return sorted(zip(*(table[name].to_pylist() for name in COLUMNS if name in table.column_names)))


def by_pyarrow(path: Path, name: str, operator: str, value: Any) -> list[tuple]:
    table = pq.read_table(path, filters=[(name, operator, value)])
    return rows_of(table)


def by_pyarrow_dataset(path: Path, name: str, operator: str, value: Any) -> list[tuple]:
    field = ds.field(name)
    condition = {"==": field == value, "<=": field <= value, ">=": field >= value}[operator]
    table = ds.dataset(path).to_table(filter=condition)
    return rows_of(table)


def by_polars(path: Path, name: str, operator: str, value: Any) -> list[tuple]:
    column = pl.col(name)
    condition = {"==": column == value, "<=": column <= value, ">=": column >= value}[operator]
    frame = pl.scan_parquet(path, use_statistics=True).filter(condition)
    names = [column for column in COLUMNS if column in frame.collect_schema().names()]
    return sorted(frame.select(names).collect().rows())


def by_duckdb(path: Path, name: str, operator: str, value: Any) -> list[tuple]:
    names = [column for column in COLUMNS if column in pq.ParquetFile(path).schema_arrow.names]
    text = {"==": "="}.get(operator, operator)
    query = f"select {', '.join(names)} from read_parquet('{path}') where {name} {text} {value}"
    return sorted(duckdb.sql(query).fetchall())


@pytest.mark.parametrize("reader", [by_pyarrow, by_pyarrow_dataset, by_polars, by_duckdb])
def test_a_filtered_read_loses_no_row(
    reader: Callable[[Path, str, str, Any], list[tuple]], large: Path, sample: Made, generated: Made
) -> None:
    chance = random.Random(17)
    for path in files(large, [sample, generated]):
        file = pq.ParquetFile(path)
        names = [name for name in COLUMNS if name in file.schema_arrow.names]
        rows = rows_of(file.read(columns=names))
        assert not path.parent == large or file.num_row_groups > 1
        for name in names:
            place = names.index(name)
            values = sorted({row[place] for row in rows})
            # The ends, which are those of a row group, what is between, and what is not there.
            asked = {values[0], values[-1], chance.choice(values), chance.choice(values)}
            if name != "is_order":
                asked |= {values[0] - 1, values[-1] + 1, values[len(values) // 2] + 1}
            for value in asked:
                for operator in ["=="] if name == "is_order" else ["==", "<=", ">="]:
                    expected = {
                        "==": [row for row in rows if row[place] == value],
                        "<=": [row for row in rows if row[place] <= value],
                        ">=": [row for row in rows if row[place] >= value],
                    }[operator]
                    assert reader(path, name, operator, value) == expected, f"{path}: {name} {operator} {value}"


# fastparquet leaves it to chance when it closes a file.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_table_of_empty_histories_is_read_by_fastparquet(programs: Path, tmp_path: Path) -> None:
    lines = (
        f'{{"customer_id":{customer},"impressions":[{{"item_id":1,"is_order":true}}]}}\n' for customer in range(1, 9)
    )
    (tmp_path / "shown.json").write_text("".join(lines))
    for program, arguments in (
        ("read", "--source impressions --in raw=shown.json --out rows=shown --out rejected=none"),
        ("impressions", "--in shown=shown --out impressions=impressions"),
        ("history", "--day 2025-08-11 --in impressions=impressions --out histories=h.parquet"),
        (
            "compact",
            "--in impressions=impressions --in histories=h.parquet --out histories=c.parquet --out samples=s.parquet",
        ),
    ):
        run(programs / program, *arguments.split(), cwd=tmp_path)
    for name in ("h.parquet", "c.parquet"):
        frame = fastparquet.ParquetFile(str(tmp_path / name)).to_pandas()
        assert list(frame["customer_id"]) == list(range(1, 9))
        assert all(len(history) == 0 for name in ("actions", "action_types") for history in frame[name])
