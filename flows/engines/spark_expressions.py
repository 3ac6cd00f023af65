"""Spark expressions that mean what the relations say: missing values, sort keys, totals, aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import polars as pl
from pyspark.sql import Column
from pyspark.sql import functions as sf

from flows.engines.spark_rows import column, spark_name, spark_type
from transforms.core.relations import Measure, Order


def present(name: str, dtype: pl.DataType) -> Column:
    """A column with NaN as null."""
    value = column(name)
    return sf.when(~sf.isnan(value), value) if dtype.is_float() else value


def fitted(value: Column, dtype: pl.DataType) -> Column:
    """A value in the type that carries a polars type."""
    return sf.lit(None) if dtype == pl.Null else value.cast(spark_type(dtype))


def number(value: Column) -> Column:
    """A number or a boolean as Float64."""
    return value.cast("double")


def ordering(by: Sequence[Order]) -> list[Column]:
    """Sort keys; Spark, too, takes NaN as the largest number and text by code point."""
    return [_ordered(each) for each in by]


def _ordered(key: Order) -> Column:
    value = column(key.column)
    if key.descending:
        return value.desc_nulls_last() if key.nulls_last else value.desc_nulls_first()
    return value.asc_nulls_last() if key.nulls_last else value.asc_nulls_first()


def summand(value: Column, dtype: pl.DataType) -> Column:
    """What to add up: whole numbers as decimals of 38 digits in the end, so that only the result can be too large."""
    if dtype.is_integer():
        return value.cast("decimal(20,0)")
    if dtype == pl.Boolean:
        return value.cast("bigint")
    return value if dtype.is_decimal() else number(value)


def named_aggregate(measure: Measure, before: pl.Schema, after: pl.DataType, place: Column | None = None) -> Column:
    """The aggregate of a column, of the type that polars gives it, named.

    Args:
        measure: what to compute.
        before: the columns of the table.
        after: the type of the result.
        place: a number that orders the rows, for ``first``, ``last`` and ``list``; any order without one.
    """
    return fitted(aggregate(measure, before, place), after).alias(spark_name(measure.output))


def aggregate(measure: Measure, before: pl.Schema, place: Column | None = None) -> Column:
    """The aggregate of a column, of a type that holds the result."""
    if measure.function == "rows":
        return sf.count(sf.lit(1))
    dtype = before[measure.column]
    value = present(measure.column, dtype)
    match measure.function:
        case "count":
            return sf.count(value)
        case "count_distinct":
            return sf.count_distinct(value)
        case "count_missing":
            return sf.count(sf.lit(1)) - sf.count(value)
        case "list":
            return _listed(value, place)
        case "sum":
            return sf.sum(summand(value, dtype))
        case "mean":
            return sf.avg(number(value))
        case "median":
            return sf.percentile(number(value), 0.5)
        case "quantile":
            return sf.percentile(number(value), measure.q)
        case "std":
            return sf.stddev_samp(number(value))
        case "var":
            return sf.var_samp(number(value))
        case "any":
            return sf.bool_or(value.cast("boolean"))
        case "all":
            return sf.bool_and(value.cast("boolean"))
        case "min" | "max" | "first" | "last" | "mode" if dtype == pl.Null:
            return sf.max(sf.lit(None))
        case "min":
            return sf.min(value)
        case "max":
            return sf.max(value)
        case "mode":
            # Adding 0.0 makes one value of the two zeros, which `mode` would count apart.
            return sf.mode(value + sf.lit(0.0).cast(spark_type(dtype)) if dtype.is_float() else value, True)
        case "first":
            present_place = sf.when(value.isNotNull(), place) if place is not None else None
            return sf.min_by(value, present_place) if present_place is not None else sf.first(value, ignorenulls=True)
        case "last":
            present_place = sf.when(value.isNotNull(), place) if place is not None else None
            return sf.max_by(value, present_place) if present_place is not None else sf.last(value, ignorenulls=True)
        case _:
            assert_never(measure.function)


def _listed(value: Column, place: Column | None) -> Column:
    if place is None:
        return sf.collect_list(value)
    placed = sf.when(value.isNotNull(), sf.struct(place.alias("place"), value.alias("value")))
    return sf.transform(sf.array_sort(sf.collect_list(placed)), lambda each: each["value"])
