#!/usr/bin/env python3
"""Makes the Parquet files of other writers in this folder, and expected.json, the rows that `read` must make of each.

The files are committed, so that tests need none of this. What is expected is told from the rows that were given to the
writers, never from what was read. Needs pyarrow, duckdb, fastparquet, pandas and polars; Spark's files are only made with
--spark (pyspark, Java).
"""
import datetime as dt
import decimal
import json
import sys
from pathlib import Path

import duckdb
import fastparquet
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
EPOCH = dt.datetime(1970, 1, 1)
EXPECTED = {}

# Customer, item, time: today, before 1970, the largest ids, a repeated row.
ROWS = [
    (7, 9, dt.datetime(2025, 8, 16, 12, 0, 0, 123456)),
    (7, 9, dt.datetime(2025, 8, 16, 12, 0, 0, 123456)),
    (2**63 - 1, 2**31 - 1, dt.datetime(1969, 12, 31, 23, 59, 59, 999000)),
    (8, 10, dt.datetime(1815, 12, 10)),
    (1, 1, dt.datetime(2025, 8, 16, 23, 59, 59)),
]
# The first and the last day that there are.
FAR = ROWS + [(3, 3, dt.datetime(1, 1, 1)), (4, 4, dt.datetime(9999, 12, 31, 23, 59, 59, 999000))]


def micros(time):
    return (time - EPOCH) // dt.timedelta(microseconds=1)


