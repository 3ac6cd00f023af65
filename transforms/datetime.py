"""Dates and times: how they are written, in which zone, to which precision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field

from transforms.core.columns import TemporalColumns, taken
from transforms.core.conversion import WITH_ZONE
from transforms.core.dtypes import TYPES
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.date_parse import new_names
from transforms.date_units import (
    OUTSIDE,
    TIMES_OF_DAY,
    DatePattern,
    DatetimeColumns,
    Unit,
    Zone,
    in_zone,
    moment,
    no_time_of_day,
    truncated,
    zone_of,
)
from transforms.rows_filter import Moment


class DateFunction(RowTransform):
    """A function of one column of dates."""

    missing = "Missing values stay missing."

    columns: TemporalColumns
    """Columns to change."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Its result for datetimes that come from a column of a type."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from new_names(self.columns, self.suffix, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            dtype = self.dtype(name)
            yield self.function(moment(name, dtype), dtype).alias(f"{name}{self.suffix}")


class FormatDate(DateFunction):
    """Write dates as text in a chosen format, with English names of months and weekdays."""

    id = "format_date"
    title = "Format date as text"
    terms = ("strftime", "date to text", "date to string", "date format")
    examples = (
        Example(
            params={"columns": ["paid"], "format": "%d %b %Y"},
            before={"paid": [date(2024, 1, 31), None]},
            after={"paid": ["31 Jan 2024", None]},
        ),
        Example(
            params={"columns": ["at"], "format": "%A, %H:%M", "suffix": "_text"},
            before={"at": [datetime(2024, 1, 31, 13, 30), None]},
            after={"at": [datetime(2024, 1, 31, 13, 30), None], "at_text": ["Wednesday, 13:30", None]},
        ),
    )

    format: DatePattern = "%Y-%m-%d"
    """What to write (strftime): ``%d.%m.%Y``, ``%B %Y``, ``%H:%M``; dates have the time 00:00."""
    timezone: Zone | None = None
    """Show the clock of this zone; only for columns that have a time zone. By default, that of the column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        for name in self.columns:
            dtype = self.dtype(name)
            if zone_of(dtype) is not None or dtype == pl.Null:
                continue
            if self.timezone is not None:
                found = f"Column {name!r} has no time zone, so its clock cannot be moved to {self.timezone}."
                yield Problem(found, "Convert its time zone first, or leave the time zone empty.", "timezone")
            elif WITH_ZONE.search(self.format) or "%Z" in self.format:
                found = f"Column {name!r} has no time zone that {self.format!r} could write."
                yield Problem(found, "Convert its time zone first, or leave the zone out of the format.", "format")

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        moved = value.dt.convert_time_zone(self.timezone) if self.timezone is not None and zone_of(dtype) else value
        if dtype == pl.Null:
            return value.cast(pl.String)
        return moved.dt.to_string(self.format)


class ConvertTimezone(DateFunction):
    """Move datetimes to another time zone: the same moments, shown by another clock."""

    id = "convert_timezone"
    title = "Convert time zone"
    terms = ("UTC to local", "local to UTC", "at time zone", "tz_convert", "tz_localize")
    missing = "Missing values stay missing. What daylight saving leaves out is taken as an hour later."
    examples = (
        Example(
            params={"columns": ["at"], "timezone": "UTC", "input_timezone": "Europe/Oslo"},
            before={"at": [datetime(2024, 7, 1, 12), datetime(2024, 1, 1, 12), None]},
            after={"at": [datetime(2024, 7, 1, 10, tzinfo=UTC), datetime(2024, 1, 1, 11, tzinfo=UTC), None]},
        ),
        Example(
            params={"columns": ["at"], "timezone": "Asia/Kolkata", "keep_timezone": False, "suffix": "_local"},
            before={"at": [datetime(2024, 7, 1, 12), None]},
            after={"at": [datetime(2024, 7, 1, 12), None], "at_local": [datetime(2024, 7, 1, 17, 30), None]},
        ),
    )

    columns: DatetimeColumns
    """Columns to change."""
    timezone: Zone
    """Zone whose clock the results show."""
    input_timezone: Zone = "UTC"
    """Zone whose clock columns without a time zone show; of an hour shown twice, the first is meant."""
    keep_timezone: bool = True
    """Keep the zone in the column, which says which moment is meant; or only what the clock there showed."""

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        instant = value if zone_of(dtype) else in_zone(value, self.input_timezone)
        moved = instant.dt.convert_time_zone(self.timezone)
        return moved if self.keep_timezone else moved.dt.replace_time_zone(None)


class TruncateDate(DateFunction):
    """Take dates back to the start of their year, month, week, day, hour or other period."""

    id = "truncate_date"
    title = "Truncate date"
    terms = ("floor date", "date_trunc", "start of month", "start of week", "round down")
    examples = (
        Example(
            params={"columns": ["paid"], "unit": "month"},
            before={"paid": [date(2024, 2, 29), None]},
            after={"paid": [date(2024, 2, 1), None]},
        ),
        Example(
            params={"columns": ["at"], "unit": "minute", "every": 15, "suffix": "_slot"},
            before={"at": [datetime(2024, 1, 31, 13, 44, 59), None]},
            after={
                "at": [datetime(2024, 1, 31, 13, 44, 59), None],
                "at_slot": [datetime(2024, 1, 31, 13, 30), None],
            },
        ),
    )

    unit: Unit = "month"
    """What the periods last; weeks start on Monday."""
    every: int = Field(1, ge=1, le=1_000)
    """So many units make a period, counted from the start of 1970 (weeks from Monday, 5 January)."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.unit in TIMES_OF_DAY:
            yield from no_time_of_day(self.columns, schemas[0], self.unit, "unit")

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        start = truncated(value, dtype, self.unit, self.every)
        return start.cast(pl.Date) if dtype == pl.Date else start

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, start in zip(self.columns, self.exprs(), strict=True):
            where = moment(name, self.dtype(name)).is_not_null() & start.is_null()
            yield Failure(column=name, where=where, what=OUTSIDE)


class RunTime(Learned):
    """When the step was fitted."""

    value: str
    """ISO text, by the clock of the time zone."""


class CurrentDatetime(FittedTransform):
    """Add a column with the current date or time, the same in every row of a run."""

    id = "current_datetime"
    title = "Add current date or time"
    terms = ("now", "today", "run date", "load timestamp", "current_timestamp")
    missing = "The new column has no missing value; others are not looked at."
    unseen = "New rows get the time at which the step was fitted, until it is fitted again."
    examples = (
        Example(
            params={"value": "2024-01-31T13:30:00", "output": "loaded_at"},
            before={"id": [1, None]},
            after={"id": [1, None], "loaded_at": [datetime(2024, 1, 31, 13, 30)] * 2},
        ),
        Example(
            params={"type": "date", "timezone": "Asia/Tokyo", "value": "2024-01-31T20:00:00+00:00"},
            before={"id": [1, None]},
            after={"id": [1, None], "now": [date(2024, 2, 1)] * 2},
        ),
    )

    output: NewColumn = "now"
    """Name of the new column."""
    type: Literal["date", "datetime"] = "datetime"
    """Today's date, or the date with the time of day."""
    timezone: Zone = "UTC"
    """Zone whose clock is read; the column itself has no time zone."""
    value: Moment | None = None
    """Use this instead of the clock, ISO text, so that a run can be repeated; an offset is taken to the zone."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> RunTime:
        zone = ZoneInfo(self.timezone)
        now = datetime.now(zone) if self.value is None else datetime.fromisoformat(self.value)
        local = now if now.tzinfo is None else now.astimezone(zone).replace(tzinfo=None)
        return RunTime(value=local.isoformat())

    def exprs(self, learned: RunTime) -> Iterator[pl.Expr]:
        now = pl.lit(datetime.fromisoformat(learned.value), pl.Datetime("us"))
        yield now.cast(TYPES[self.type]).alias(self.output)


TRANSFORMS: tuple[type[Transform], ...] = (FormatDate, ConvertTimezone, TruncateDate, CurrentDatetime)
