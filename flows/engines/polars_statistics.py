"""Statistics of a table in polars: one query for everything that is asked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise
from math import isfinite
from typing import Any

import polars as pl

from flows.engines.base import settle
from transforms.core import statistics as stat
from transforms.core.columns import column as exactly
from transforms.core.random import draw

Scalars = stat.Count | stat.Missing | stat.CountWhere | stat.Mean | stat.Std | stat.Sum | stat.Min | stat.Max
Middles = Sequence[float | None]
"""For each column of a statistic of spread one of its values, where one is known before the whole is read."""
DRAW = "__draw"
MOST_HELD = 48
"""Columns of which all values have to be held that one streaming query is asked for."""


@dataclass(frozen=True)
class Query:
    """A small table that holds an answer, and how to read it."""

    table: pl.LazyFrame
    read: Callable[[pl.DataFrame], Any]


class Measuring:
    """What is asked of one table, as small tables to compute and answers to read off them.

    Statistics that are single numbers share one row of one query.
    """

    def __init__(self, table: pl.LazyFrame) -> None:
        self._table = table
        self._schema = table.collect_schema()
        self._statistics: list[stat.Statistic] = []
        self._middles: dict[int, Middles] = {}

    def ask(self, statistics: Sequence[stat.Statistic]) -> slice:
        """Ask for more; their place among all answers."""
        start = len(self._statistics)
        self._statistics += statistics
        return slice(start, len(self._statistics))

    def middle(self, beginning: pl.LazyFrame) -> pl.LazyFrame | None:
        """A value of each column of which a spread is asked, from the first rows; ``None`` when none is asked.

        Values are taken less it, which keeps their digits. Were it the smallest of the whole table, all values would
        have to be held until that is known.
        """
        values = [
            measured_expr(column, self._schema).cast(pl.Float64).drop_nulls().first().alias(f"{i},{k}")
            for i, each in enumerate(self._statistics)
            for k, column in enumerate(_spread(each))
        ]
        return beginning.select(values) if values else None

    def around(self, row: pl.DataFrame) -> None:
        """Take the row that :meth:`middle` asked for."""
        found = row.row(0, named=True)
        for i, each in enumerate(self._statistics):
            values = [found[f"{i},{k}"] for k in range(len(_spread(each)))]
            self._middles[i] = [value if value is not None and isfinite(value) else None for value in values]

    def frames(self) -> list[pl.LazyFrame]:
        """The tables to compute."""
        statistics, schema = self._statistics, self._schema
        self._shared = _shared_quantiles(statistics)
        grouped = {place for places in self._shared.values() for place in places}
        single = {
            i: scalar(each, schema, self._middles.get(i, ()))
            for i, each in enumerate(statistics)
            if is_scalar(each) and i not in grouped
        }
        self._single = list(single)
        self._queries = {
            i: _query(each, self._table, schema, self._middles.get(i, ()))
            for i, each in enumerate(statistics)
            if not is_scalar(each)
        }
        row = [expr.alias(str(i)) for i, expr in single.items()]
        row += [_quantiles(name, places, statistics, schema) for name, places in self._shared.items()]
        tables = [each.table for each in self._queries.values()]
        return [*tables, self._table.select(row)] if row else tables

    @property
    def wide(self) -> bool:
        """Whether so many columns have to be held as a whole that the streaming engine would take ever longer.

        Its plan of a quantile or a spread has nodes that each feed from the table, at a cost that grows with
        the square of their number (measured: 24 s for 1,000 columns of 10,000 rows, in memory 0.3 s).
        """
        held = stat.Quantile | stat.Std | stat.Distinct | stat.Covariance | stat.Correlation
        return sum(isinstance(each, held) for each in self._statistics) > MOST_HELD

    def answers(self, found: Sequence[pl.DataFrame]) -> list[Any]:
        """All answers in the order in which they were asked, read off the computed tables."""
        answers: dict[int, Any] = {
            i: query.read(frame) for (i, query), frame in zip(self._queries.items(), found, strict=False)
        }
        if len(found) > len(self._queries):
            row = found[-1].row(0, named=True)
            answers |= {i: scalar_answer(self._statistics[i], row[str(i)]) for i in self._single}
            for places in self._shared.values():
                answers |= dict(zip(places, row[f"quantiles {places[0]}"], strict=True))
        return [answers[i] for i in range(len(self._statistics))]


def _shared_quantiles(statistics: Sequence[stat.Statistic]) -> dict[str, list[int]]:
    """Places of the quantiles of each column of which several are asked: sorted once, read off many times."""
    places: dict[str, list[int]] = {}
    for i, each in enumerate(statistics):
        if isinstance(each, stat.Quantile) and isinstance(each.column, str):
            places.setdefault(each.column, []).append(i)
    return {name: each for name, each in places.items() if len(each) > 1}


def _quantiles(name: str, places: Sequence[int], statistics: Sequence[stat.Statistic], schema: pl.Schema) -> pl.Expr:
    shares = [float(each.q) for each in (statistics[i] for i in places) if isinstance(each, stat.Quantile)]
    return _present(name, schema).quantile(shares, "linear").alias(f"quantiles {places[0]}")


def _present(column: stat.Measured, schema: pl.Schema) -> pl.Expr:
    """The numbers that are there: polars counts nulls in before it looks for a quantile, which costs digits."""
    return measured_expr(column, schema).cast(pl.Float64).drop_nulls()


def _spread(statistic: stat.Statistic) -> tuple[stat.Measured, ...]:
    """The columns whose spread a statistic measures, which a shift does not change."""
    match statistic:
        case stat.Std(column):
            return (column,)
        case stat.Covariance(columns) | stat.Correlation(columns):
            return tuple(columns)
        case _:
            return ()


def _centred(columns: Sequence[stat.Measured], schema: pl.Schema, middles: Middles) -> list[pl.Expr]:
    """Numbers less one of their values, or else the smallest: spread keeps its digits at large means.

    A value that occurs makes a constant column exactly 0.
    """
    numbers = [measured_expr(each, schema).cast(pl.Float64) for each in columns]
    known = middles or [None] * len(numbers)
    return [
        number - (number.min() if middle is None else middle) for number, middle in zip(numbers, known, strict=True)
    ]


def measured_expr(column: stat.Measured, schema: pl.Schema) -> pl.Expr:
    """A column or derivation with NaN as null."""
    expr = exactly(column) if isinstance(column, str) else column
    dtype = schema[column] if isinstance(column, str) else _dtype(column, schema)
    return expr.fill_nan(None) if dtype.is_float() else expr


def _dtype(expr: pl.Expr, schema: pl.Schema) -> pl.DataType:
    """The type of an expression; of a wide table only the columns that it reads are looked at."""
    read = expr.meta.root_names()
    known = (
        {name: schema[name] for name in read if name in schema}
        if not expr.meta.has_multiple_outputs() and read
        else schema
    )
    return pl.LazyFrame(schema=known).select(expr).collect_schema().dtypes()[0]


def is_scalar(statistic: stat.Statistic) -> bool:
    """Whether the answer is a single value."""
    return isinstance(statistic, Scalars | stat.Quantile | stat.Distinct | stat.Histogram)


def scalar(statistic: stat.Statistic, schema: pl.Schema, middles: Middles = ()) -> pl.Expr:
    """The aggregate expression of a statistic whose answer is a single value."""
    match statistic:
        case stat.Count():
            return pl.len().cast(pl.Int64)
        case stat.CountWhere(condition):
            return condition.sum().cast(pl.Int64)
        case stat.Missing(column):
            return measured_expr(column, schema).null_count().cast(pl.Int64)
        case stat.Mean(column):
            return measured_expr(column, schema).cast(pl.Float64).mean()
        case stat.Std(column, ddof):
            return _centred([column], schema, middles)[0].std(ddof)
        case stat.Sum(column):
            return _sum(measured_expr(column, schema), schema)
        case stat.Min(column):
            return measured_expr(column, schema).min()
        case stat.Max(column):
            return measured_expr(column, schema).max()
        case stat.Quantile(column, q):
            return _present(column, schema).quantile(q, "linear")
        case stat.Distinct(column):
            return measured_expr(column, schema).drop_nulls().n_unique().cast(pl.Int64)
        case stat.Histogram(column, edges):
            bins = _bins(measured_expr(column, schema), edges)
            return pl.concat_list(bins) if bins else pl.lit([], dtype=pl.List(pl.Int64))
        case _:
            raise NotImplementedError(f"{type(statistic).__name__} is not a single value.")


def scalar_answer(statistic: stat.Statistic, value: Any) -> Any:
    """A measured value as the statistic promises it."""
    match statistic:
        case stat.Mean() | stat.Std():
            return settle(value)
        case stat.Sum():
            return settle(value) if isinstance(value, float) else value or 0
        case stat.Histogram():
            return tuple(value)
        case stat.Count() | stat.CountWhere() | stat.Missing() | stat.Distinct():
            return value or 0
        case _:
            return value


def _sum(value: pl.Expr, schema: pl.Schema) -> pl.Expr:
    """An exact sum of whole numbers, where polars would wrap; decimals keep their type."""
    dtype = _dtype(value, schema)
    if dtype.is_integer() or dtype == pl.Boolean:
        return value.cast(pl.Int128).sum()
    return value.cast(pl.Float64).sum() if dtype.is_float() else value.sum()


def _bins(value: pl.Expr, edges: tuple[float, ...]) -> list[pl.Expr]:
    last = len(edges) - 2
    return [
        value.is_between(low, high, closed="both" if i == last else "left").sum().cast(pl.Int64)
        for i, (low, high) in enumerate(pairwise(edges))
    ]


@singledispatch
def _query(statistic: stat.Statistic, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    raise NotImplementedError(f"PolarsEngine cannot measure {type(statistic).__name__}.")


@_query.register
def _(statistic: stat.ValueCounts, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    values = table.select(measured_expr(statistic.column, schema).alias("value"))
    if statistic.explode:
        values = values.explode("value")
    if values.collect_schema()["value"].is_float():
        values = values.select(pl.col("value") + 0.0)  # -0.0 equals 0.0, and is written so
    counts = values.drop_nulls().group_by("value").agg(rows=pl.len().cast(pl.Int64))
    top = counts.sort("rows", "value", descending=[True, False]).head(statistic.limit)
    return Query(top, lambda found: dict(zip(found["value"].to_list(), found["rows"].to_list(), strict=True)))


@_query.register
def _(statistic: stat.GroupMeans, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    pairs = table.select(
        measured_expr(statistic.by, schema).alias("group"),
        measured_expr(statistic.column, schema).cast(pl.Float64).alias("value"),
    ).drop_nulls("group")
    means = pairs.group_by("group").agg(
        rows=pl.col("value").count().cast(pl.Int64), mean=pl.col("value").mean(), std=pl.col("value").std(1)
    )
    return Query(means.sort("group").head(statistic.limit), settled)


@_query.register
def _(statistic: stat.PairCounts, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    pairs = table.select(
        measured_expr(statistic.first, schema).alias("first"), measured_expr(statistic.second, schema).alias("second")
    ).drop_nulls()
    counts = pairs.group_by("first", "second").agg(rows=pl.len().cast(pl.Int64))
    return Query(counts.sort("first", "second").head(statistic.limit), lambda found: found)


@_query.register
def _(statistic: stat.Covariance, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    names = [str(i) for i in range(len(statistic.columns))]
    whole = table.select(
        measured_expr(column, schema).cast(pl.Float64).alias(name)
        for name, column in zip(names, statistic.columns, strict=True)
    ).drop_nulls()
    values = _centred([pl.col(name) for name in names], pl.Schema(dict.fromkeys(names, pl.Float64())), middles)
    pairs = [(i, j) for i in range(len(names)) for j in range(i, len(names))]
    row = whole.select(
        pl.len().cast(pl.Int64).alias("rows"),
        *(pl.col(name).mean().alias(f"mean{name}") for name in names),
        *(pl.cov(values[i], values[j], ddof=1).alias(f"{i},{j}") for i, j in pairs),
    )
    return Query(row, lambda found: covariance_matrix(found.row(0, named=True), len(names)))


def covariance_matrix(row: dict[str, Any], size: int) -> stat.CovarianceMatrix:
    """A covariance matrix out of one row of ``rows``, ``mean0`` ... and ``0,0``, ``0,1`` ..."""

    def cell(i: int, j: int) -> float:
        value = settle(row[f"{min(i, j)},{max(i, j)}"])
        return 0.0 if value is None or value != value else value

    return stat.CovarianceMatrix(
        rows=row["rows"] or 0,
        means=tuple(settle(row[f"mean{i}"]) or 0.0 for i in range(size)),
        matrix=tuple(tuple(cell(i, j) for j in range(size)) for i in range(size)),
    )


@_query.register
def _(statistic: stat.Correlation, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    size = len(statistic.columns)
    values = _centred(statistic.columns, schema, middles)
    row = table.select(
        pl.corr(values[i], values[j], method="pearson").alias(f"{i},{j}") for i in range(size) for j in range(i, size)
    )
    return Query(row, lambda found: correlation_matrix(found.row(0, named=True) if size else {}, size))


def correlation_matrix(row: dict[str, Any], size: int) -> tuple[tuple[float | None, ...], ...]:
    """A symmetric matrix out of one row of ``0,0``, ``0,1`` ...; undefined correlations are ``None``."""

    def cell(i: int, j: int) -> float | None:
        value = row[f"{min(i, j)},{max(i, j)}"]
        return None if value is None or value != value else settle(value)

    return tuple(tuple(cell(i, j) for j in range(size)) for i in range(size))


@_query.register
def _(statistic: stat.Rows, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    rows = table.select(map(exactly, statistic.columns))
    drawn = rows.with_columns(draw(statistic.seed, statistic.columns).alias(DRAW))
    order = [pl.col(DRAW), *(exactly(name) for name in statistic.columns if not schema[name].is_nested())]
    if statistic.per is None:
        kept = drawn.sort(order, maintain_order=True).head(statistic.limit)
    else:
        kept = (
            drawn.sort(order, maintain_order=True)
            .group_by(exactly(statistic.per), maintain_order=True)
            .head(statistic.limit)
        )
        kept = kept.sort(order, maintain_order=True)
    return Query(kept.select(map(exactly, statistic.columns)), lambda found: found)


@_query.register
def _(statistic: stat.Head, table: pl.LazyFrame, schema: pl.Schema, middles: Middles) -> Query:
    return Query(table.select(map(exactly, statistic.columns)).head(statistic.rows), lambda found: found)


def settled(table: pl.DataFrame) -> pl.DataFrame:
    """Fitted floats rounded to 12 significant digits, like :func:`flows.engines.base.settle`."""
    return table.with_columns(pl.col(pl.Float64).round_sig_figs(12))
