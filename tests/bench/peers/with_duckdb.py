#!/usr/bin/env python3
"""The days with DuckDB: with_duckdb.py --data DIR --output DIR --days DAY[,DAY...]

Every file is read once; of the actions, those of customers who are shown something on one of the days are kept. Then
each day ranks the actions before it. Two days at a time: one has too few rows to keep DuckDB's threads busy.
"""
import argparse
import concurrent.futures
import os

import duckdb

LENGTH = 1000
LOOKBACK = 365


def events(data, source, columns):
    """A relation over the JSON files of a source, with the day of the folder as `day`."""
    fields = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    return (
        f"(SELECT * EXCLUDE (filename), regexp_extract(filename, 'dt=([0-9-]+)', 1)::DATE AS day FROM "
        f"read_json('{data}/{source}/*/*.json', format = 'newline_delimited', hive_partitioning = false, "
        f"filename = true, columns = {{{fields}}}))"
    )


def load(connection, data, days):
    shown = events(
        data, "impressions", {"customer_id": "BIGINT", "impressions": "STRUCT(item_id INTEGER, is_order BOOLEAN)[]"}
    )
    wanted_days = ", ".join(f"DATE '{day}'" for day in days)
    connection.execute(
        f"CREATE TABLE shown AS SELECT day, customer_id, shown.item_id, shown.is_order FROM "
        f"(SELECT day, customer_id, unnest(impressions) AS shown FROM {shown} WHERE day IN ({wanted_days}))"
    )
    connection.execute("CREATE TABLE wanted AS SELECT DISTINCT customer_id FROM shown")
    clicks = events(data, "clicks", {"customer_id": "BIGINT", "item_id": "INTEGER", "click_time": "TIMESTAMP"})
    carts = events(
        data, "add_to_carts", {"customer_id": "BIGINT", "config_id": "INTEGER", "occurred_at": "TIMESTAMP"}
    )
    orders = (
        f"read_json('{data}/previous_orders/*.json', format = 'newline_delimited', "
        f"columns = {{order_date: 'DATE', customer_id: 'BIGINT', config_id: 'INTEGER'}})"
    )
    last = max(days)
    connection.execute(
        f"""CREATE TABLE actions AS SELECT * FROM (
            SELECT customer_id, item_id, 1::TINYINT AS action_type, click_time AS moment, day FROM {clicks}
            UNION ALL SELECT customer_id, config_id, 2::TINYINT, occurred_at, day FROM {carts}
            UNION ALL SELECT customer_id, config_id, 3::TINYINT, order_date::TIMESTAMP, order_date FROM {orders})
            SEMI JOIN wanted USING (customer_id) WHERE day < DATE '{last}'"""
    )


def write(connection, output, day):
    connection = connection.cursor()
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE histories AS
        WITH customers AS (SELECT DISTINCT customer_id FROM shown WHERE day = DATE '{day}'),
        ranked AS (
            SELECT customer_id, item_id, action_type, row_number() OVER (
                PARTITION BY customer_id ORDER BY moment DESC, item_id DESC, action_type DESC) AS place
            FROM actions SEMI JOIN customers USING (customer_id)
            WHERE day < DATE '{day}' AND day >= DATE '{day}' - {LOOKBACK} AND moment < TIMESTAMP '{day}'
            QUALIFY place <= {LENGTH})
        SELECT customer_id, list_resize(list(item_id ORDER BY place), {LENGTH}, 0) AS actions,
            list_resize(list(action_type::INTEGER ORDER BY place), {LENGTH}, 0) AS action_types
        FROM ranked GROUP BY customer_id"""
    )
    folder = f"{output}/dt={day}"
    os.makedirs(folder, exist_ok=True)
    zeros = f"list_resize([]::INTEGER[], {LENGTH}, 0)"
    connection.execute(
        f"""COPY (SELECT customer_id, item_id, is_order, coalesce(actions, {zeros}) AS actions,
            coalesce(action_types, {zeros}) AS action_types
            FROM shown LEFT JOIN histories USING (customer_id) WHERE day = DATE '{day}')
        TO '{folder}/rows.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 4096)"""
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "output", "days"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    days = arguments.days.split(",")
    connection = duckdb.connect()
    connection.execute(f"SET temp_directory = '{arguments.output}.spill'; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    load(connection, arguments.data, days)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda day: write(connection, arguments.output, day), days))


if __name__ == "__main__":
    main()
