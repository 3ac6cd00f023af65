"""Series at another frequency: fewer rows, each of a whole period, or more, evenly spaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.aggregate import Aggregation, function_problem
from transforms.core.columns import AnyKeyColumns, TemporalColumn
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.relations import (
    Aggregate,
    Concat,
    MapRows,
    Measure,
    Order,
    Relation,
    Sort,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, KeepRows, RefuseRows, SelectColumns, nan_as_null
from transforms.core.sorting import SortKey, sortable
from transforms.core.transform import Example, Failure, TableTransform, Transform
from transforms.date_units import (
    MICROSECONDS,
    MONTHS,
    TIMES_OF_DAY,
    Unit,
    clock,
    moment,
    no_time_of_day,
    shifted,
    truncated,
)

MOST_ROWS = 10_000_000
"""A series that would get more rows than this is refused: a wrong date or too short a step, most likely."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Makes of each row, which holds the first and last time of a series, all times between them, evenly spaced."""

    column: str
    """The series, for people to know."""
    dtype: pl.DataType
    every: int
    unit: Unit

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        first, last = pl.col("__first"), pl.col("__last")
        what = (
            f"Column {self.column!r} would get more than {MOST_ROWS:,} rows, every {self.every} {self.unit} from {{}}. "
            "Choose a longer step, or look for times that are wrong."
        )
        steps = self._steps(first, last).alias("__steps")
        checked = RefuseRows(pl.col("__steps") >= MOST_ROWS, what, pl.format("{} to {}", first, last)).apply(
            rows.filter(first.is_not_null()).with_columns(steps)
        )
        numbers = pl.int_ranges(0, pl.col("__steps") + 1, dtype=pl.Int64).alias("__step")
        each = checked.with_columns(numbers).explode("__step", empty_as_null=False)
        time = shifted(first, self.dtype, pl.col("__step") * self.every, self.unit).alias("__time")
        return each.with_columns(time).filter(pl.col("__time") <= last).drop("__first", "__last", "__steps", "__step")

    def _steps(self, first: pl.Expr, last: pl.Expr) -> pl.Expr:
        """How many steps fit, or one more."""
        if self.unit not in TIMES_OF_DAY:
            first, last = clock(first, self.dtype), clock(last, self.dtype)
        if self.unit in MONTHS:
            months = (last.dt.year() - first.dt.year()).cast(pl.Int64) * 12 + (last.dt.month() - first.dt.month())
            return months // (MONTHS[self.unit] * self.every)
        return (last - first).dt.total_microseconds() // (MICROSECONDS[self.unit] * self.every)


