"""Groups and their aggregates in polars."""

from __future__ import annotations

from typing import assert_never

import polars as pl

from transforms.core.columns import column
from transforms.core.relations import Aggregate, Measure


def aggregated(table: pl.LazyFrame, relation: Aggregate) -> pl.LazyFrame:
    """One row for each group, groups in order of first appearance."""
    schema = table.collect_schema()
    measures = [measure_expr(each, schema) for each in relation.measures]
    if not relation.by:
        return table.select(measures)
    return table.group_by(list(map(column, relation.by)), maintain_order=True).agg(measures)


def measure_expr(measure: Measure, schema: pl.Schema) -> pl.Expr:
    """The aggregate expression, named; null and NaN left out, counts Int64, the sum of nothing null."""
    if measure.function == "rows":
        return pl.len().cast(pl.Int64).alias(measure.output)
    dtype = schema[measure.column]
    value = column(measure.column).fill_nan(None) if dtype.is_float() else column(measure.column)
    return _aggregate(value, measure, dtype).alias(measure.output)


def total(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The sum of a column, null when it has no value; too large for Int64 is an error, where polars would wrap."""
    if dtype.is_integer() or dtype == pl.Boolean:
        found = value.cast(pl.Int128).sum().cast(pl.Int64)
    else:
        found = (value.cast(pl.Float64) if dtype.is_float() else value).sum()
    return pl.when(value.count() > 0).then(found)


def _aggregate(value: pl.Expr, measure: Measure, dtype: pl.DataType) -> pl.Expr:
    match measure.function:
        case "rows":
            return pl.len().cast(pl.Int64)
        case "count":
            return value.count().cast(pl.Int64)
        case "count_distinct":
            return value.drop_nulls().n_unique().cast(pl.Int64)
        case "count_missing":
            return value.null_count().cast(pl.Int64)
        case "sum":
            return total(value, dtype)
        case "mean" | "median" | "quantile" | "std" | "var":
            return _statistic(value.cast(pl.Float64), measure)
        case "min":
            return value.min()
        case "max":
            return value.max()
        case "first":
            return value.drop_nulls().first()
        case "last":
            return value.drop_nulls().last()
        case "mode":
            return value.drop_nulls().mode().min()
        case "any":
            return pl.when(value.count() > 0).then(value.any(ignore_nulls=True))
        case "all":
            return pl.when(value.count() > 0).then(value.all(ignore_nulls=True))
        case "list":
            return value.drop_nulls().implode()
        case _:
            assert_never(measure.function)


def _statistic(number: pl.Expr, measure: Measure) -> pl.Expr:
    match measure.function:
        case "mean":
            return number.mean()
        case "median":
            return number.median()
        case "quantile":
            return number.quantile(measure.q, "linear")
        case "std":
            return number.std(1)
        case "var":
            return number.var(1)
        case other:
            raise NotImplementedError(f"{other!r} is not a statistic of numbers.")
