"""Units of time and time zones: what a step along the calendar means, written once.

Years, quarters, months, weeks and days are steps of the clock on the wall: one day after noon is noon,
whatever daylight saving does. Hours, minutes and seconds are time that passes. Where daylight saving
shows an hour twice the first is meant, and what falls into an hour it leaves out is an hour later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import ColumnsField
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem, did_you_mean
from transforms.core.numbers import quotient

Unit = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]
SpanUnit = Literal["week", "day", "hour", "minute", "second"]
"""Units that always last the same, but for the days on which daylight saving begins or ends."""

MONTHS: dict[Unit, int] = {"year": 12, "quarter": 3, "month": 1}
MICROSECONDS: dict[Unit, int] = {
    "week": 604_800_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
}
TIMES_OF_DAY: tuple[Unit, ...] = ("hour", "minute", "second")
"""Units that dates do not have."""
PERIODS: dict[Unit, str] = {
    "year": "y",
    "quarter": "q",
    "month": "mo",
    "week": "w",
    "day": "d",
    "hour": "h",
    "minute": "m",
    "second": "s",
}
"""Units as polars writes them in a duration."""
LONGEST = 9_999
"""Years: no step is longer, and no date is outside the years 1 to 9999, which every engine and Python have."""


OUTSIDE = f"became missing: the result is outside the years 1 to {LONGEST}"


def most(unit: Unit) -> int:
    """The longest step in a unit, 9999 years."""
    return LONGEST * 12 // MONTHS[unit] if unit in MONTHS else LONGEST * 366 * MICROSECONDS["day"] // MICROSECONDS[unit]


def _zone(name: str) -> str:
    try:
        pl.Series([datetime(2024, 1, 1)]).dt.replace_time_zone(name)
    except pl.exceptions.ComputeError as error:
        advice = did_you_mean(name, available_timezones()) or "Use a name like Europe/Oslo or UTC."
        raise ValueError(f"{name!r} is no time zone. {advice}") from error
    return name


def _pattern(format: str) -> str:
    try:
        pl.Series([datetime(2024, 1, 1, tzinfo=UTC)]).dt.to_string(format)
    except pl.exceptions.ComputeError as error:
        raise ValueError(f"{format!r} is no pattern of dates. Use one like %Y-%m-%d or %d.%m.%Y %H:%M.") from error
    return format


Zone = Annotated[str, AfterValidator(_zone), Field(min_length=1, json_schema_extra={"widget": "timezone"})]
"""A time zone of the IANA database: ``Europe/Oslo``, ``UTC``."""
DatePattern = Annotated[str, AfterValidator(_pattern), Field(min_length=1, json_schema_extra={"widget": "strftime"})]
"""A strftime pattern of dates and times: ``%d.%m.%Y``."""
DatetimeColumns = Annotated[tuple[str, ...], ColumnsField(("datetime",))]


def zone_of(dtype: pl.DataType) -> str | None:
    """The time zone of a column; none where it has none."""
    return dtype.time_zone if isinstance(dtype, pl.Datetime) else None


def moment(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column of dates or datetimes as datetimes, those with a time zone in it; a date is its midnight."""
    return exactly(column).cast(pl.Datetime("us", zone_of(dtype)))


def clock(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Datetimes as the clock on the wall showed them, without a time zone."""
    return value.dt.replace_time_zone(None) if zone_of(dtype) else value


def in_zone(wall: pl.Expr, zone: str | None) -> pl.Expr:
    """What the clock on a wall showed, as moments in its time zone; unchanged without one."""
    if zone is None:
        return wall
    first, later = (
        each.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        for each in (wall, wall + pl.duration(hours=1, time_unit="us"))
    )
    return pl.coalesce(first, later)


def sane(value: pl.Expr) -> pl.Expr:
    """Datetimes, null outside the years 1 to 9999."""
    return pl.when(value.dt.year().is_between(1, LONGEST)).then(value)


def shifted(value: pl.Expr, dtype: pl.DataType, amount: pl.Expr, unit: Unit) -> pl.Expr:
    """Datetimes moved by whole numbers of a unit; null where the result is outside the years 1 to 9999.

    A day that the month does not have becomes its last day: a month after 31 January is 29 or 28 February.

    Args:
        value: the datetimes, by :func:`moment`.
        dtype: the type of the column they are from.
        amount: whole numbers, negative to go back.
        unit: of what.
    """
    amount = pl.when(amount.is_between(-most(unit), most(unit))).then(amount.cast(pl.Int64))
    if unit in MONTHS:
        wall = clock(value, dtype).dt.offset_by(pl.format("{}mo", amount * MONTHS[unit]))
        return in_zone(sane(wall), zone_of(dtype))
    length = pl.duration(microseconds=amount * MICROSECONDS[unit], time_unit="us")
    if unit in TIMES_OF_DAY:
        return sane(value + length)
    return in_zone(sane(clock(value, dtype) + length), zone_of(dtype))


def elapsed(start: pl.Expr, end: pl.Expr, unit: Unit, *, whole: bool) -> pl.Expr:
    """How much of a unit lies between two moments, negative where the end comes first.

    Years, quarters and months go by the calendar, the part of one by the length of that month; a week to a
    second by the time that passes, a day being 24 hours.

    Args:
        start: datetimes; for years, quarters and months without a time zone.
        end: datetimes of the same kind.
        unit: what is counted.
        whole: count completed units only, Int64; otherwise parts of them too, Float64.
    """
    if unit not in MONTHS:
        passed, length = (end - start).dt.total_microseconds(), MICROSECONDS[unit]
        return passed.sign() * (passed.abs() // length) if whole else quotient(passed, length)
    months, length = whole_months(start, end), MONTHS[unit]
    if whole:
        return months.sign() * (months.abs() // length)
    direction = pl.when(end >= start).then(1).otherwise(-1)
    done, next_one = (_months_after(start, each) for each in (months, months + direction))
    part = (end - done).dt.total_microseconds() / (next_one - done).dt.total_microseconds()
    return quotient(months + direction * part, length)


def whole_months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """How many months by the calendar are completed between two datetimes without a time zone, Int64."""
    near = (end.dt.year() - start.dt.year()).cast(pl.Int64) * 12 + (end.dt.month() - start.dt.month())
    # By the months of the calendar alone, it may be one too many.
    forth = (near > 0) & (_months_after(start, near) > end)
    back = (near < 0) & (_months_after(start, near) < end)
    return near - forth.cast(pl.Int64) + back.cast(pl.Int64)


def _months_after(start: pl.Expr, months: pl.Expr) -> pl.Expr:
    return shifted(start, pl.Datetime("us"), months, "month")


def truncated(value: pl.Expr, dtype: pl.DataType, unit: Unit, every: int = 1) -> pl.Expr:
    """Datetimes taken back to the start of their period; weeks start on Monday.

    Periods of several units are counted from the start of 1970, those of weeks from Monday, 5 January.
    """
    wall = clock(value, dtype)
    start = sane(wall.dt.truncate(f"{every}{PERIODS[unit]}"))
    if zone_of(dtype) is None:
        return start
    # Taking off what has passed keeps the two hours apart that daylight saving shows twice.
    return value - (wall - start) if unit in TIMES_OF_DAY else in_zone(start, zone_of(dtype))


def no_time_of_day(columns: Sequence[str], schema: pl.Schema, unit: str, field: str) -> list[Problem]:
    """What is wrong when a step is to look at hours, minutes or seconds of dates."""
    return [
        Problem(f"Column {name!r} holds dates, which have no {unit}.", "Leave it out, or take a longer unit.", field)
        for name in columns
        if schema[name] == pl.Date
    ]
