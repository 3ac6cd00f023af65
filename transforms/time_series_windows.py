"""Moving statistics: over the rows around each row, or over a span of time before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Self, assert_never

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import SortKeys
from transforms.core.columns import AnyKeyColumns, NumericColumns, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.params import Share
from transforms.core.relations import (
    Aggregate,
    Concat,
    Join,
    MapRows,
    Measure,
    Order,
    Range,
    Relation,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows, SelectColumns
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform
from transforms.date_units import MICROSECONDS, PERIODS, SpanUnit, moment, most

Function = Literal["mean", "sum", "min", "max", "median", "std", "var", "count"]
MISSING = (
    "Missing values, NaN among them, are left out of the windows they are in; missing group values are one series."
)


class MovingStatistic(TableTransform):
    """Looks at the rows around each row of a series."""

    missing = MISSING

    columns: NumericColumns
    """Columns to look at."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""
    suffix: str = ""
    """Ending of the names of new columns; what is computed and over how much, when empty."""

    def ending(self) -> str:
        """What is added to the column names where no suffix is given."""
        raise NotImplementedError(f"{type(self).__name__} does not say how its columns are named.")

    def output(self, name: str) -> str:
        """The new column made of a column."""
        return f"{name}{self.suffix or self.ending()}"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            yield from taken(self.output(name), schemas[0], "suffix")