class Resampled(TableTransform):
    """Brings series to another frequency."""

    changes_rows = True

    time: TemporalColumn
    """Column of times."""
    every: int = Field(1, ge=1, le=1_000_000)
    """So many units lie between a row and the next."""
    unit: Unit = "day"
    """What is counted; weeks start on Monday."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.unit in TIMES_OF_DAY:
            yield from no_time_of_day((self.time,), schemas[0], self.unit, "unit")
        if self.time in self.by:
            yield Problem(f"{self.time!r} is the time, so it cannot make the series too.", "Leave it out.", "by")

    def timed(self, table: Relation) -> Relation:
        """The rows that have a time, with that as ``__time``, in types and zone of the column."""
        dtype = self.dtype(self.time)
        added = (moment(self.time, dtype).alias("__time"), pl.lit(True).alias("__real"))
        rows = MapRows(nan_as_null(table, self.by, self._schemas[0]), AddColumns(added))
        return MapRows(rows, KeepRows(pl.col("__time").is_not_null()))

    def grid(self, rows: Relation, time: str) -> Relation:
        """The keys of each series with evenly spaced times from its first to its last."""
        ends = (Measure("min", time, "__first"), Measure("max", time, "__last"))
        return MapRows(Aggregate(rows, self.by, ends), Grid(self.time, self.dtype(self.time), self.every, self.unit))

    def shown(self, time: str) -> pl.Expr:
        """Times under the name and in the type of the column."""
        dtype = self.dtype(self.time)
        value = pl.col(time).cast(pl.Date) if dtype == pl.Date else pl.col(time)
        return value.alias(self.time)

    def without_repeats(self, rows: Relation) -> Relation:
        """The rows of :meth:`timed`, refused where a series has a time more than once."""
        what = (
            f"Column {self.time!r} holds the time {{}} more than once in a series, so the values there are not clear. "
            "Aggregate such rows first, or name the columns that make the series."
        )
        numbered = Window(rows, (*self.by, "__time"), (), (WindowFunction("group", "__rows", "__real", "count"),))
        return MapRows(
            MapRows(numbered, RefuseRows(pl.col("__rows") > 1, what, exactly(self.time))),
            SelectColumns((*map(exactly, self._schemas[0]), pl.col("__time"), pl.col("__real"))),
        )

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        yield Failure(
            column=self.time, where=exactly(self.time).is_null(), what="were left out with their rows: no time is given"
        )


class ResampleSeries(Resampled):
    """Make one row of each day, month or other period of a series, with totals or other values of it."""

    id = "resample_series"
    title = "Resample to a lower frequency"
    terms = ("downsample", "aggregate by time", "daily totals", "monthly", "group by period", "time buckets")
    missing = (
        "Rows without a time are left out and counted; missing values are left out, and of no values comes none; "
        "missing group values, NaN among them, are one series."
    )
    examples = (
        Example(
            params={
                "time": "at",
                "unit": "month",
                "aggregations": [
                    {"column": "sales", "function": "sum", "output": "total"},
                    {"column": "sales", "function": "last"},
                ],
            },
            before={
                "at": [date(2024, 1, 31), date(2024, 1, 1), date(2024, 3, 5), None],
                "sales": [2, 1, None, 9],
            },
            after={"at": [date(2024, 1, 1), date(2024, 3, 1)], "total": [3, None], "sales_last": [2, None]},
        ),
        Example(
            params={
                "time": "at",
                "every": 6,
                "unit": "hour",
                "aggregations": [{"function": "rows"}, {"column": "x", "function": "mean"}],
                "by": ["g"],
                "closed": "right",
                "label": "right",
                "fill": True,
            },
            before={
                "g": ["a", "a", None],
                "at": [datetime(2024, 1, 1, 6), datetime(2024, 1, 1, 18, 30), datetime(2024, 1, 1, 6, 1)],
                "x": [1.0, 2.0, None],
            },
            after={
                "g": ["a", "a", "a", "a", None],
                "at": [
                    datetime(2024, 1, 1, 6),
                    datetime(2024, 1, 1, 12),
                    datetime(2024, 1, 1, 18),
                    datetime(2024, 1, 2),
                    datetime(2024, 1, 1, 12),
                ],
                "rows": [1, 0, 0, 1, 1],
                "x_mean": [1.0, None, None, 2.0, None],
            },
        ),
    )

    aggregations: tuple[Aggregation, ...] = Field(min_length=1)
    """What to compute of each period; first, last and list follow the time."""
    label: Literal["left", "right"] = "left"
    """Which end of its period a row shows as its time."""
    closed: Literal["left", "right"] = "left"
    """Which end belongs to a period: a moment on the edge starts a period (left), or ends one (right)."""
    fill: bool = False
    """Make rows of periods without any rows too, between the first and the last of a series; counts are 0 there."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        names = [*self.by, self.time, *(each.name for each in self.aggregations)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(f"Two columns of the result would be named {name!r}.", "Rename one.", "aggregations")
        for each in self.aggregations:
            if each.column is not None:
                problem = function_problem(each.function, each.column, self.dtype(each.column), "aggregations")
                if problem:
                    yield problem

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        timed = self.timed(tables[0])
        rows = MapRows(timed, AddColumns((self._period(pl.col("__time")).alias("__period"),)))
        ready = sortable(rows, (SortKey(column=self.time),), schema, break_ties=True)
        all_rows: Relation = ready.table
        if self.fill:
            period = self._start(pl.col("__time")).alias("__period")
            spine = MapRows(self.grid(rows, "__period"), AddColumns((period,)))
            all_rows = Concat((all_rows, MapRows(spine, SelectColumns((*map(exactly, self.by), pl.col("__period"))))))
        periods = Aggregate(all_rows, (*self.by, "__period"), tuple(map(self._measure, self.aggregations)), ready.by)
        outputs = (exactly(each.name) for each in self.aggregations)
        labelled = MapRows(periods, AddColumns((self._label().alias("__label"),)))
        shown = SelectColumns((*map(exactly, self.by), self.shown("__label"), *outputs))
        return Sort(MapRows(labelled, shown), tuple(map(Order, (*self.by, self.time))))

    def _measure(self, each: Aggregation) -> Measure:
        # Rows that only fill gaps are no rows.
        return Measure("count", "__real", each.name) if each.function == "rows" else each.measure()

    def _start(self, value: pl.Expr) -> pl.Expr:
        return truncated(value, self.dtype(self.time), self.unit, self.every)

    def _period(self, value: pl.Expr) -> pl.Expr:
        """The start of the period of each time."""
        just_before = value - pl.duration(microseconds=1, time_unit="us")
        return self._start(just_before if self.closed == "right" else value)

    def _label(self) -> pl.Expr:
        start = pl.col("__period")
        if self.label == "left":
            return start
        return shifted(start, self.dtype(self.time), pl.lit(self.every, pl.Int64), self.unit)


