"""Dates put together of parts, and taken apart into date and time of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import ColumnField, NumericColumn, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.date_parts import each_once
from transforms.date_units import LONGEST, clock, in_zone, moment, shifted, zone_of

Part = Literal["year", "month", "day", "hour", "minute", "second"]
PARTS: tuple[Part, ...] = ("year", "month", "day", "hour", "minute", "second")
LIMITS: dict[Part, tuple[int, int]] = {
    "year": (1, LONGEST),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
MOST = 10_000_000
"""Parts further from zero than this are no parts of a date, even if they may overflow."""


class MakeDate(RowTransform):
    """Make a column of dates of columns with the year, the month, the day and the time."""

    id = "make_date"
    title = "Build date from parts"
    terms = ("date from columns", "datefromparts", "year month day", "assemble date", "make_date")
    missing = "Where a part is missing (null or NaN), so is the date."
    examples = (
        Example(
            params={"year": "y", "month": "m", "day": "d"},
            before={"y": [2024, 2023, None], "m": [2, 2, 1], "d": [29, 29, 1]},
            after={"y": [2024, 2023, None], "m": [2, 2, 1], "d": [29, 29, 1], "date": [date(2024, 2, 29), None, None]},
        ),
        Example(
            params={"year": "y", "month": "m", "hour": "h", "invalid": "roll", "output": "at"},
            before={"y": [2024, 2024, None], "m": [12, 13, 1], "h": [6, 24, 0]},
            after={
                "y": [2024, 2024, None],
                "m": [12, 13, 1],
                "h": [6, 24, 0],
                "at": [datetime(2024, 12, 1, 6), datetime(2025, 1, 2), None],
            },
        ),
    )

    year: NumericColumn
    """Column of years, with all their digits."""
    month: NumericColumn | None = None
    """Column of months; January, when empty."""
    day: NumericColumn | None = None
    """Column of days of the month; the first, when empty."""
    hour: NumericColumn | None = None
    """Column of hours, 0 to 23; the result is a datetime where there is an hour, a minute or a second."""
    minute: NumericColumn | None = None
    """Column of minutes."""
    second: NumericColumn | None = None
    """Column of seconds."""
    invalid: Literal["null", "roll", "error"] = "null"
    """Parts that make no date, such as 30 February, give a missing value, run over into what comes next
    (1 March, or 29 February in a leap year), or stop the run."""
    output: NewColumn = "date"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _given(self) -> dict[Part, str]:
        named = {part: getattr(self, part) for part in PARTS}
        return {part: name for part, name in named.items() if name is not None}

    def _part(self, part: Part) -> pl.Expr:
        """The value of a part, null where it is no whole number, or out of range unless it may run over."""
        name = self._given().get(part)
        low, high = LIMITS[part]
        if name is None:
            return pl.lit(low, pl.Int64)
        number = self.present(name)
        whole = number.cast(pl.Int64, strict=False)
        fits = whole.cast(pl.Float64) == number.cast(pl.Float64)
        if self.invalid == "roll" and part != "year":
            low, high = -MOST, MOST
        return pl.when(fits & whole.is_between(low, high)).then(whole)

    def _result(self) -> pl.Expr:
        year, month, day, hour, minute, second = map(self._part, PARTS)
        plain = pl.Datetime("us")
        # From the first of the year on, so that each part may be too large.
        start = shifted(pl.date(year, 1, 1).cast(plain), plain, month - 1, "month")
        if self.invalid != "roll":
            day = pl.when(day <= start.dt.days_in_month()).then(day)
        found = shifted(start, plain, day - 1, "day")
        if not self._given().keys() & {"hour", "minute", "second"}:
            return found.cast(pl.Date)
        return shifted(found, plain, (hour * 60 + minute) * 60 + second, "second")

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        """A row counts for the first part that is none; where each may be one, for the day that the month lacks."""
        given = self._given()
        lost = pl.all_horizontal(self.present(name).is_not_null() for name in given.values()) & self._result().is_null()
        stop = self.invalid == "error"
        outcome = "" if stop else ": the date became missing"
        for part, name in given.items():
            wrong = self._part(part).is_null()
            low, high = LIMITS[part]
            limits = f"{low} to {high}" if part == "year" or self.invalid != "roll" else "whole numbers"
            yield Failure(column=name, where=lost & wrong, what=f"are no {part}s ({limits}){outcome}", stop=stop)
            lost = lost & ~wrong
        what = f"make no date together with the other parts{outcome}"
        yield Failure(column=given.get("day", self.year), where=lost, what=what, stop=stop)


ClockColumn = Annotated[str, ColumnField(("temporal",))]


class CombineDateTime(RowTransform):
    """Make a column of datetimes of a column with the date and one with the time of day."""

    id = "combine_date_time"
    title = "Combine date and time"
    terms = ("merge date and time", "date plus time", "timestamp from parts")
    missing = "Where the date or the time is missing, so is the result."
    examples = (
        Example(
            params={"date": "day", "time": "clock"},
            before={"day": [date(2024, 1, 31), date(2024, 2, 1), None], "clock": [time(13, 30), None, time(8)]},
            after={
                "day": [date(2024, 1, 31), date(2024, 2, 1), None],
                "clock": [time(13, 30), None, time(8)],
                "datetime": [datetime(2024, 1, 31, 13, 30), None, None],
            },
        ),
    )

    date: TemporalColumn
    """Column with the date; of a datetime the time of day is left out, and its time zone is kept."""
    time: ClockColumn
    """Column with the time of day; of a datetime the date is left out."""
    output: NewColumn = "datetime"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        dtype = self.dtype(self.time)
        if dtype not in (pl.Time, pl.Datetime, pl.Null):
            found = f"Column {self.time!r} holds {type_name(dtype)} values, which have no time of day."
            yield Problem(found, "Change its type to time first.", "time")

    def exprs(self) -> Iterator[pl.Expr]:
        dtype, other = self.dtype(self.date), self.dtype(self.time)
        clock_time = clock(exactly(self.time), other)
        clock_time = clock_time.dt.time() if isinstance(other, pl.Datetime) else clock_time.cast(pl.Time)
        wall = clock(moment(self.date, dtype), dtype).dt.date().dt.combine(clock_time, time_unit="us")
        yield in_zone(wall, zone_of(dtype)).alias(self.output)


SplitPart = Literal["date", "time"]


class SplitDateTime(RowTransform):
    """Make columns of the date and of the time of day of datetimes."""

    id = "split_date_time"
    title = "Split date and time"
    terms = ("date part", "time part", "separate date and time", "time of day")
    missing = "Where the datetime is missing, so are its parts."
    examples = (
        Example(
            params={"column": "at"},
            before={"at": [datetime(2024, 1, 31, 13, 30), None]},
            after={
                "at": [datetime(2024, 1, 31, 13, 30), None],
                "at_date": [date(2024, 1, 31), None],
                "at_time": [time(13, 30), None],
            },
        ),
    )

    column: Annotated[str, ColumnField(("datetime",))]
    """Column of datetimes, which shows the clock of its time zone."""
    parts: Annotated[tuple[SplitPart, ...], AfterValidator(each_once)] = Field(("date", "time"), min_length=1)
    """What to add, each into a column named after the datetime and the part."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for part in self.parts:
            yield from taken(f"{self.column}_{part}", schemas[0], "parts")

    def exprs(self) -> Iterator[pl.Expr]:
        dtype = self.dtype(self.column)
        wall = clock(moment(self.column, dtype), dtype)
        for part in self.parts:
            yield (wall.dt.date() if part == "date" else wall.dt.time()).alias(f"{self.column}_{part}")


TRANSFORMS: tuple[type[Transform], ...] = (MakeDate, CombineDateTime, SplitDateTime)