def clicks(name, rows=ROWS, cut=1, rejected=()):
    """Expects these clicks of a file, their times cut to a multiple of so many microseconds."""
    times = [micros(row[2]) // cut * cut for row in rows]
    found = [[customer, item, time] for (customer, item, _), time in zip(rows, times)]
    EXPECTED[name] = dict(source="clicks", rows=found, rejected=list(rejected))
    return HERE / name


def orders(name, rows, rejected=()):
    """Expects these orders: customer, item, day."""
    found = [[c, i, micros(dt.datetime.combine(d, dt.time())), (d - EPOCH.date()).days] for c, i, d in rows]
    EXPECTED[name] = dict(source="previous_orders", rows=found, rejected=list(rejected))
    return HERE / name


def impressions(name, rows, rejected=()):
    EXPECTED[name] = dict(source="impressions", rows=rows, rejected=list(rejected))
    return HERE / name


def table(rows=ROWS, customer=pa.int64(), item=pa.int32(), time=pa.timestamp("us"), **more):
    columns = zip(("customer_id", "item_id", "click_time"), zip(*rows), (customer, item, time))
    return pa.table({**{name: pa.array(values).cast(dtype, safe=False) for name, values, dtype in columns}, **more})


def texts(rows=ROWS):
    return pa.array([row[2].strftime("%Y-%m-%dT%H:%M:%S.%fZ") for row in rows])


def pyarrow_files():
    for version in ("1.0", "2.4", "2.6"):
        pq.write_table(table(FAR), clicks(f"pyarrow_format_{version}.parquet", FAR), version=version)
    pq.write_table(table(FAR), clicks("pyarrow_v2_pages.parquet", FAR), data_page_version="2.0", compression="zstd")
    for compression in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
        pq.write_table(table(), clicks(f"pyarrow_{compression}.parquet"), compression=compression)
    delta = dict(use_dictionary=False, data_page_version="2.0")
    numbers = dict(customer_id="DELTA_BINARY_PACKED", item_id="BYTE_STREAM_SPLIT", click_time="DELTA_BINARY_PACKED")
    pq.write_table(table(FAR), clicks("pyarrow_delta_and_split.parquet", FAR), column_encoding=numbers, **delta)
    plain = dict(customer_id="PLAIN", item_id="PLAIN", click_time="PLAIN")
    pq.write_table(table(FAR), clicks("pyarrow_plain.parquet", FAR), use_dictionary=False, column_encoding=plain)
    for encoding in ("PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"):
        given = table().set_column(2, "click_time", texts())
        path = clicks(f"pyarrow_text_{encoding.lower()}.parquet")
        pq.write_table(given, path, use_dictionary=False, column_encoding=dict(click_time=encoding))
    # Many pages and row groups, and columns in another order.
    many = ROWS * 60
    given = table(many).select([2, 1, 0])
    pq.write_table(given, clicks("pyarrow_many_pages.parquet", many), row_group_size=70, data_page_size=64,
                   write_batch_size=8, write_page_index=True)
    # Other types for the same.
    small = [(row[0] % 200, row[1] % 200, row[2]) for row in ROWS]
    for bits in (8, 16, 32, 64):
        integer = getattr(pa, f"uint{bits}")()
        pq.write_table(table(small, integer, integer), clicks(f"pyarrow_uint{bits}.parquet", small))
    signed = [(row[0] % 100, row[1] % 100, row[2]) for row in ROWS]
    pq.write_table(table(signed, pa.int8(), pa.int16()), clicks("pyarrow_int8_int16.parquet", signed))
    whole = [(customer, item, time.replace(microsecond=0)) for customer, item, time in FAR]
    for unit, cut, rows in (("s", 1, whole), ("ms", 1_000, FAR), ("us", 1, FAR), ("ns", 1, ROWS)):
        pq.write_table(table(rows, time=pa.timestamp(unit)), clicks(f"pyarrow_times_{unit}.parquet", rows, cut))
    pq.write_table(table(FAR, time=pa.timestamp("us", "Europe/Paris")), clicks("pyarrow_zone.parquet", FAR))
    pq.write_table(table(), clicks("pyarrow_int96.parquet"), use_deprecated_int96_timestamps=True)
    # A day so far that its microseconds come round to 2025 again.
    path = clicks("pyarrow_wild_int96.parquet", ROWS[:1], rejected=["click_time is unreadable"])
    pq.write_table(table(ROWS[:2]), path, use_deprecated_int96_timestamps=True, use_dictionary=False, compression="none",
                   write_statistics=False)
    today = (2_440_588 + 20_316).to_bytes(4, "little")
    head, day, tail = path.read_bytes().rpartition(today)
    path.write_bytes(head + (2_440_588 + 20_316 + 213_503_982).to_bytes(4, "little") + tail)
    nanos = pa.array([-1, -1_000, -1_001, 1_999], pa.int64()).cast(pa.timestamp("ns"))
    before = [(1, 1, EPOCH + dt.timedelta(microseconds=time)) for time in (-1, -1, -2, 1)]
    given = pa.table(dict(customer_id=[1] * 4, item_id=[1] * 4, click_time=nanos))
    pq.write_table(given, clicks("pyarrow_nanoseconds_before_1970.parquet", before))
    # Milliseconds beyond the years that there are; one more of them would not fit into microseconds.
    wild = pa.array([0, 253_402_300_800_000, -62_135_596_800_001, 2**63 - 1, -2**63], pa.int64()).cast(pa.timestamp("ms"))
    given = pa.table(dict(customer_id=[1] * 5, item_id=[1] * 5, click_time=wild))
    path = clicks("pyarrow_wild_times.parquet", [(1, 1, EPOCH)], rejected=["click_time is unreadable"] * 4)
    pq.write_table(given, path)
    for name, dtype in (("dictionary", pa.dictionary(pa.int8(), pa.string())), ("large_text", pa.large_string()),
                        ("text_view", pa.string_view()), ("bytes", pa.binary()), ("fixed_bytes", pa.binary(27))):
        given = table().set_column(2, "click_time", texts().cast(pa.string()).cast(pa.binary()).cast(dtype)
                                   if pa.types.is_fixed_size_binary(dtype) else texts().cast(dtype))
        pq.write_table(given, clicks(f"pyarrow_{name}.parquet"))
    # Identifiers as NUMBER(38,0) and its kin.
    decimal.getcontext().prec = 80
    for name, dtype in (("128", pa.decimal128(38, 0)), ("256", pa.decimal256(76, 0)), ("256_scaled", pa.decimal256(76, 38)),
                        ("128_scaled", pa.decimal128(38, 9))):
        given = pa.table(dict(customer_id=pa.array([decimal.Decimal(row[0]) for row in ROWS], dtype),
                              item_id=pa.array([decimal.Decimal(row[1]) for row in ROWS], dtype),
                              click_time=[row[2] for row in ROWS]))
        pq.write_table(given, clicks(f"pyarrow_decimal{name}.parquet"))
    given = table(small)
    for place, (name, dtype) in enumerate(dict(customer_id=pa.decimal32(9, 2), item_id=pa.decimal64(18, 4)).items()):
        given = given.set_column(place, name, pa.array([decimal.Decimal(row[place]) for row in small], dtype))
    pq.write_table(given, clicks("pyarrow_decimal_as_integer.parquet", small), store_decimal_as_integer=True)
    ids = [decimal.Decimal(text) for text in ("7", "7.5", "-7", "0", "9" * 36)]
    given = pa.table(dict(customer_id=pa.array(ids, pa.decimal128(38, 2)), item_id=[1] * 5, click_time=[EPOCH] * 5))
    reasons = ["customer_id has the wrong type", *["customer_id is out of range"] * 3]
    pq.write_table(given, clicks("pyarrow_decimal_bad.parquet", [(7, 1, EPOCH)], rejected=reasons))
    given = pa.table(dict(customer_id=pa.array([decimal.Decimal(10) ** 70, decimal.Decimal(-10) ** 71], pa.decimal256(76, 0)),
                          item_id=[1] * 2, click_time=[EPOCH] * 2))
    pq.write_table(given, clicks("pyarrow_decimal_huge.parquet", [], rejected=["customer_id is out of range"] * 2))
    # Nulls and texts that are none.
    given = pa.table(dict(customer_id=[7, None, 7, 7], item_id=[1, 1, None, 1],
                          click_time=pa.array([b"2025-08-16T12:00:00Z", b"2025-08-16T12:00:00Z", b"", b"\xff"])))
    reasons = ["customer_id is null", "item_id is null", "click_time is unreadable"]
    pq.write_table(given, clicks("pyarrow_nulls.parquet", [(7, 1, dt.datetime(2025, 8, 16, 12))], rejected=reasons))


def order_files():
    days = [dt.date(2025, 8, 16), dt.date(1969, 12, 31), dt.date(1, 1, 1), dt.date(9999, 12, 31)]
    rows = [(7, 9, day) for day in days]
    ids = dict(customer_id=[7] * 4, config_id=[9] * 4)
    for dtype in (pa.date32(), pa.date64()):
        pq.write_table(pa.table({**ids, "order_date": pa.array(days, dtype)}), orders(f"pyarrow_{dtype}.parquet", rows))
    for name, spell in (("days", str), ("prefixed", lambda day: f"dt={day}"), ("times", lambda day: f"{day} 23:59:59.5")):
        values = pa.array([spell(day.isoformat()) for day in days]).dictionary_encode()
        path = orders(f"pyarrow_dictionary_of_{name}.parquet", rows)
        pq.write_table(pa.table({**ids, "order_date": values}), path)
    times = pa.array([dt.datetime.combine(day, dt.time(23, 59)) for day in days], pa.timestamp("us"))
    pq.write_table(pa.table({**ids, "order_date": times}), orders("pyarrow_days_as_times.parquet", rows))
    wild = pa.array([20_316, 2**31 - 1, -2**31, 2_932_897], pa.int32()).cast(pa.date32())
    path = orders("pyarrow_wild_dates.parquet", rows[:1], rejected=["order_date is unreadable"] * 3)
    pq.write_table(pa.table({**ids, "order_date": wild}), path)


def impression_files():
    entry = pa.struct([("item_id", pa.int64()), ("is_order", pa.bool_())])
    good = lambda *items: [dict(item_id=item, is_order=item % 2 == 0) for item in items]
    flat = lambda rows: [[c, e["item_id"], e["is_order"]] for c, entries in rows for e in entries]
    rows = [(7, good(1, 2, 3)), (8, good(4, 5, 6)), (7, good(7, 8, 9))]
    made = lambda dtype, rows=rows: pa.table(dict(customer_id=[c for c, _ in rows],
                                                 impressions=pa.array([e for _, e in rows], dtype)))
    for name, dtype in (("list", pa.list_(entry)), ("large_list", pa.large_list(entry)), ("fixed_list", pa.list_(entry, 3))):
        pq.write_table(made(dtype), impressions(f"pyarrow_{name}.parquet", flat(rows)))
    path = impressions("pyarrow_old_list_names.parquet", flat(rows))
    pq.write_table(made(pa.list_(entry)), path, use_compliant_nested_type=False)
    path = impressions("pyarrow_list_v2_pages.parquet", flat(rows))
    pq.write_table(made(pa.list_(entry)), path, data_page_version="2.0", use_dictionary=False)
    # An entry, a list, an item and a label may each be null.
    holes = [(7, good(1) + [None] + good(2)), (8, None), (9, []), (7, [dict(item_id=None, is_order=True), dict(item_id=3, is_order=None)]),
             (None, good(4)), (7, [None]), (7, good(5))]
    reasons = ["impressions[] is not an object", "impressions is null", "impressions[].item_id is null",
               "impressions[].is_order is null", "customer_id is null", "impressions[] is not an object"]
    path = impressions("pyarrow_nulls_in_lists.parquet", [[7, 1, False], [7, 2, True], [7, 5, False]], reasons)
    pq.write_table(made(pa.list_(entry), holes), path)
    # Beside what is read there may be anything, also in an entry.
    wide = pa.struct([("price", pa.decimal128(10, 2)), ("vector", pa.list_(pa.float32(), 2)), ("item_id", pa.decimal128(38, 0)),
                      ("half", pa.float16()), ("tags", pa.map_(pa.string(), pa.list_(pa.int8()))), ("is_order", pa.bool_()),
                      ("inner", pa.struct([("a", pa.uint16()), ("b", pa.time64("ns"))])), ("small", pa.int8())])
    values = lambda item: dict(price=decimal.Decimal("1.50"), vector=[0.5, 1.0], item_id=decimal.Decimal(item), half=0.5,
                               tags=[("a", [1, 2]), ("b", None)], is_order=item % 2 == 0, inner=dict(a=1, b=1), small=-1)
    rich = [(c, [values(e["item_id"]) for e in entries]) for c, entries in rows]
    given = made(pa.list_(wide), rich).append_column("bytes", pa.array([b"\xff", None, b""])) \
        .append_column("took", pa.array([1, 2, 3], pa.duration("us"))).append_column("nothing", pa.nulls(3)) \
        .append_column("clock", pa.array([1, 2, 3], pa.time32("ms"))) \
        .append_column("category", pa.array(["a", "b", "a"]).dictionary_encode())
    pq.write_table(given, impressions("pyarrow_anything_beside.parquet", flat(rows)))
    # As in CSV, a list may be spelled as JSON.
    given = pa.table(dict(customer_id=[c for c, _ in rows], impressions=[json.dumps(e) for _, e in rows]))
    pq.write_table(given, impressions("pyarrow_list_as_text.parquet", flat(rows)))
    struct = "struct_pack(item_id := {0}::int, is_order := {0} % 2 = 0, u := '00000000-0000-0000-0000-000000000001'::uuid)"
    rows_of = lambda c, items: f"select {c}::ubigint customer_id, [{', '.join(struct.format(i) for i in items)}] impressions, {{'a': 1}}::variant v"
    query = " union all ".join(rows_of(c, [e["item_id"] for e in entries]) for c, entries in rows)
    duckdb.sql(f"copy ({query}) to '{impressions('duckdb_variant_beside.parquet', flat(rows))}' (format parquet)")
    given = pl.DataFrame(dict(customer_id=[c for c, _ in rows], impressions=[e for _, e in rows]),
                         schema=dict(customer_id=pl.Int64, impressions=pl.Array(pl.Struct(dict(item_id=pl.Int32, is_order=pl.Boolean)), 3)))
    given.write_parquet(impressions("polars_array_of_structs.parquet", flat(rows)))


def other_files():
    spell = lambda rows: " union all ".join(
        f"select {c}::bigint customer_id, {i} item_id, timestamp '{t}' click_time" for c, i, t in rows)
    select = spell(ROWS)
    for kind, cut in (("timestamp", 1), ("timestamp_s", 1_000_000), ("timestamp_ms", 1_000), ("timestamp_ns", 1), ("timestamptz", 1)):
        rows = [(c, i, t.replace(microsecond=0)) for c, i, t in ROWS] if kind == "timestamp_s" else ROWS
        path = clicks(f"duckdb_{kind}.parquet", rows, cut)
        duckdb.sql("set timezone = 'UTC'")
        duckdb.sql(f"copy (select customer_id, item_id, click_time::{kind} click_time, {{'a': [1, 2]}}::variant v, '00000000-0000-0000-0000-000000000001'::uuid u, "
                   f"interval 1 day i, time '10:00' t, 1.5::decimal(30, 2) d, map {{'k': 1}} m, 1::utinyint s from ({spell(rows)})) "
                   f"to '{path}' (format parquet)")
    duckdb.sql(f"copy ({select}) to '{clicks('duckdb_v2.parquet')}' (format parquet, parquet_version v2)")
    frame = pd.DataFrame(dict(customer_id=[r[0] for r in ROWS], item_id=[r[1] for r in ROWS], click_time=texts().to_pylist()))
    fastparquet.write(str(clicks("fastparquet_text.parquet")), frame)
    fastparquet.write(str(clicks("fastparquet_category.parquet")), frame.astype(dict(click_time="category")))
    coded = frame.assign(click_time=[text.encode() for text in frame.click_time])
    fastparquet.write(str(clicks("fastparquet_bytes.parquet")), coded, object_encoding="bytes", compression="GZIP")
    times = frame.assign(click_time=pd.array([r[2] for r in ROWS], "datetime64[ns]"))
    fastparquet.write(str(clicks("fastparquet_int64.parquet")), times, times="int64")
    # Its pages of INT96 end in bytes that belong to no value, which nothing can be made of with certainty.
    fastparquet.write(str(HERE / "fastparquet_int96.parquet"), times, times="int96")
    EXPECTED["fastparquet_int96.parquet"] = dict(refused="column `click_time`: parquet: File out of specification")
    frame = pl.DataFrame(dict(customer_id=[r[0] for r in ROWS], item_id=[r[1] for r in ROWS], click_time=[r[2] for r in ROWS]))
    for unit, cut in (("ms", 1_000), ("us", 1), ("ns", 1)):
        frame.with_columns(pl.col("click_time").cast(pl.Datetime(unit)), took=pl.lit(dt.timedelta(seconds=1)),
                           clock=pl.lit(dt.time(10)), d=pl.lit(decimal.Decimal("1.5")), o=pl.lit(None)) \
            .write_parquet(clicks(f"polars_{unit}.parquet", cut=cut))
    text = frame.with_columns(pl.Series("click_time", texts().to_pylist()))
    text.with_columns(pl.col("click_time").cast(pl.Categorical)).write_parquet(clicks("polars_categorical.parquet"))
    ids = frame.with_columns(pl.col("customer_id").cast(pl.Int128), pl.col("item_id").cast(pl.Decimal(38, 3)))
    ids.with_columns(pl.col("customer_id").cast(pl.UInt64)).write_parquet(clicks("polars_decimal.parquet"))


def type_files():
    """Files of every type, which `show` and `diff` must be able to print; what `show --json` says is expected."""
    columns = dict(
        boolean=pa.array([True, None]), i8=pa.array([-1, None], pa.int8()), u64=pa.array([2**64 - 1, None], pa.uint64()),
        half=pa.array([0.5, None], pa.float16()), single=pa.array([0.1, None], pa.float32()), double=pa.array([0.1, None]),
        decimal=pa.array([decimal.Decimal("-0.05"), None], pa.decimal128(10, 2)),
        huge=pa.array([decimal.Decimal(10) ** 60, None], pa.decimal256(76, 2)),
        day=pa.array([dt.date(2025, 8, 16), None]), wild_day=pa.array([2**31 - 1, None], pa.int32()).cast(pa.date32()),
        clock=pa.array([dt.time(10, 0, 0, 5), None], pa.time64("us")), clock_ms=pa.array([36_000_001, None], pa.time32("ms")),
        nanos=pa.array([1, None], pa.timestamp("ns")), zoned=pa.array([1, None], pa.timestamp("ms", "UTC")),
        wild_time=pa.array([2**63 - 1, None], pa.int64()).cast(pa.timestamp("ms")),
        took=pa.array([1_500, None], pa.duration("ms")), text=pa.array(["a", None]),
        category=pa.array(["a", None]).dictionary_encode(), bytes=pa.array([b"\xff\x00", None]),
        fixed_bytes=pa.array([b"ab", None], pa.binary(2)), nothing=pa.nulls(2),
        fixed_list=pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), lists=pa.array([[["a"], None], None]),
        struct=pa.array([dict(a=1, b=[dict(c="x")]), None]),
        map=pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())),
    )
    pq.write_table(pa.table(columns), HERE / "types_pyarrow.parquet")
    EXPECTED["types_pyarrow.parquet"] = dict(shown=[dict(
        boolean=True, i8=-1, u64=2**64 - 1, half=0.5, single=0.1, double=0.1, decimal="-0.05", huge="1" + "0" * 60 + ".00",
        day="2025-08-16", wild_day=2**31 - 1, clock="10:00:00.000005", clock_ms="10:00:00.001",
        nanos="1970-01-01T00:00:00.000000001Z", zoned="1970-01-01T00:00:00.001Z", wild_time=2**63 - 1, took=1_500, text="a",
        category="a", bytes="ff00", fixed_bytes="6162", nothing=None, fixed_list=[1, 2], lists=[["a"], None],
        struct=dict(a=1, b=[dict(c="x")]), map=[dict(key="k", value=1)],
    ), dict.fromkeys(columns)])