class RollingAggregate(MovingStatistic):
    """Compute a moving average, sum or other statistic over the last rows of a series."""

    id = "rolling_aggregate"
    title = "Moving average and other moving statistics"
    terms = (
        "moving average",
        "rolling mean",
        "rolling sum",
        "rolling std",
        "sliding window",
        "smooth",
        "rolling window features",
    )
    examples = (
        Example(
            params={"columns": ["sales"], "window": 2, "min_rows": 1, "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2, 4], "sales": [30.0, 10.0, None, 50.0]},
            after={
                "day": [3, 1, 2, 4],
                "sales": [30.0, 10.0, None, 50.0],
                "sales_mean_2": [30.0, 10.0, 10.0, 40.0],
            },
        ),
        Example(
            params={
                "columns": ["x"],
                "window": 2,
                "function": "sum",
                "include_current": False,
                "order_by": [{"column": "day"}],
                "by": ["shop"],
            },
            before={"shop": ["a", "a", "a", None], "day": [1, 2, 3, 1], "x": [1, 2, 4, 8]},
            after={
                "shop": ["a", "a", "a", None],
                "day": [1, 2, 3, 1],
                "x": [1, 2, 4, 8],
                "x_sum_2": [None, None, 3, None],
            },
        ),
        Example(
            params={
                "columns": ["x"],
                "window": 3,
                "function": "max",
                "center": True,
                "min_rows": 2,
                "order_by": [{"column": "day"}],
                "suffix": "_peak",
            },
            before={"day": [1, 2, 3, 4], "x": [1, 2, 4, None]},
            after={"day": [1, 2, 3, 4], "x": [1, 2, 4, None], "x_peak": [2, 4, 4, None]},
        ),
    )

    window: int = Field(3, ge=1, le=100_000)
    """How many rows to look at."""
    function: Function = "mean"
    """What to compute; ``std`` and ``var`` are those of a sample, so null for a single value."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    min_rows: int | None = Field(None, ge=1)
    """Of how many rows at least there has to be a value; left empty, of all in the window. Counts always are."""
    center: bool = False
    """Look at rows on both sides; of an even number, one more before than after."""
    include_current: bool = True
    """Look at the row and those before it; or only at those before, so that a feature tells nothing of its own row."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.min_rows is not None and self.min_rows > self.window:
            raise ValueError(f"A window of {self.window} rows never has values in {self.min_rows} rows.")
        if self.center and not self.include_current:
            raise ValueError("A window on both sides of a row includes it. Leave center or include_current as it was.")
        return self

    def ending(self) -> str:
        return f"_{self.function}_{self.window}"

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows: Relation = MapRows(ready.table, AddColumns((*groups.added, pl.lit(False).alias("__end"))))
        after = (self.window - 1) // 2 if self.center else 0
        order = ready.by
        if after:
            # Empty rows at the end of each series, so that windows can reach beyond it.
            rows, order = _lengthened(rows, groups.names, after), (Order("__end"), *order)
        moving = {name: f"__moving_{i}" for i, name in enumerate(self.columns)}
        rolled = Window(rows, groups.names, order, tuple(self._rolling(each, name) for name, each in moving.items()))
        placed = self._placed(rolled, groups.names, order, tuple(moving.values()), after)
        results = tuple(self._result(moving[name]).alias(self.output(name)) for name in self.columns)
        helpers = ("__end", *moving.values(), *ready.added, *groups.added_names)
        kept = MapRows(placed, KeepRows(~pl.col("__end"))) if after else placed
        return MapRows(MapRows(kept, AddColumns(results)), DropColumns(helpers))

    def _rolling(self, output: str, name: str) -> WindowFunction:
        function = "std" if self.function == "var" else self.function
        least = self.window if self.min_rows is None else self.min_rows
        return WindowFunction("rolling", output, name, function, offset=self.window, min_rows=least)

    def _placed(
        self, rolled: Relation, by: tuple[str, ...], order: tuple[Order, ...], moving: tuple[str, ...], after: int
    ) -> Relation:
        """Windows that end at another row than their own brought to it."""
        away = -after if self.center else 0 if self.include_current else 1
        if not away:
            return rolled
        return Window(rolled, by, order, tuple(WindowFunction("shift", each, each, offset=away) for each in moving))

    def _result(self, moving: str) -> pl.Expr:
        match self.function:
            case "var":
                return pl.col(moving) ** 2
            case "count":
                return pl.col(moving).fill_null(0)  # of no rows at all
            case _:
                return pl.col(moving)


def _lengthened(rows: Relation, by: tuple[str, ...], count: int) -> Relation:
    """The table with so many rows more at the end of each group, empty but for its keys."""
    ends = Join(Aggregate(rows, by, (Measure("rows", "", "__rows"),)), Range(count, "__row"), (), (), "cross")
    # Of a column, since a literal alone is one row.
    keys = (*map(exactly, by), pl.col("__row").is_not_null().alias("__end"))
    return Concat((rows, MapRows(ends, SelectColumns(keys))))


CHUNK = 16
"""Rows are put together by so many spans of time, so that few are needed twice and no list grows without bound."""


@dataclass(frozen=True, eq=False)
class InChunks:
    """Gives each row the number of its chunk of time, and once more that of the next if a window there reaches it."""

    time: pl.Expr
    """Microseconds since some moment."""
    span: int
    """Microseconds."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        own = self.time // (self.span * CHUNK)
        last = (self.time + self.span) // (self.span * CHUNK)
        chunks = pl.when(last > own).then(pl.concat_list(own, last)).otherwise(pl.concat_list(own))
        packed = rows.select(
            pl.struct(pl.all(), own.alias("__own")).alias("__packed"), pl.all(), chunks.alias("__chunk")
        )
        return packed.explode("__chunk")


@dataclass(frozen=True, eq=False)
class Unpacked:
    """Computes columns in each chunk, a row that holds a list of rows, and gives the rows that are its own."""

    columns: tuple[pl.Expr, ...]
    """Over the rows of a chunk, in order."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        numbered = rows.select("__chunk", "__packed").with_row_index("__list")
        unpacked = numbered.explode("__packed", empty_as_null=False).unnest("__packed")
        moving = unpacked.with_columns(each.over("__list") for each in self.columns)
        return moving.filter(pl.col("__own") == pl.col("__chunk")).drop("__list", "__chunk", "__own")


class RollingTimeWindow(MovingStatistic):
    """Compute a statistic over the rows of a span of time before each row, however many they are."""

    id = "rolling_time_window"
    title = "Moving statistics over a time span"
    terms = ("time window", "last 7 days", "rolling sum by time", "moving average by time", "irregular series")
    missing = f"{MISSING} Rows without a time get no result."
    examples = (
        Example(
            params={"columns": ["paid"], "time": "at", "span": 2, "unit": "day", "function": "sum"},
            before={
                "at": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 2), date(2024, 1, 9), None],
                "paid": [1, 2, 4, None, 8],
            },
            after={
                "at": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 2), date(2024, 1, 9), None],
                "paid": [1, 2, 4, None, 8],
                "paid_sum_2_day": [1, 7, 7, None, None],
            },
        ),
        Example(
            params={
                "columns": ["x"],
                "time": "at",
                "span": 90,
                "unit": "minute",
                "function": "count",
                "closed": "left",
                "by": ["g"],
                "suffix": "_before",
            },
            before={
                "g": ["a", "a", "a", None],
                "at": [datetime(2024, 1, 1, hour) for hour in (8, 9, 10, 9)],
                "x": [1.0, None, 2.0, 3.0],
            },
            after={
                "g": ["a", "a", "a", None],
                "at": [datetime(2024, 1, 1, hour) for hour in (8, 9, 10, 9)],
                "x": [1.0, None, 2.0, 3.0],
                "x_before": [0, 1, 0, 0],
            },
        ),
    )

    time: TemporalColumn
    """Column of times; rows of the same time are in the same windows."""
    span: int = Field(7, ge=1)
    """How much time a window covers, up to the time of its row."""
    unit: SpanUnit = "day"
    """What the span is counted in; a day is 24 hours."""
    function: Literal[Function, "quantile"] = "mean"
    """What to compute; ``std`` and ``var`` are those of a sample, so null for a single value."""
    q: Share = 0.5
    """Which quantile, linearly interpolated; only for the function quantile."""
    closed: Literal["right", "left", "both", "none"] = "right"
    """Which ends belong to a window: its last moment, the time of the row (right), its first (left), both or none."""

    @model_validator(mode="after")
    def _span_is_possible(self) -> Self:
        if self.span > most(self.unit):
            raise ValueError(f"{self.span} {self.unit}s are longer than time itself: at most {most(self.unit)} are.")
        return self

    def ending(self) -> str:
        return f"_{self.function}_{self.span}_{self.unit}"

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema, dtype = self._schemas[0], self.dtype(self.time)
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], (SortKey(column=self.time),), schema, break_ties=True)
        instant = moment(self.time, dtype).dt.epoch("us").alias("__time")
        rows = MapRows(ready.table, AddColumns((*groups.added, instant)))
        helpers = ("__time", *ready.added, *groups.added_names)
        timed = MapRows(rows, KeepRows(pl.col("__time").is_not_null()))
        chunks = Aggregate(
            MapRows(timed, InChunks(pl.col("__time"), self.span * MICROSECONDS[self.unit])),
            (*groups.names, "__chunk"),
            (Measure("list", "__packed", "__packed"),),
            ready.by,
        )
        moving = tuple(self._moving(name).alias(self.output(name)) for name in self.columns)
        untimed = MapRows(rows, KeepRows(pl.col("__time").is_null()))
        whole = Concat((MapRows(chunks, Unpacked(moving)), untimed))
        return MapRows(whole, DropColumns(helpers))

    def _moving(self, name: str) -> pl.Expr:
        dtype = self.dtype(name)
        value = self.present(name)
        if dtype == pl.Null or dtype.is_decimal():
            value, dtype = value.cast(pl.Float64), pl.Float64()
        number = value.cast(pl.Float64)
        by, span = pl.col("__time").cast(pl.Datetime("us")), f"{self.span}{PERIODS[self.unit]}"
        present = value.is_not_null().cast(pl.Int64).rolling_sum_by(by, span, min_samples=1, closed=self.closed)
        match self.function:
            case "count":
                return present.fill_null(0)
            case "sum" if dtype.is_integer():
                total = value.cast(pl.Int128).rolling_sum_by(by, span, min_samples=1, closed=self.closed)
                return pl.when(present > 0).then(total.cast(pl.Int64))
            case "sum":
                return number.rolling_sum_by(by, span, min_samples=1, closed=self.closed)
            case "mean":
                return number.rolling_mean_by(by, span, min_samples=1, closed=self.closed)
            case "min":
                return value.rolling_min_by(by, span, min_samples=1, closed=self.closed)
            case "max":
                return value.rolling_max_by(by, span, min_samples=1, closed=self.closed)
            case "std":
                return number.rolling_std_by(by, span, min_samples=1, closed=self.closed, ddof=1)
            case "var":
                return number.rolling_var_by(by, span, min_samples=1, closed=self.closed, ddof=1)
            case "median":
                return number.rolling_median_by(by, span, min_samples=1, closed=self.closed)
            case "quantile":
                return number.rolling_quantile_by(
                    by, span, quantile=self.q, interpolation="linear", min_samples=1, closed=self.closed
                )
            case _:
                assert_never(self.function)


TRANSFORMS: tuple[type[Transform], ...] = (RollingAggregate, RollingTimeWindow)
