"""What is kept of some rows to answer a statistic, and how such partial answers are merged.

Everything here is polars on one machine. A statistic measured over the pieces of a table, whichever
way it is cut, is the statistic of the table: that is what lets executors answer for their partitions.
Deviations are taken from the smallest value before anything is squared, and merged about their common
mean (Chan, Golub and LeVeque 1983); a mean is kept as the smallest value and how far it is from there. So
large values cost no digits, and a constant column has a deviation of exactly 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from flows.engines.polars_statistics import DRAW, measured_expr, scalar, scalar_answer, settled
from transforms.core import statistics as stat
from transforms.core.columns import column as exactly
from transforms.core.random import draw


@dataclass(frozen=True, eq=False)
class Partial(ABC):
    """How one or more statistics are answered from pieces of a table.

    Pieces are started, merged in any grouping, finished and combined. Rows of a partial that agree in
    ``keys`` are merged in one place before it is finished; the parts of a table that hold different
    keys are combined afterwards.
    """

    keys: ClassVar[tuple[str, ...]] = ()
    """Columns of the partial that may have as many values as the table has rows."""
    small: ClassVar[bool] = False
    """Whether the partials of all partitions fit on the driver."""

    @abstractmethod
    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """The partial answer of some rows."""

    @abstractmethod
    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        """One partial answer of several, one below the other."""

    def finish(self, merged: pl.DataFrame) -> pl.DataFrame:
        """What is to be kept of a merged partial that has all rows of its keys."""
        return merged

    def combine(self, finished: pl.DataFrame) -> pl.DataFrame:
        """Several finished partials as one."""
        return self.merge(finished)

    @abstractmethod
    def answer(self, whole: pl.DataFrame) -> Any:
        """The answer, from the only partial that is left."""


def measured_type(column: stat.Measured, schema: pl.Schema) -> pl.DataType:
    """The type of a measured column."""
    return pl.LazyFrame(schema=schema).select(measured_expr(column, schema)).collect_schema().dtypes()[0]


def number(column: stat.Measured, schema: pl.Schema) -> pl.Expr:
    """A measured column as Float64 without NaN."""
    return measured_expr(column, schema).cast(pl.Float64)


def key(column: stat.Measured, schema: pl.Schema) -> pl.Expr:
    """A measured column to group by: -0.0 and 0.0 are one value, which is 0.0 whichever row comes first."""
    value, dtype = measured_expr(column, schema), measured_type(column, schema)
    return pl.when(value == 0).then(pl.lit(0.0, dtype)).otherwise(value) if dtype.is_float() else value


@dataclass(frozen=True, eq=False)
class Scalars(Partial):
    """All statistics that are single numbers, in one row. Answer: a list, in order."""

    small = True
    statistics: tuple[stat.Statistic, ...]
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        started = [self._start(i, each) for i, each in enumerate(self.statistics)]
        return rows.select(expr for exprs in started for expr in exprs).collect()

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        merged = [self._merge(i, each) for i, each in enumerate(self.statistics)]
        return partials.lazy().select(expr for exprs in merged for expr in exprs).collect()

    def answer(self, whole: pl.DataFrame) -> list[Any]:
        row = whole.row(0, named=True)
        return [scalar_answer(each, self._value(i, each, row)) for i, each in enumerate(self.statistics)]

    def _start(self, i: int, statistic: stat.Statistic) -> list[pl.Expr]:
        match statistic:
            case stat.Mean(column):
                value = number(column, self.schema)
                return [value.count().cast(pl.Int64).alias(f"{i}.rows"), value.sum().alias(f"{i}.sum")]
            case stat.Std(column):
                return [each.name.prefix(f"{i}.") for each in moments(number(column, self.schema))]
            case stat.Sum(column):
                return [_total(column, self.schema).alias(f"{i}")]
            case _:
                return [scalar(statistic, self.schema).alias(f"{i}")]

    def _merge(self, i: int, statistic: stat.Statistic) -> list[pl.Expr]:
        value = pl.col(f"{i}")
        match statistic:
            case stat.Mean():
                return [pl.col(f"{i}.rows", f"{i}.sum").sum()]
            case stat.Std():
                return merged_moments(f"{i}.")
            case stat.Min():
                return [value.min()]
            case stat.Max():
                return [value.max()]
            case stat.Histogram(_, edges):
                return [pl.concat_list(value.list.get(bin).sum() for bin in range(len(edges) - 1)).alias(f"{i}")]
            case _:
                return [value.sum()]

    def _value(self, i: int, statistic: stat.Statistic, row: dict[str, Any]) -> Any:
        match statistic:
            case stat.Mean():
                return row[f"{i}.sum"] / row[f"{i}.rows"] if row[f"{i}.rows"] else None
            case stat.Std(_, ddof):
                left = row[f"{i}.rows"] - ddof
                return (row[f"{i}.squares"] / left) ** 0.5 if left > 0 else None
            case _:
                return row[f"{i}"]


def _total(column: stat.Measured, schema: pl.Schema) -> pl.Expr:
    """The sum of a column: exact for whole numbers, in Float64 for others."""
    value, dtype = measured_expr(column, schema), measured_type(column, schema)
    if dtype.is_integer() or dtype == pl.Boolean:
        return value.cast(pl.Int128).sum()
    return value.cast(pl.Float64).sum() if dtype.is_float() else value.sum()


def moments(value: pl.Expr) -> list[pl.Expr]:
    """Number of values, the smallest, how far the mean is from it, and the sum of squared deviations."""
    rows, low = value.count().cast(pl.Int64), value.min()
    return [
        rows.alias("rows"),
        low.alias("low"),
        (value - low).mean().alias("shift"),
        (rows * (value - low).var(0)).alias("squares"),
    ]


def merged_moments(prefix: str) -> list[pl.Expr]:
    """The :func:`moments` of the values of several pieces, from the moments of each."""
    rows, low, shift, squares = (pl.col(prefix + name) for name in ("rows", "low", "shift", "squares"))
    apart = low - low.min() + shift
    common = (rows * apart).sum() / rows.sum()
    return [
        rows.sum(),
        low.min(),
        common.alias(prefix + "shift"),
        (squares.sum() + (rows * (apart - common).pow(2)).sum()).alias(prefix + "squares"),
    ]


@dataclass(frozen=True, eq=False)
class DistinctValues(Partial):
    """Different values. Answer: their number."""

    keys = ("value",)
    column: stat.Measured
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        return self.merge(rows.select(value=key(self.column, self.schema)).drop_nulls().collect())

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        return partials.group_by("value").agg()

    def finish(self, merged: pl.DataFrame) -> pl.DataFrame:
        return merged.select(rows=pl.len().cast(pl.Int64))

    def combine(self, finished: pl.DataFrame) -> pl.DataFrame:
        return finished.sum()

    def answer(self, whole: pl.DataFrame) -> int:
        return int(whole.item())


@dataclass(frozen=True, eq=False)
class CountedValues(Partial):
    """Values and how often they occur. Answer: a dict, largest first."""

    keys = ("value",)
    statistic: stat.ValueCounts
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        values = rows.select(value=key(self.statistic.column, self.schema))
        if self.statistic.explode:
            values = values.explode("value")
        return values.drop_nulls().group_by("value").agg(rows=pl.len().cast(pl.Int64)).collect()

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        return partials.group_by("value").agg(pl.col("rows").sum())

    def finish(self, merged: pl.DataFrame) -> pl.DataFrame:
        return merged.sort("rows", "value", descending=[True, False]).head(self.statistic.limit)

    def combine(self, finished: pl.DataFrame) -> pl.DataFrame:
        return self.finish(finished)

    def answer(self, whole: pl.DataFrame) -> dict[Any, int]:
        return dict(zip(whole["value"].to_list(), whole["rows"].to_list(), strict=True))


@dataclass(frozen=True, eq=False)
class CountedPairs(Partial):
    """Pairs of values and how often they occur. Answer: a frame, in the order of the pairs."""

    keys = ("first", "second")
    statistic: stat.PairCounts
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        first, second = (key(each, self.schema) for each in (self.statistic.first, self.statistic.second))
        pairs = rows.select(first=first, second=second).drop_nulls()
        return pairs.group_by("first", "second").agg(rows=pl.len().cast(pl.Int64)).collect()

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        return partials.group_by("first", "second").agg(pl.col("rows").sum())

    def finish(self, merged: pl.DataFrame) -> pl.DataFrame:
        return merged.sort("first", "second").head(self.statistic.limit)

    def combine(self, finished: pl.DataFrame) -> pl.DataFrame:
        return self.finish(finished)

    def answer(self, whole: pl.DataFrame) -> pl.DataFrame:
        return whole


@dataclass(frozen=True, eq=False)
class GroupMoments(Partial):
    """Moments of a number in each group. Answer: a frame, in group order."""

    keys = ("group",)
    statistic: stat.GroupMeans
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        pairs = rows.select(
            group=key(self.statistic.by, self.schema), value=number(self.statistic.column, self.schema)
        ).drop_nulls("group")
        # Aggregates of aggregates are slow in many small groups; windows and plain aggregates are not.
        value, low = pl.col("value"), pl.col("low")
        count = value.count().cast(pl.Int64)
        lows = pairs.with_columns(low=value.min().over("group"))
        started = lows.group_by("group").agg(
            rows=count, low=low.min(), shift=(value - low).mean(), squares=count * (value - low).var(0), sum=value.sum()
        )
        return started.collect()

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        rows, low, shift = pl.col("rows"), pl.col("low"), pl.col("shift")
        apart = partials.lazy().with_columns(apart=low - low.min().over("group") + shift)
        common = (rows * pl.col("apart")).sum().over("group") / rows.sum().over("group")
        merged = apart.with_columns(shift=common).group_by("group")
        between = rows * (pl.col("apart") - shift).pow(2)
        return merged.agg(
            rows.sum(), low.min(), shift.first(), pl.col("squares").sum() + between.sum(), pl.col("sum").sum()
        ).collect()

    def finish(self, merged: pl.DataFrame) -> pl.DataFrame:
        return merged.sort("group").head(self.statistic.limit)

    def combine(self, finished: pl.DataFrame) -> pl.DataFrame:
        return self.finish(finished)

    def answer(self, whole: pl.DataFrame) -> pl.DataFrame:
        rows = pl.col("rows")
        return settled(
            whole.select(
                "group",
                "rows",
                mean=pl.when(rows > 0).then(pl.col("sum") / rows),
                std=pl.when(rows > 1).then((pl.col("squares") / (rows - 1)).sqrt()),
            )
        )


@dataclass(frozen=True, eq=False)
class DrawnRows(Partial):
    """The rows that draw the smallest numbers, of the table or of each group. Answer: a frame, in that order."""

    statistic: stat.Rows
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        columns = self.statistic.columns
        return self.merge(
            rows.select(map(exactly, columns)).with_columns(draw(self.statistic.seed, columns).alias(DRAW)).collect()
        )

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        order = [pl.col(DRAW), *(exactly(name) for name in self.statistic.columns if not self.schema[name].is_nested())]
        drawn = partials.sort(order, maintain_order=True)
        if self.statistic.per is None:
            return drawn.head(self.statistic.limit)
        kept = drawn.group_by(exactly(self.statistic.per), maintain_order=True).head(self.statistic.limit)
        return kept.sort(order, maintain_order=True)

    def answer(self, whole: pl.DataFrame) -> pl.DataFrame:
        return whole.select(map(exactly, self.statistic.columns))