def lying_files():
    """Files of 400 rows that say something else of themselves; each says why it is refused."""
    def number(value):  # as Thrift's compact protocol has it
        value, bytes_ = value << 1, b""
        while value >= 0x80:
            bytes_, value = bytes_ + bytes([value & 0x7F | 0x80]), value >> 7
        return bytes_ + bytes([value])

    path = HERE / "lying.parquet"
    pq.write_table(table([(7, 9, EPOCH)] * 400), path, compression="none", write_statistics=False)
    whole = path.read_bytes()
    path.unlink()
    foot = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    # A field of 64 bits, 400, and what follows: row groups follow the rows of the file, the encoded sizes those of a chunk.
    lies = dict(
        file_fewer=(b"\x16" + number(400) + b"\x19", 336, "its footer says 336 rows, its row groups hold 400"),
        file_more=(b"\x16" + number(400) + b"\x19", 416, "its footer says 416 rows, its row groups hold 400"),
        chunk_fewer=(b"\x16" + number(400) + b"\x16", 336, "column `customer_id` has 336 values in a row group of 400 rows"),
        chunk_more=(b"\x16" + number(400) + b"\x16", 416, "column `customer_id` has 416 values in a row group of 400 rows"),
    )
    for name, (found, lie, words) in lies.items():
        at = whole.index(found, foot)
        told = whole[:at] + found.replace(number(400), number(lie)) + whole[at + len(found):]
        EXPECTED[f"lying_{name}.parquet"] = dict(refused=words)
        (HERE / f"lying_{name}.parquet").write_bytes(told)
    # All of the footer tells the same lie.
    fewer = whole[:foot] + whole[foot:].replace(b"\x16" + number(400), b"\x16" + number(336))
    EXPECTED["lying_footer.parquet"] = dict(refused="has 336 values, its pages hold 400")
    (HERE / "lying_footer.parquet").write_bytes(fewer)


