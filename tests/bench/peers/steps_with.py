#!/usr/bin/env python3
"""A step of the pipeline with another tool: steps_with.py STEP TOOL PATHS, where PATHS is a JSON object.

It prints the seconds that the step took without the start of Python and the loading of the tool.
"""
import datetime
import json
import sys
import time

LENGTH = 1000
ORDER = ["customer_id", "timestamp", "item_id", "action_type"]
DESCENDING = [False, True, True, True]


def history_polars(paths, grouped):
    import polars as pl

    tables = json.load(open(paths["tables"]))
    midnight = datetime.datetime.fromisoformat(paths["day"])
    customers = pl.scan_parquet(paths["impressions"]).select("customer_id").unique()

    def step():
        actions = pl.scan_parquet(tables).join(customers, on="customer_id", how="semi")
        actions = actions.filter(pl.col("timestamp") < midnight)
        if grouped:
            newest = pl.struct("timestamp", "item_id", "action_type")
            picked = [pl.col(name).sort_by(newest, descending=True).head(LENGTH) for name in ("item_id", "action_type")]
            found = actions.group_by("customer_id").agg(picked[0].alias("actions"), picked[1].alias("action_types"))
            found = found.sort("customer_id")
        else:
            found = (
                actions.sort(ORDER, descending=DESCENDING)
                .group_by("customer_id", maintain_order=True)
                .agg(pl.col("item_id").head(LENGTH).alias("actions"), pl.col("action_type").head(LENGTH).alias("action_types"))
            )
        found.sink_parquet(paths["output"], compression="uncompressed")

    return step


def history_duckdb(paths):
    import duckdb

    tables = json.load(open(paths["tables"]))
    query = f"""COPY (
        WITH ranked AS (SELECT customer_id, item_id, action_type, row_number() OVER (
            PARTITION BY customer_id ORDER BY timestamp DESC, item_id DESC, action_type DESC) AS place
            FROM read_parquet({tables}) SEMI JOIN (SELECT DISTINCT customer_id FROM '{paths["impressions"]}') USING (customer_id)
            WHERE timestamp < TIMESTAMP '{paths["day"]}' QUALIFY place <= {LENGTH})
        SELECT customer_id, list(item_id ORDER BY place) AS actions, list(action_type ORDER BY place) AS action_types
        FROM ranked GROUP BY customer_id ORDER BY customer_id)
        TO '{paths["output"]}' (FORMAT parquet, COMPRESSION uncompressed)"""
    return lambda: duckdb.execute(query)


def join_polars(paths):
    import polars as pl

    zeros = pl.lit(pl.Series([[0] * LENGTH], dtype=pl.List(pl.Int32)))
    bytes_ = pl.lit(pl.Series([[0] * LENGTH], dtype=pl.List(pl.Int8)))
    names = [("actions", zeros), ("action_types", bytes_)]
    impressions, histories = pl.read_parquet(paths["impressions"]), pl.read_parquet(paths["histories"])
    padded = histories.with_columns(pl.concat_list(pl.col(name), zero).list.head(LENGTH) for name, zero in names)

    def step():
        joined = impressions.lazy().join(padded.lazy(), on="customer_id", how="left", maintain_order="left")
        filled = joined.with_columns(pl.col(name).fill_null(zero) for name, zero in names)
        filled.sink_parquet(paths["output"], compression="zstd", compression_level=1)

    return step


def join_duckdb(paths):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE impressions AS FROM '{paths['impressions']}'")
    lists = [
        f"list_resize({name}, {LENGTH}, 0::{kind}) AS {name}" for name, kind in [("actions", "INTEGER"), ("action_types", "TINYINT")]
    ]
    connection.execute(f"CREATE TABLE histories AS SELECT customer_id, {', '.join(lists)} FROM '{paths['histories']}'")
    query = f"""COPY (SELECT customer_id, item_id, is_order,
        coalesce(actions, list_resize([]::INTEGER[], {LENGTH}, 0)) AS actions,
        coalesce(action_types, list_resize([]::TINYINT[], {LENGTH}, 0::TINYINT)) AS action_types
        FROM impressions LEFT JOIN histories USING (customer_id))
        TO '{paths["output"]}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""
    return lambda: connection.execute(query)


def everyone(paths):
    """An impression for every customer who ever acted."""
    import polars as pl

    def step():
        customers = pl.scan_parquet(json.load(open(paths["tables"]))).select("customer_id").unique().sort("customer_id")
        shown = customers.with_columns(pl.lit(1, pl.Int32).alias("item_id"), pl.lit(False).alias("is_order"))
        shown.sink_parquet(paths["output"])

    return step


def some(paths):
    """What was shown on two days."""
    import polars as pl

    shown = pl.concat([pl.read_parquet(paths["others"]), pl.read_parquet(paths["impressions"])])
    return lambda: shown.sort("customer_id", maintain_order=True).write_parquet(paths["output"])


def read(paths, tool):
    path = paths["output"]
    if tool == "pyarrow":
        import pyarrow.parquet

        return lambda: pyarrow.parquet.read_table(path)
    if tool == "polars":
        import polars

        return lambda: polars.read_parquet(path)
    import duckdb

    sums = ", ".join(f"sum(list_sum({name}))" for name in ("actions", "action_types"))
    return lambda: duckdb.sql(f"SELECT {sums}, sum(customer_id), sum(item_id) FROM '{path}'").fetchall()


def same(paths):
    """Fails unless two files hold the same rows; a customer without actions may be left out."""
    import duckdb

    def rows(path):
        row = "hash(s.customer_id::BIGINT, s.actions::INTEGER[], s.action_types::INTEGER[])::HUGEINT"
        return duckdb.sql(f"SELECT count(*), sum({row}) FROM '{path}' s WHERE len(s.actions) > 0").fetchall()

    def step():
        one, other = rows(paths["output"]), rows(paths["others"])
        if one != other:
            sys.exit(f"{paths['output']} and {paths['others']} differ: {one}, {other}")

    return step


def main():
    step, tool, paths = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    run = {
        "history": lambda: history_duckdb(paths) if tool == "duckdb" else history_polars(paths, tool == "polars group"),
        "join": lambda: (join_duckdb if tool == "duckdb" else join_polars)(paths),
        "everyone": lambda: everyone(paths),
        "some": lambda: some(paths),
        "read": lambda: read(paths, tool),
        "same": lambda: same(paths),
    }[step]()
    start = time.perf_counter()
    run()
    print(time.perf_counter() - start)


main()
