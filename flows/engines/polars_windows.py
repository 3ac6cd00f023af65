"""Columns that look at other rows of their group, in polars."""

from __future__ import annotations

from typing import assert_never

import polars as pl

from transforms.core.relations import Order, Window, WindowFunction

ROW = "__row"


def windowed(table: pl.LazyFrame, relation: Window) -> pl.LazyFrame:
    """The table with the window columns, rows in their first order."""
    schema = table.collect_schema()
    numbered = table.with_row_index(ROW)
    rows = numbered.sort(
        [each.column for each in relation.order_by] + [ROW],
        descending=[each.descending for each in relation.order_by] + [False],
        nulls_last=[each.nulls_last for each in relation.order_by] + [True],
    )
    added = [_column(each, relation, schema) for each in relation.functions]
    return rows.with_columns(added).sort(ROW).drop(ROW)


def _column(function: WindowFunction, relation: Window, schema: pl.Schema) -> pl.Expr:
    expr = _function(function, relation.order_by, schema)
    return (expr.over(list(relation.by)) if relation.by else expr).alias(function.output)


def _function(function: WindowFunction, order_by: tuple[Order, ...], schema: pl.Schema) -> pl.Expr:
    if function.kind in ("row_number", "rank", "dense_rank", "average_rank", "max_rank", "percent_rank"):
        return _rank(function, order_by)
    dtype = schema[function.column]
    value = pl.col(function.column).fill_nan(None) if dtype.is_float() else pl.col(function.column)
    match function.kind:
        case "shift":
            return pl.col(function.column).shift(function.offset)
        case "fill_forward":
            return value.forward_fill(function.limit)
        case "fill_backward":
            return value.backward_fill(function.limit)
        case "cumulative":
            return _cumulative(function, value, dtype)
        case "rolling":
            return _rolling(function, value)
        case "group":
            return _whole(function, value, dtype)
        case _:
            raise NotImplementedError(f"No window {function.kind!r}.")


def _rank(function: WindowFunction, order_by: tuple[Order, ...]) -> pl.Expr:
    """Ranks by the row's place in the sorted group: equal keys share what the method says."""
    place = pl.int_range(pl.len(), dtype=pl.Int64) + 1
    if function.kind == "row_number":
        return place
    keys = pl.struct(each.column for each in order_by)
    starts = (keys != keys.shift(1)).fill_null(True)
    run = starts.cum_sum()
    match function.kind:
        case "dense_rank":
            return run.cast(pl.Int64)
        case "rank":
            return pl.when(starts).then(place).forward_fill()
        case "max_rank":
            return pl.when(starts.shift(-1, fill_value=True)).then(place).backward_fill()
        case "average_rank":
            low = pl.when(starts).then(place).forward_fill()
            high = pl.when(starts.shift(-1, fill_value=True)).then(place).backward_fill()
            return (low + high) / 2
        case "percent_rank":
            low = pl.when(starts).then(place).forward_fill()
            return pl.when(pl.len() > 1).then((low - 1) / (pl.len() - 1)).otherwise(0.0)
        case _:
            raise NotImplementedError(f"No rank {function.kind!r}.")


def _cumulative(function: WindowFunction, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    whole = value.cast(pl.Int64) if dtype.is_integer() or dtype == pl.Boolean else value
    so_far = value.is_not_null().cum_sum().cast(pl.Int64)
    match function.function:
        case "sum":
            return whole.cum_sum()
        case "min":
            return value.cum_min()
        case "max":
            return value.cum_max()
        case "count":
            return so_far
        case "mean":
            return value.cast(pl.Float64).cum_sum() / so_far
        case other:
            raise NotImplementedError(f"No cumulative {other!r}.")


def _rolling(function: WindowFunction, value: pl.Expr) -> pl.Expr:
    number, window, least = value.cast(pl.Float64), function.offset, function.min_rows
    match function.function:
        case "sum":
            return number.rolling_sum(window, min_samples=least)
        case "mean":
            return number.rolling_mean(window, min_samples=least)
        case "min":
            return number.rolling_min(window, min_samples=least)
        case "max":
            return number.rolling_max(window, min_samples=least)
        case "std":
            return number.rolling_std(window, min_samples=least, ddof=1)
        case "median":
            return number.rolling_median(window, min_samples=least)
        case "count":
            return value.is_not_null().cast(pl.Float64).rolling_sum(window, min_samples=1).cast(pl.Int64)
        case _:
            assert_never(function.function)


def _whole(function: WindowFunction, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    number = value.cast(pl.Float64) if dtype.is_numeric() else value
    match function.function:
        case "sum":
            total = value.cast(pl.Int64).sum() if dtype.is_integer() or dtype == pl.Boolean else value.sum()
            return pl.when(value.count() > 0).then(total)
        case "mean":
            return number.mean()
        case "min":
            return value.min()
        case "max":
            return value.max()
        case "count":
            return value.count().cast(pl.Int64)
        case "std":
            return number.std(1)
        case "median":
            return number.median()
        case _:
            assert_never(function.function)
