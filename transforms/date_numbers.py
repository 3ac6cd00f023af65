"""Dates as numbers and numbers as dates, and clocks that are given a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import polars as pl

from transforms.core.columns import NumericColumns
from transforms.core.errors import Problem
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.date_parse import new_names
from transforms.date_units import LONGEST, DatetimeColumns, Zone, clock, in_zone, moment
from transforms.datetime import DateFunction


class ToUnixTime(DateFunction):
    """Turn dates into Unix timestamps, which count from the start of 1970 in UTC."""

    id = "to_unix_time"
    title = "Date to Unix timestamp"
    terms = ("epoch", "posix time", "to timestamp", "seconds since 1970", "unix_timestamp", "milliseconds")
    examples = (
        Example(
            params={"columns": ["at"]},
            before={"at": [datetime(2024, 1, 31, 13, 30), datetime(1969, 12, 31, 23, 59, 59), None]},
            after={"at": [1_706_707_800, -1, None]},
        ),
        Example(
            params={"columns": ["day"], "unit": "ms", "suffix": "_ms"},
            before={"day": [date(1970, 1, 2), None]},
            after={"day": [date(1970, 1, 2), None], "day_ms": [86_400_000, None]},
        ),
    )

    unit: Literal["s", "ms", "us"] = "s"
    """What to count: completed seconds, or their thousandths or millionths.

    Datetimes without a time zone, and the midnight of dates, are taken to be in UTC."""

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        return value.dt.epoch("us") // {"s": 1_000_000, "ms": 1_000, "us": 1}[self.unit]


DAY = 86_400_000
"""Milliseconds of a day."""
LAST_DAY = date(LONGEST, 12, 31)


class ExcelSerialToDate(RowTransform):
    """Turn the numbers by which spreadsheets count days into dates."""

    id = "excel_serial_to_date"
    title = "Excel serial number to date"
    terms = ("excel date", "spreadsheet date", "serial date", "45000", "lotus")
    missing = "Missing values (null, NaN and infinite) stay missing; numbers that stand for no date become missing."
    examples = (
        Example(
            params={"columns": ["paid"], "type": "date"},
            before={"paid": [45_322, 61, 60, 59, None]},
            # Excel has a 29 February 1900, which there was not.
            after={"paid": [date(2024, 1, 31), date(1900, 3, 1), None, date(1900, 2, 28), None]},
        ),
        Example(
            params={"columns": ["at"], "system": "1904", "suffix": "_time"},
            before={"at": [0.0, 43_860.5625, None]},
            after={
                "at": [0.0, 43_860.5625, None],
                "at_time": [datetime(1904, 1, 1), datetime(2024, 1, 31, 13, 30), None],
            },
        ),
    )

    columns: NumericColumns
    """Columns of day numbers; their decimals are the time of day, to the millisecond."""
    system: Literal["1900", "1904"] = "1900"
    """Count from 1 January 1900, day 1, as Windows does; or from 1 January 1904, day 0, as old Macs did."""
    type: Literal["date", "datetime"] = "datetime"
    """What to make: dates, whose time of day is left out, or dates with a time."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from new_names(self.columns, self.suffix, schemas[0])

    def _result(self, name: str) -> pl.Expr:
        number = self.present(name).cast(pl.Float64)
        origin, first = (date(1899, 12, 30), 1.0) if self.system == "1900" else (date(1904, 1, 1), 0.0)
        inside = (number >= first) & (number < (LAST_DAY - origin).days + 1)
        if self.system == "1900":
            # Up to the day that never was, numbers are one too small.
            number = pl.when(number < 60).then(number + 1).when(number >= 61).then(number)
        if self.type == "date":
            days = pl.when(inside).then(number).floor().cast(pl.Int64)
            return (pl.lit(origin) + pl.duration(days=days, time_unit="us")).cast(pl.Date)
        milliseconds = (pl.when(inside).then(number) * float(DAY)).round(0).cast(pl.Int64)
        length = pl.duration(milliseconds=milliseconds, time_unit="us")
        found = pl.lit(datetime.combine(origin, datetime.min.time()), pl.Datetime("us")) + length
        return found.clip(upper_bound=datetime.combine(LAST_DAY, datetime.max.time()) - timedelta(microseconds=999))

    def exprs(self) -> Iterator[pl.Expr]:
        return (self._result(name).alias(f"{name}{self.suffix}") for name in self.columns)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            where = self.present(name).cast(pl.Float64).is_finite() & self._result(name).is_null()
            yield Failure(column=name, where=where, what="became missing: they are no day number of a spreadsheet")


class SetTimezone(DateFunction):
    """Say which time zone the clock of datetimes is in, without moving the clock."""

    id = "set_timezone"
    title = "Set time zone"
    terms = ("tz_localize", "label time zone", "remove time zone", "naive", "replace time zone")
    missing = "Missing values stay missing; what daylight saving leaves out or shows twice is treated as chosen."
    examples = (
        Example(
            params={"columns": ["at"], "timezone": "UTC", "suffix": "_utc"},
            before={"at": [datetime(2024, 7, 1, 12), None]},
            after={"at": [datetime(2024, 7, 1, 12), None], "at_utc": [datetime(2024, 7, 1, 12, tzinfo=UTC), None]},
        ),
        Example(
            params={"columns": ["at"], "timezone": None},
            before={"at": [datetime(2024, 7, 1, 12, tzinfo=UTC), None]},
            after={"at": [datetime(2024, 7, 1, 12), None]},
        ),
    )

    columns: DatetimeColumns
    """Columns to change."""
    timezone: Zone | None
    """Zone that the clock is in, in place of any that the column has; left empty, the column gets none."""
    ambiguous: Literal["earliest", "latest", "null", "error"] = "earliest"
    """Of an hour that daylight saving shows twice, take the first, the second, a missing value, or stop the run."""
    non_existent: Literal["null", "later", "error"] = "null"
    """Times that daylight saving leaves out become missing, are taken as an hour later, or stop the run."""

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        wall = clock(value, dtype)
        if self.timezone is None:
            return wall
        choice = "null" if self.ambiguous == "error" else self.ambiguous
        found = wall.dt.replace_time_zone(self.timezone, ambiguous=choice, non_existent="null")
        if self.non_existent == "later":
            return pl.when(self._skipped(wall)).then(in_zone(wall, self.timezone)).otherwise(found)
        return found

    def _skipped(self, wall: pl.Expr) -> pl.Expr:
        earliest = wall.dt.replace_time_zone(self.timezone, ambiguous="earliest", non_existent="null")
        return wall.is_not_null() & earliest.is_null()

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns if self.timezone else ():
            dtype = self.dtype(name)
            value = moment(name, dtype)
            skipped = self._skipped(clock(value, dtype))
            twice = value.is_not_null() & ~skipped & self.function(value, dtype).is_null()
            for where, what, choice in (
                (skipped, "daylight saving leaves them out", self.non_existent),
                (twice, "daylight saving shows them twice", self.ambiguous),
            ):
                if choice in ("null", "error"):
                    stop = choice == "error"
                    said = f"have no clear moment: {what}" if stop else f"became missing: {what}"
                    yield Failure(column=name, where=where, what=said, stop=stop)


TRANSFORMS: tuple[type[Transform], ...] = (ToUnixTime, ExcelSerialToDate, SetTimezone)