def spark_files():
    from pyspark.sql import SparkSession, types as t

    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC") \
        .config("spark.sql.parquet.int96RebaseModeInWrite", "CORRECTED") \
        .config("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED").master("local[1]").getOrCreate()
    utc = dt.timezone.utc
    rows = [(c, i, time.replace(tzinfo=utc)) for c, i, time in FAR]
    schema = t.StructType([t.StructField("customer_id", t.LongType()), t.StructField("item_id", t.IntegerType()),
                           t.StructField("click_time", t.TimestampType())])
    for kind in ("INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
        spark.conf.set("spark.sql.parquet.outputTimestampType", kind)
        folder = Path("/tmp/spark_clicks")
        spark.createDataFrame(rows, schema).coalesce(1).write.mode("overwrite").parquet(str(folder))
        part, = folder.glob("part-*.parquet")
        clicks(f"spark_{kind.lower()}.parquet", FAR, 1_000 if kind.endswith("MILLIS") else 1).write_bytes(part.read_bytes())
    spark.stop()


if __name__ == "__main__":
    pyarrow_files(), order_files(), impression_files(), other_files(), type_files(), lying_files()
    if "--spark" in sys.argv:
        spark_files()
    else:
        old = json.loads((HERE / "expected.json").read_text()) if (HERE / "expected.json").exists() else {}
        EXPECTED.update({name: rows for name, rows in old.items() if name.startswith("spark_")})
    lines = [f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in sorted(EXPECTED.items())]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
