"""Columns that look at other rows of their group, in polars."""

from __future__ import annotations

from typing import assert_never

import polars as pl

from flows.engines.polars_aggregates import measure_expr
from transforms.core.columns import column
from transforms.core.relations import Measure, Order, Window, WindowFunction

PLACE = "__engine_place"
RANKS = ("row_number", "rank", "dense_rank", "average_rank", "max_rank", "percent_rank")
AS_LONG_AS_IT_TAKES = 2**32
"""A number of rows that no table in memory exceeds: a rolling window of so many is a running one."""


def windowed(table: pl.LazyFrame, relation: Window) -> pl.LazyFrame:
    """The table with the window columns, rows in their first order; equal keys follow that order too."""
    schema = table.collect_schema()
    columns = [_column(each, relation, schema) for each in relation.functions]
    if not _needs_order(relation):
        return table.with_columns(columns)
    # One sort gives each row its place; groups are then sorted by that number alone, whatever the keys.
    keys = relation.order_by
    order = pl.arg_sort_by(
        [column(each.column) for each in keys],
        descending=[each.descending for each in keys],
        nulls_last=[each.nulls_last for each in keys],
        maintain_order=True,
    )
    return table.with_columns(order.arg_sort().alias(PLACE)).with_columns(columns).drop(PLACE)


def _needs_order(relation: Window) -> bool:
    return bool(relation.order_by) and any(each.kind != "group" for each in relation.functions)


def _column(function: WindowFunction, relation: Window, schema: pl.Schema) -> pl.Expr:
    found = _function(function, relation.order_by, schema)
    # Without `over`, one value for the whole table would stay a constant in memory, by which polars divides inexactly.
    groups: list[str | pl.Expr] = [*map(column, relation.by)] or [pl.lit(True)]
    order = PLACE if _needs_order(relation) and function.kind != "group" else None
    return found.over(groups, order_by=order).alias(function.output)


def _function(function: WindowFunction, order_by: tuple[Order, ...], schema: pl.Schema) -> pl.Expr:
    if function.kind in RANKS:
        return _rank(function, order_by)
    dtype = schema[function.column]
    value = column(function.column).fill_nan(None) if dtype.is_float() else column(function.column)
    match function.kind:
        case "shift":
            return column(function.column).shift(function.offset)
        case "fill_forward":
            return value.forward_fill(function.limit)
        case "fill_backward":
            return value.backward_fill(function.limit)
        case "cumulative":
            return pl.when(value.is_not_null()).then(_cumulative(function, value, dtype))
        case "rolling":
            return _rolling(function, value, dtype)
        case "group":
            return _whole(function, schema)
        case _:
            raise NotImplementedError(f"No window {function.kind!r}.")


def _rank(function: WindowFunction, order_by: tuple[Order, ...]) -> pl.Expr:
    """Ranks by the row's place in the sorted group: equal keys share what the kind says."""
    place = pl.int_range(pl.len(), dtype=pl.Int64) + 1
    if function.kind == "row_number":
        return place
    differs = [column(each.column).ne_missing(column(each.column).shift(1)) for each in order_by]
    starts = pl.any_horizontal(place == 1, *differs)
    low = pl.when(starts).then(place).forward_fill()
    high = pl.when(starts.shift(-1, fill_value=True)).then(place).backward_fill()
    match function.kind:
        case "rank":
            return low
        case "dense_rank":
            return starts.cum_sum().cast(pl.Int64)
        case "max_rank":
            return high
        case "average_rank":
            return (low + high) / 2
        case "percent_rank":
            # Rows of the group less one, as a column: by a single value polars divides inexactly.
            others = place + place.reverse() - 2
            return pl.when(others > 0).then((low - 1) / others).otherwise(0.0)
        case _:
            raise NotImplementedError(f"No rank {function.kind!r}.")


def _cumulative(function: WindowFunction, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The running value; where the row has no value it may be anything."""
    if dtype == pl.Null:
        value, dtype = value.cast(pl.Float64), pl.Float64()
    number = value.cast(pl.Float64)
    so_far = value.is_not_null().cum_sum().cast(pl.Int64)
    match function.function:
        case "sum" if dtype.is_integer() or dtype == pl.Boolean:
            return value.cast(pl.Int128).cum_sum().cast(pl.Int64)  # too large is an error, where polars would wrap
        case "sum":
            return number.cum_sum() if dtype.is_float() else value.cum_sum()
        case "min":
            return value.cum_min()
        case "max":
            return value.cum_max()
        case "count":
            return so_far
        case "mean":
            return number.cum_sum() / so_far
        case "std":
            return number.rolling_std(AS_LONG_AS_IT_TAKES, min_samples=1, ddof=1)
        case "median":
            return number.rolling_median(AS_LONG_AS_IT_TAKES, min_samples=1)
        case _:
            assert_never(function.function)


def _rolling(function: WindowFunction, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    window, least = function.offset, function.min_rows
    if dtype == pl.Null or dtype.is_decimal():
        value, dtype = value.cast(pl.Float64), pl.Float64()
    number = value.cast(pl.Float64)
    match function.function:
        case "sum" if dtype.is_integer() or dtype == pl.Boolean:
            return value.cast(pl.Int128).rolling_sum(window, min_samples=least).cast(pl.Int64)
        case "sum":
            return number.rolling_sum(window, min_samples=least)
        case "mean":
            return number.rolling_mean(window, min_samples=least)
        case "min":
            return value.rolling_min(window, min_samples=least)
        case "max":
            return value.rolling_max(window, min_samples=least)
        case "count":
            return value.is_not_null().cast(pl.Int64).rolling_sum(window, min_samples=1)
        case "std":
            return number.rolling_std(window, min_samples=least, ddof=1)
        case "median":
            return number.rolling_median(window, min_samples=least)
        case _:
            assert_never(function.function)


def _whole(function: WindowFunction, schema: pl.Schema) -> pl.Expr:
    return measure_expr(Measure(function.function, function.column, function.output), schema)