class UpsampleSeries(Resampled):
    """Make evenly spaced rows of each series, from its first time to its last, and fill in their values."""

    id = "upsample_series"
    title = "Resample to a higher frequency"
    terms = ("upsample", "interpolate time series", "regular intervals", "hourly from daily", "densify")
    missing = (
        "Rows without a time are left out and counted; missing values are filled as those of new rows are; missing "
        "group values, NaN among them, are one series."
    )
    examples = (
        Example(
            params={"time": "at", "every": 30, "unit": "second"},
            before={
                "at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 8, 1), None],
                "x": [1, 3, 7],
                "name": ["a", None, "c"],
            },
            after={
                "at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 8, 0, 30), datetime(2024, 1, 1, 8, 1)],
                "x": [1.0, 2.0, 3.0],
                "name": ["a", "a", "a"],
            },
        ),
        Example(
            params={"time": "day", "fill": "null", "by": ["shop"]},
            before={
                "shop": ["a", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 1)],
                "x": [1, 3, None],
            },
            after={
                "shop": ["a", "a", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 1)],
                "x": [1, None, 3, None],
            },
        ),
    )

    fill: Literal["null", "forward", "backward", "interpolate"] = "interpolate"
    """What new rows hold.

    Nothing; the value before; the value after; or, for numbers, what lies on the line between the two, by the
    time, and for other columns the value before. Rows of the series that lie between the new times are used
    for this and then left out.
    """

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        names = [name for name in self._schemas[0] if name not in (*self.by, self.time)]
        timed = self.without_repeats(self.timed(tables[0]))
        known = (
            pl.when(self.present(name).is_not_null()).then("__time").alias(f"__at_{i}") for i, name in enumerate(names)
        )
        rows = MapRows(timed, AddColumns(tuple(known)))
        both = Concat((rows, self.grid(timed, "__time")))
        near: list[WindowFunction] = []
        for i, name in enumerate(names):
            for kind, end in (("fill_forward", "before"), ("fill_backward", "after")):
                near.append(WindowFunction(kind, f"__value_{end}_{i}", name))  # type: ignore[arg-type]
                near.append(WindowFunction(kind, f"__at_{end}_{i}", f"__at_{i}"))  # type: ignore[arg-type]
        # At the same time a row of the series comes first, so that the new row sees it before itself.
        placed = Window(both, self.by, (Order("__time"), Order("__real")), tuple(near))
        made = MapRows(placed, KeepRows(pl.col("__real").is_null()))
        values = {name: self._value(i, name).alias(name) for i, name in enumerate(names)}
        columns = (
            self.shown("__time") if name == self.time else values.get(name, exactly(name)) for name in self._schemas[0]
        )
        return Sort(MapRows(made, SelectColumns(tuple(columns))), tuple(map(Order, (*self.by, self.time))))

    def _value(self, i: int, name: str) -> pl.Expr:
        time = pl.col("__time")
        before, after = pl.col(f"__value_before_{i}"), pl.col(f"__value_after_{i}")
        left, right = pl.col(f"__at_before_{i}"), pl.col(f"__at_after_{i}")
        here = left == time
        dtype = self.dtype(name)
        match self.fill:
            case "null":
                return pl.when(here).then(before)
            case "forward":
                return before
            case "backward":
                return pl.when(here).then(before).otherwise(after)
            case _ if not dtype.is_numeric():
                return before
            case _:
                low, high = before.cast(pl.Float64), after.cast(pl.Float64)
                share = (time - left).dt.total_microseconds() / (right - left).dt.total_microseconds()
                return pl.when(here).then(low).otherwise(low + (high - low) * share)


TRANSFORMS: tuple[type[Transform], ...] = (ResampleSeries, UpsampleSeries)
