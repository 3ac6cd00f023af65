"""Types and names on their way to Spark and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from tests.spark.tables import NASTY, TABLES
from transforms.core.dtypes import portable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

NESTED = pl.DataFrame(
    {
        "lists": [[[1, None], []], None],
        "rows": [[{"a.b": 1, "": [None]}, None], []],
        "deep": [{"x": {"`": [datetime(2024, 1, 1)], "when": time(1, 2, 3, 4)}}, None],
        "zones": pl.Series([[datetime(2024, 1, 1, tzinfo=UTC)], [None]]).list.eval(
            pl.element().dt.convert_time_zone("Asia/Tokyo")
        ),
        "spans": [[timedelta(days=-1, microseconds=1)], None],
        "nulls": [[], [None]],
        "bytes": [[b"\x00"], None],
    }
)
WITHIN_PLANS = pl.DataFrame(
    {
        "u8": pl.Series([255, None], dtype=pl.UInt8),
        "u16": pl.Series([2**16 - 1, None], dtype=pl.UInt16),
        "u32": pl.Series([2**32 - 1, None], dtype=pl.UInt32),
        "u64": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
        "i128": pl.Series([-(2**70), None], dtype=pl.Int128),
        "category": pl.Series(["a", None], dtype=pl.Categorical),
        "enum": pl.Series(["b", None], dtype=pl.Enum(["b", "a"])),
        "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
        "ms": pl.Series([datetime(2024, 1, 1), None], dtype=pl.Datetime("ms")),
        "ns": pl.Series([1, None]).cast(pl.Datetime("ns")),
        "zoned": pl.Series([datetime(2024, 1, 1, tzinfo=UTC), None], dtype=pl.Datetime("ns", "UTC")),
        "span": pl.Series([timedelta(1), None], dtype=pl.Duration("ns")),
    }
)
NAMES = (
    "a",
    "A",
    "a.b",
    "a.B",
    "`",
    "a`b.c",
    " ",
    "",
    "😀",
    "é",
    "e\u0301",
    "select",
    "x" * 300,
    "\n",
    "0",
    '"',
    "col(a)",
)


def same(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows


@pytest.mark.parametrize("table", [*TABLES.values(), NESTED, NESTED.clear(), WITHIN_PLANS])
def test_every_type_comes_back_as_it_left(table: pl.DataFrame, spark: SparkSession) -> None:
    from flows.engines.spark_rows import from_spark, map_rows, to_spark

    frame = to_spark(spark, table)
    assert_frame_equal(from_spark(frame, table.schema), table)
    mapped = map_rows(frame.repartition(1), same, table.schema, table.schema)
    assert from_spark(mapped, table.schema).equals(from_spark(frame.repartition(1), table.schema))
    shuffled = mapped.persist()
    assert shuffled.count() == table.height
    shuffled.unpersist()


def test_names_of_every_kind_come_back(spark: SparkSession) -> None:
    from flows.engines.spark_rows import column, from_spark, map_rows, spark_name, to_spark

    table = pl.DataFrame({name: [i] for i, name in enumerate((*NAMES, *map(spark_name, NAMES)))})
    frame = to_spark(spark, table)
    assert len(set(frame.columns)) == table.width
    picked = frame.select(*map(column, table.columns))
    mapped = map_rows(picked, same, table.schema, table.schema)
    assert_frame_equal(from_spark(mapped, table.schema), table)


def test_types_that_transforms_promise_cross_as_they_are() -> None:
    from flows.engines.spark_rows import carried

    for dtype in NASTY.schema.values():
        assert portable(dtype) == dtype
        if dtype not in (pl.Time(), pl.Datetime("us", "Europe/Oslo")):
            assert carried(dtype) == dtype


def test_steps_in_a_row_cross_to_python_once(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine
    from transforms.core.relations import MapRows, Source
    from transforms.core.rowwise import AddColumns

    relation: Source | MapRows = Source("t")
    for i in range(3):
        relation = MapRows(relation, AddColumns((pl.lit(i).alias(str(i)),)))
    frame = SparkEngine(spark, {"t": NASTY}).table(relation)
    plan = frame._jdf.queryExecution().optimizedPlan().toString()
    assert plan.count("MapInArrow") == 1


def test_a_frame_of_no_partitions_and_of_empty_ones(spark: SparkSession) -> None:
    from flows.engines.spark_rows import from_spark, map_rows, to_spark

    for frame in (to_spark(spark, NASTY.clear()), to_spark(spark, NASTY[:1]).repartition(5)):
        mapped = map_rows(frame, same, NASTY.schema, NASTY.schema)
        assert from_spark(mapped, NASTY.schema).schema == NASTY.schema


@pytest.mark.parametrize("shape", [lambda n: n, lambda n: pl.concat_list(n, n), lambda n: pl.struct(n)])
def test_lists_of_any_piece_can_be_sent(shape: Callable[[pl.Expr], pl.Expr]) -> None:
    """Whatever the piece of a table that a list is taken from, Arrow reads what Arrow wrote."""
    from pyspark.sql.pandas.types import to_arrow_schema

    from flows.engines.spark_rows import from_arrow, spark_schema, to_batches

    table = pl.DataFrame({"n": [[3, 1], None, [2], [], [None], [None, 5], []]}, schema={"n": pl.List(pl.Int64)})
    pieces = ((start, rows) for start in range(table.height) for rows in range(1, 4))
    for start, rows in pieces:
        sliced = table.lazy().with_columns(pl.col("n").list.sort()).slice(start, rows)
        piece = sliced.select(shape(pl.col("n"))).collect()
        declared = to_arrow_schema(spark_schema(piece.schema), timezone="UTC")
        stream = BytesIO()
        with pa.ipc.new_stream(stream, declared) as sent:
            for each in to_batches(piece, declared):
                sent.write_batch(each)
        assert from_arrow(pa.ipc.open_stream(stream.getvalue()).read_all(), piece.schema).equals(piece)
