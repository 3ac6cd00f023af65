"""Columns that look at other rows of their group, in Spark."""

from __future__ import annotations

from typing import assert_never

import polars as pl
import pyarrow as pa
from pyspark.sql import Column, DataFrame, WindowSpec
from pyspark.sql import Window as Windows
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import to_arrow_schema

from flows.engines.polars_windows import RANKS, windowed
from flows.engines.spark_errors import portable_errors
from flows.engines.spark_expressions import aggregate, fitted, number, ordering, present, summand
from flows.engines.spark_rows import column, from_arrow, spark_name, spark_schema, to_batches
from transforms.core.relations import Measure, Window, WindowFunction

PLACE = "__engine_place"
START, HERE = Windows.unboundedPreceding, Windows.currentRow


def windowed_frame(frame: DataFrame, relation: Window, before: pl.Schema, after: pl.Schema) -> DataFrame:
    """The table with the window columns, rows in any order; equal keys follow the order of the table where it has one.

    Running and rolling medians, which Spark would sort anew for every row, are computed group by group in
    polars, and so are the other columns then, so that all see the rows in one order.
    """
    if any(each.function == "median" and each.kind in ("cumulative", "rolling") for each in relation.functions):
        return _by_group(frame, relation, before, after)
    ordered = any(each.kind != "group" and each.kind not in RANKS[1:] for each in relation.functions)
    if ordered:
        frame = frame.withColumn(PLACE, sf.monotonically_increasing_id())
    made = {each.output: _column(each, relation, before, after) for each in relation.functions}
    return frame.select(*(made[name] if name in made else column(name) for name in after))


def _by_group(frame: DataFrame, relation: Window, before: pl.Schema, after: pl.Schema) -> DataFrame:
    declared = spark_schema(after)
    to = to_arrow_schema(declared, timezone="UTC")
    alone = Window(relation.table, (), relation.order_by, relation.functions)

    def run(group: pa.Table) -> pa.Table:
        with portable_errors():
            found = windowed(from_arrow(group, before).lazy(), alone).collect()
            return pa.Table.from_batches(to_batches(found, to), to)

    return frame.groupBy(*map(column, relation.by)).applyInArrow(run, declared)


def _column(function: WindowFunction, relation: Window, before: pl.Schema, after: pl.Schema) -> Column:
    group = Windows.partitionBy(*map(column, relation.by))
    by_keys = ordering(relation.order_by)
    rows = group.orderBy(*by_keys, sf.col(PLACE))
    dtype = after[function.output]
    if function.kind in RANKS:
        found = sf.row_number().over(rows) if function.kind == "row_number" else _rank(function, group, by_keys)
    elif function.kind == "group":
        measure = Measure(function.function, function.column, function.output)
        found = aggregate(measure, before).over(group)
    else:
        found = _moving(function, before[function.column], rows)
    return fitted(found, dtype).alias(spark_name(function.output))


def _rank(function: WindowFunction, group: WindowSpec, keys: list[Column]) -> Column:
    peers = sf.count(sf.lit(1)).over(group.orderBy(*keys).rangeBetween(HERE, HERE) if keys else group)
    first = sf.rank().over(group.orderBy(*keys)) if keys else sf.lit(1)
    match function.kind:
        case "rank":
            return first
        case "dense_rank":
            return sf.dense_rank().over(group.orderBy(*keys)) if keys else sf.lit(1)
        case "max_rank":
            return first + peers - 1
        case "average_rank":
            return first + (peers - 1) / 2
        case "percent_rank":
            return sf.percent_rank().over(group.orderBy(*keys)) if keys else sf.lit(0.0)
        case _:
            raise NotImplementedError(f"No rank {function.kind!r}.")


def _moving(function: WindowFunction, dtype: pl.DataType, rows: WindowSpec) -> Column:
    """A column computed from the rows before or after, in order."""
    value, limit = present(function.column, dtype), function.limit
    match function.kind:
        case "shift":
            return sf.lag(column(function.column), function.offset).over(rows)
        case "fill_forward":
            return sf.last(value, ignorenulls=True).over(rows.rowsBetween(START if limit is None else -limit, HERE))
        case "fill_backward":
            end = Windows.unboundedFollowing if limit is None else limit
            return sf.first(value, ignorenulls=True).over(rows.rowsBetween(HERE, end))
        case "cumulative":
            return sf.when(value.isNotNull(), _framed(function, value, dtype, rows.rowsBetween(START, HERE)))
        case "rolling":
            frame = rows.rowsBetween(1 - function.offset, HERE)
            if dtype.is_decimal():
                value, dtype = number(value), pl.Float64()
            found = _framed(function, value, dtype, frame)
            if function.function == "count":
                return found
            return sf.when(sf.count(value).over(frame) >= function.min_rows, found)
        case _:
            raise NotImplementedError(f"No window {function.kind!r}.")


def _framed(function: WindowFunction, value: Column, dtype: pl.DataType, frame: WindowSpec) -> Column:
    match function.function:
        case "sum":
            # What is too large must fail here, not only where it is shown.
            found = sf.sum(summand(value, dtype)).over(frame)
            return found.cast("bigint") if dtype.is_integer() else found
        case "mean":
            return sf.avg(number(value)).over(frame)
        case "std":
            return sf.stddev_samp(number(value)).over(frame)
        case "count":
            return sf.count(value).over(frame)
        case "min" | "max" if dtype == pl.Null:
            return sf.lit(None)
        case "min":
            return sf.min(value).over(frame)
        case "max":
            return sf.max(value).over(frame)
        case "median":
            raise NotImplementedError("Medians of moving windows are computed in polars.")
        case _:
            assert_never(function.function)
