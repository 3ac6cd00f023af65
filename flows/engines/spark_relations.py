"""Relations over one table in Spark: order, samples, distinct rows, groups."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import to_arrow_schema

from flows.engines.spark_errors import portable_errors
from flows.engines.spark_expressions import named_aggregate, ordering
from flows.engines.spark_rows import Batches, column, from_arrow, map_rows, spark_schema, to_batches
from transforms.core.errors import StepError
from transforms.core.random import draw
from transforms.core.relations import Aggregate, Apply, Distinct, Limit, Order, Sample, Sort

DRAW = "__engine_draw"
PLACE = "__engine_place"
LARGEST_LIMIT = 2**31 - 1
"""Rows that Spark can be told to keep."""
LARGEST_APPLIED = 1 << 30
"""Bytes, as Arrow has them, of a table that is passed through a function as a whole."""


def limited(frame: DataFrame, relation: Limit, *, ordered: bool) -> DataFrame:
    """The first rows; ``ordered`` when the table is one that Spark sorts, otherwise by its partitions."""
    if not ordered:
        frame = frame.withColumn(PLACE, sf.monotonically_increasing_id()).orderBy(PLACE)
    kept = frame.offset(relation.offset) if relation.offset else frame
    return (kept if relation.rows is None else kept.limit(min(relation.rows, LARGEST_LIMIT))).drop(PLACE)


def sampled(frame: DataFrame, relation: Sample, schema: pl.Schema) -> DataFrame:
    """The rows that draw the smallest numbers."""
    drawn = with_draw(frame, schema, relation.seed)
    if relation.per:
        place = sf.row_number().over(Window.partitionBy(*map(column, relation.per)).orderBy(DRAW))
        return drawn.withColumn(PLACE, place).where(sf.col(PLACE) <= relation.rows).drop(PLACE, DRAW)
    return drawn.orderBy(DRAW).limit(min(relation.rows, LARGEST_LIMIT)).drop(DRAW)


def with_draw(frame: DataFrame, schema: pl.Schema, seed: int) -> DataFrame:
    """The table with a hash of its rows, computed by polars so that it is the same on every engine."""
    after = pl.Schema({**schema, DRAW: pl.Float64()})
    names = schema.names()
    return map_rows(frame, lambda rows: rows.with_columns(draw(seed, names).alias(DRAW)), schema, after)


def distinct(frame: DataFrame, relation: Distinct, schema: pl.Schema) -> DataFrame:
    """The rows that are kept, in any order."""
    names = schema.names()
    group = Window.partitionBy(*map(column, relation.columns))
    if relation.keep == "none":
        alone = frame.withColumn(PLACE, sf.count(sf.lit(1)).over(group))
    elif set(relation.columns) == set(names):
        return frame.dropDuplicates()
    else:
        last = relation.keep == "last"
        keys = [_reversed(each) if last else each for each in (*relation.order_by, Order(DRAW))]
        place = sf.row_number().over(group.orderBy(*ordering(keys)))
        alone = with_draw(frame, schema, 0).withColumn(PLACE, place)
    return alone.where(sf.col(PLACE) == 1).select(*map(column, names))


def aggregated(frame: DataFrame, relation: Aggregate, before: pl.Schema, after: pl.Schema) -> DataFrame:
    """One row for each group, groups in any order."""
    place = None
    if relation.order_by and any(each.function in ("first", "last", "list") for each in relation.measures):
        # Sorting all rows gives each a number to go by within its group, however large a group is.
        frame = frame.sort(*ordering(relation.order_by)).withColumn(PLACE, sf.monotonically_increasing_id())
        place = sf.col(PLACE)
    measures = [named_aggregate(each, before, after[each.output], place) for each in relation.measures]
    groups = [column(name) for name in relation.by]
    if not measures:
        return frame.select(*groups).distinct()
    return frame.groupBy(*groups).agg(*measures).select(*map(column, after))


def ordered(frame: DataFrame, relation: Sort) -> DataFrame:
    """All rows in order."""
    return frame.sort(*ordering(relation.by)) if relation.by else frame


def applied(frame: DataFrame, relation: Apply, before: pl.Schema, most: int = LARGEST_APPLIED) -> DataFrame:
    """The whole table passed through a function by one task, which holds all of its rows in memory.

    Args:
        frame: the table; its columns are those of ``before``.
        relation: the function, and the columns that it gives.
        before: the polars columns that ``frame`` carries.
        most: bytes of the table; a larger one is an error of the run.
    """
    function = relation.function
    declared = spark_schema(relation.schema)
    to = to_arrow_schema(declared, timezone="UTC")

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        with portable_errors():
            rows = pl.concat([before.to_frame(), *(from_arrow(each, before) for each in _bounded(batches, most))])
            if not rows.is_empty():
                yield from to_batches(function(rows), to)

    return frame.repartition(1).mapInArrow(run, declared)


def _bounded(batches: Batches, most: int) -> Iterator[pa.RecordBatch]:
    """Batches, as long as one task can hold them all.

    Raises:
        StepError: they are too many.
    """
    size = rows = 0
    for each in batches:
        size, rows = size + each.nbytes, rows + each.num_rows
        if size > most:
            raise StepError(
                f"Python code on a whole table needs all rows in one place, and on Spark takes at most "
                f"{most >> 20:,} MB of them; they were more after {rows:,} rows. Filter rows or drop columns "
                "before it, or use a Python function on columns, which Spark runs piece by piece."
            )
        yield each


def _reversed(key: Order) -> Order:
    return Order(key.column, not key.descending, not key.nulls_last)
