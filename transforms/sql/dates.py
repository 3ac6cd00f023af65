"""Parts of dates, and dates moved, cut off and subtracted."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from sqlglot import exp

from transforms.sql.errors import shown, wrong
from transforms.sql.typed import Typed

UNITS: dict[str, str] = {
    "year": "1y",
    "quarter": "1q",
    "month": "1mo",
    "week": "1w",
    "day": "1d",
    "hour": "1h",
    "minute": "1m",
    "second": "1s",
}
"""Units of time, with what polars calls one of them; weeks begin on Monday."""
OF_CLOCK = ("hour", "minute", "second")
PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "year": lambda v: v.dt.year(),
    "isoyear": lambda v: v.dt.iso_year(),
    "quarter": lambda v: v.dt.quarter(),
    "month": lambda v: v.dt.month(),
    "week": lambda v: v.dt.week(),
    "day": lambda v: v.dt.day(),
    "dow": lambda v: v.dt.weekday() % 7,
    "dayofweek": lambda v: v.dt.weekday() % 7,
    "isodow": lambda v: v.dt.weekday(),
    "doy": lambda v: v.dt.ordinal_day(),
    "dayofyear": lambda v: v.dt.ordinal_day(),
    "hour": lambda v: v.dt.hour(),
    "minute": lambda v: v.dt.minute(),
    "second": lambda v: v.dt.second(),
}
"""Parts of a date by name, as EXTRACT has them: Sunday is day 0 of the week, Monday day 1 of the ISO week."""


def unit_of(node: exp.Expr, name: str) -> str:
    """A unit of time as it is written: MONTH, months, 'month'.

    Raises:
        SqlError: there is no such unit.
    """
    unit = name.lower()
    unit = unit if unit in UNITS else unit.removesuffix("s")
    if unit not in UNITS:
        raise wrong(node, f"{name!r} is no unit of time here.", f"There are: {', '.join(UNITS)}.")
    return unit


def part_of(moment: Typed, name: str, node: exp.Expr) -> pl.Expr:
    """A part of a date as a whole number.

    Raises:
        SqlError: there is no such part, or the value has none.
    """
    part = name.lower()
    if part not in PARTS:
        raise wrong(node, f"{name!r} is no part of a date here.", f"There are: {', '.join(PARTS)}.")
    on_clock = part in OF_CLOCK
    if moment.kind not in (("datetime", "time", "null") if on_clock else ("date", "datetime", "null")):
        wanted = "a datetime or time" if on_clock else "a date or datetime"
        raise wrong(moment.node, f"{part.upper()} needs {wanted}, found {moment.kind}.", "Use CAST(... AS ...).")
    value = moment.expr.cast(pl.Datetime("us")) if moment.dtype == pl.Null else moment.expr
    return PARTS[part](value).cast(pl.Int64)


def truncated(moment: Typed, unit: str) -> pl.Expr:
    """The start of the unit of time that a date is in, in the type of the date."""
    if moment.dtype == pl.Date and unit in OF_CLOCK:
        return moment.expr
    return moment.expr.dt.truncate(UNITS[unit])


def moved(moment: Typed, interval: exp.Interval, sign: int) -> pl.Expr:
    """A date later or earlier by an interval; a date stays one, unless it is moved by hours.

    Raises:
        SqlError: the interval is not a whole number of units, or the value no date.
    """
    if moment.kind not in ("date", "datetime"):
        raise wrong(moment.node, f"An interval can be added to a date, not to {moment.kind}.", "Use CAST(... AS DATE).")
    amount, unit = interval.this, interval.args.get("unit")
    negative = isinstance(amount, exp.Neg)
    amount = amount.this if isinstance(amount, exp.Neg | exp.Paren) else amount
    written = amount.name if isinstance(amount, exp.Literal) else ""
    if unit is None or not written.removeprefix("-").isdigit():
        raise wrong(
            interval, f"{shown(interval)!r} is no whole number of units.", "Write it as INTERVAL 3 MONTH, for example."
        )
    name = unit_of(interval, unit.name)
    count = int(written) * sign * (-1 if negative else 1)
    value = moment.expr.cast(pl.Datetime("us")) if moment.dtype == pl.Date and name in OF_CLOCK else moment.expr
    step = f"{abs(count) * int(UNITS[name][0])}{UNITS[name][1:]}"
    return value.dt.offset_by(f"-{step}" if count < 0 else step)


def boundaries(start: pl.Expr, end: pl.Expr, unit: str) -> pl.Expr:
    """How often a new unit of time begins from one date to another."""
    if unit == "year":
        return (end.dt.year() - start.dt.year()).cast(pl.Int64)
    if unit in ("quarter", "month"):
        months = [each.dt.year().cast(pl.Int64) * 12 + each.dt.month() - 1 for each in (start, end)]
        return months[1] // 3 - months[0] // 3 if unit == "quarter" else months[1] - months[0]
    first, last = (each.cast(pl.Datetime("us")).dt.truncate(UNITS[unit]) for each in (start, end))
    gap = last - first
    match unit:
        case "week":
            return gap.dt.total_days() // 7
        case "day":
            return gap.dt.total_days()
        case "hour":
            return gap.dt.total_hours()
        case "minute":
            return gap.dt.total_minutes()
        case _:
            return gap.dt.total_seconds()
