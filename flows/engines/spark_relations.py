"""Relations over one table in Spark: order, samples, distinct rows, groups."""

from __future__ import annotations

import polars as pl
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from flows.engines.spark_expressions import named_aggregate, ordering
from flows.engines.spark_rows import column, map_rows
from transforms.core.random import draw
from transforms.core.relations import Aggregate, Distinct, Limit, Order, Sample, Sort

DRAW = "__engine_draw"
PLACE = "__engine_place"
LARGEST_LIMIT = 2**31 - 1
"""Rows that Spark can be told to keep."""


def limited(frame: DataFrame, relation: Limit, *, ordered: bool) -> DataFrame:
    """The first rows; ``ordered`` when the table is one that Spark sorts, otherwise by its partitions."""
    if not ordered:
        frame = frame.withColumn(PLACE, sf.monotonically_increasing_id()).orderBy(PLACE)
    kept = frame.offset(relation.offset) if relation.offset else frame
    return kept.limit(min(relation.rows, LARGEST_LIMIT)).drop(PLACE)


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


def _reversed(key: Order) -> Order:
    return Order(key.column, not key.descending, not key.nulls_last)
