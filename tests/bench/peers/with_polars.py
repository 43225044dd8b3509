#!/usr/bin/env python3
"""The days with polars: with_polars.py --data DIR --output DIR --days DAY[,DAY...]

One lazy scan of the JSON files with their schemas, joined to the customers who are shown something, sorted once; a day
filters what is sorted, so that the first thousand rows of a customer are the history. The streaming engine throughout.
"""
import argparse
import datetime
import os

import polars as pl

LENGTH = 1000
LOOKBACK = 365
ENGINE = "streaming"


def events(data, source, schema):
    """A scan of the JSON files of a source, with the day of the folder as `day`."""
    scan = pl.scan_ndjson(f"{data}/{source}/*/*.json", schema=schema, include_file_paths="path")
    return scan.with_columns(pl.col("path").str.extract("dt=([0-9-]+)").str.to_date("%Y-%m-%d").alias("day"))


def instant(column):
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us")


def load(data, days):
    """What was shown on these days, and the actions of these customers, the newest first."""
    entry = pl.Struct({"item_id": pl.Int32, "is_order": pl.Boolean})
    shown = (
        events(data, "impressions", {"customer_id": pl.Int64, "impressions": pl.List(entry)})
        .filter(pl.col("day").is_in(days))
        .select("day", "customer_id", "impressions")
        .explode("impressions")
        .unnest("impressions")
        .collect(engine=ENGINE)
    )
    customers = shown.lazy().select("customer_id").unique()

    def actions(scan, item, at, kind, day):
        columns = [pl.col(item).alias("item_id"), pl.lit(kind, pl.Int32).alias("type"), at.alias("at"), day.alias("day")]
        return scan.join(customers, on="customer_id", how="semi").select("customer_id", *columns)

    day = pl.col("day")
    clicks = events(data, "clicks", {"customer_id": pl.Int64, "item_id": pl.Int32, "click_time": pl.String})
    carts = events(data, "add_to_carts", {"customer_id": pl.Int64, "config_id": pl.Int32, "occurred_at": pl.String})
    orders = pl.scan_ndjson(
        f"{data}/previous_orders/*.json",
        schema={"order_date": pl.String, "customer_id": pl.Int64, "config_id": pl.Int32},
    ).with_columns(pl.col("order_date").str.to_date("%Y-%m-%d"))
    all_actions = pl.concat(
        [
            actions(clicks, "item_id", instant("click_time"), 1, day),
            actions(carts, "config_id", instant("occurred_at"), 2, day),
            actions(orders, "config_id", pl.col("order_date").cast(pl.Datetime("us")), 3, pl.col("order_date")),
        ]
    ).filter(pl.col("day") < max(days))
    order = ["customer_id", "at", "item_id", "type"]
    return shown, all_actions.collect(engine=ENGINE).sort(order, descending=[False, True, True, True])


def write(shown, actions, output, day):
    zeros = pl.lit(pl.Series([[0] * LENGTH], dtype=pl.List(pl.Int32)))
    padded = [pl.concat_list(pl.col(name), zeros).list.head(LENGTH) for name in ("actions", "action_types")]
    rows = shown.lazy().filter(pl.col("day") == day).drop("day")
    within = pl.col("day").is_between(day - datetime.timedelta(LOOKBACK), day, closed="left") & (pl.col("at") < day)
    histories = (
        actions.lazy()
        .filter(within)
        .join(rows.select("customer_id").unique(), on="customer_id", how="semi", maintain_order="left")
        .group_by("customer_id", maintain_order=True)
        .agg(pl.col("item_id").head(LENGTH).alias("actions"), pl.col("type").head(LENGTH).alias("action_types"))
        .with_columns(padded)
        .collect(engine="in-memory")
    )
    os.makedirs(f"{output}/dt={day}", exist_ok=True)
    lists = [pl.col(name).fill_null(zeros) for name in ("actions", "action_types")]
    joined = rows.join(histories.lazy(), on="customer_id", how="left").with_columns(lists)
    joined.sink_parquet(f"{output}/dt={day}/rows.parquet", compression="zstd", engine=ENGINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "output", "days"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    days = [datetime.date.fromisoformat(day) for day in arguments.days.split(",")]
    shown, actions = load(arguments.data, days)
    for day in days:
        write(shown, actions, arguments.output, day)


if __name__ == "__main__":
    main()
