#!/usr/bin/env python3
"""What other tools make of the training rows: tests/bench/readers.py WIDE COMPACT [--repeat N] [--spark]

WIDE is a file that `join` wrote, or another tool's file of the same rows; COMPACT is a folder with the histories.parquet and
samples.parquet that `compact` wrote of the same inputs. pyarrow (at once and in batches), pandas, polars and DuckDB read
them; with --spark, Spark does too. Times are medians, each of a reader in a process of its own, and each reader's view of
the data is compared with that of pyarrow:

* wide: rows, sums of every column, and a sum of items weighted by their place in the list, over all rows
* compact: the same sums, after each sample has got its history

Needs pyarrow, pandas, polars and duckdb (and pyspark with Java).
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

COLUMNS = ["customer_id", "item_id", "is_order", "actions", "action_types"]


def facts(customers, items, labels, actions, types, count):
    """What is compared: sums over rows, where lists are summed by value and by place (numpy arrays, flat lists)."""
    import numpy

    place = numpy.arange(len(actions)) % (len(actions) // count) + 1
    return {
        "rows": int(count),
        "customers": int(customers.sum()),
        "items": int(items.astype("int64").sum()),
        "labels": int(labels.sum()),
        "actions": int(actions.astype("int64").sum()),
        "types": int(types.astype("int64").sum()),
        "actions by place": int((actions.astype("int64") * place).sum()),
        "types by place": int((types.astype("int64") * place).sum()),
    }


def arrow_facts(table):
    column = lambda name: table[name].combine_chunks()
    assert all(not field.nullable for field in table.schema), table.schema
    flat = lambda name: column(name).flatten().to_numpy()
    plain = lambda name: column(name).to_numpy(zero_copy_only=False)
    return facts(*map(plain, COLUMNS[:3]), *map(flat, COLUMNS[3:]), table.num_rows)


def pyarrow(path):
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path), arrow_facts


def pyarrow_batches(path):
    import pyarrow
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(path)
    return list(file.iter_batches(4096)), lambda batches: arrow_facts(pyarrow.Table.from_batches(batches))


def pandas(path):
    import numpy
    import pandas

    def of(frame):
        flat = lambda name: numpy.concatenate(frame[name].to_numpy())
        plain = lambda name: frame[name].to_numpy()
        return facts(*map(plain, COLUMNS[:3]), *map(flat, COLUMNS[3:]), len(frame))

    return pandas.read_parquet(path), of


def polars(path):
    import polars

    def of(frame):
        flat = lambda name: frame[name].explode().to_numpy()
        plain = lambda name: frame[name].to_numpy()
        return facts(*map(plain, COLUMNS[:3]), *map(flat, COLUMNS[3:]), frame.height)

    return polars.read_parquet(path), of


SUMS = """SELECT count(*), sum(customer_id), sum(item_id), sum(CAST(is_order AS INT)), sum({sum_actions}), sum({sum_types})"""


def duckdb(path):
    import duckdb

    sums = SUMS.format(sum_actions="list_sum(actions)", sum_types="list_sum(action_types)")
    row = duckdb.sql(f"{sums} FROM read_parquet('{path}')").fetchall()[0]
    return row, lambda row: dict(zip(["rows", "customers", "items", "labels", "actions", "types"], map(int, row)))


def spark(path):
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    total = "aggregate({0}, 0L, (total, value) -> total + value)"
    sums = SUMS.format(sum_actions=total.format("actions"), sum_types=total.format("action_types"))
    row = session.sql(f"{sums} FROM parquet.`{pathlib.Path(path).resolve()}`").first()
    return row, lambda row: dict(zip(["rows", "customers", "items", "labels", "actions", "types"], map(int, row)))


def compact(folder):
    """The compact layout as training would use it: pad, then gather the history of each sample."""
    import numpy
    import pyarrow.parquet

    folder = pathlib.Path(folder)
    histories = pyarrow.parquet.read_table(folder / "histories.parquet")
    samples = pyarrow.parquet.read_table(folder / "samples.parquet")

    def of(tables):
        histories, samples = tables
        lists = histories["actions"].combine_chunks()
        offsets = lists.offsets.to_numpy()
        lengths = numpy.diff(offsets)
        rows = samples["history_row"].to_numpy()
        customers = samples["customer_id"].to_numpy()
        assert (histories["customer_id"].to_numpy()[rows] == customers).all()
        row = numpy.repeat(numpy.arange(len(lengths)), lengths)
        place = numpy.arange(len(row)) - offsets[row] + 1
        seen = {}
        for name, label in [("actions", "actions"), ("action_types", "types")]:
            flat = histories[name].combine_chunks().flatten().to_numpy().astype("int64")
            for key, weighted in [(label, flat), (f"{label} by place", flat * place)]:
                totals = numpy.zeros(len(lengths), dtype="int64")
                numpy.add.at(totals, row, weighted)
                seen[key] = int(totals[rows].sum())
        seen["rows"] = samples.num_rows
        seen["customers"] = int(customers.sum())
        seen["items"] = int(samples["item_id"].to_numpy().astype("int64").sum())
        seen["labels"] = int(samples["is_order"].combine_chunks().to_numpy(zero_copy_only=False).sum())
        return seen

    return (histories, samples), of


READERS = {reader.__name__: reader for reader in [pyarrow, pyarrow_batches, pandas, polars, duckdb, spark, compact]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wide")
    parser.add_argument("compact")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        reader, path = READERS[arguments.only], arguments.compact if arguments.only == "compact" else arguments.wide
        times = []
        for _ in range(arguments.repeat):
            start = time.perf_counter()
            data, of = reader(path)
            times.append(time.perf_counter() - start)
        print(json.dumps([statistics.median(times), of(data)]))
        return
    expected = None
    for name in READERS:
        if name == "spark" and not arguments.spark:
            continue
        command = [sys.executable, __file__, arguments.wide, arguments.compact, "--repeat", str(arguments.repeat)]
        ended = subprocess.run(command + ["--only", name], check=True, stdout=subprocess.PIPE, text=True)
        seconds, seen = json.loads(ended.stdout.splitlines()[-1])
        expected = expected or seen
        differs = {key: (value, expected[key]) for key, value in seen.items() if expected[key] != value}
        print(f"{name:16} {seconds:6.2f} s  {'differs: ' + str(differs) if differs else 'the same'}", flush=True)
        if differs:
            sys.exit(1)


main()
