"""Values of one type as values of another: what every pair of types means, written once.

A value that has no counterpart in the new type becomes null, never something close to it: ``"1.5"``
and 1.5 are no integers, 2 is no boolean. NaN and blank text are missing to begin with, so they
become null without being a failure.
"""

from __future__ import annotations

import re

import polars as pl

from transforms.core.dtypes import TYPES, TypeName, type_name

PAIRS: dict[str, tuple[TypeName, ...]] = {
    "text": ("integer", "number", "text", "boolean", "date", "datetime", "time", "duration"),
    "null": ("integer", "number", "text", "boolean", "date", "datetime", "time", "duration"),
    "integer": ("integer", "number", "text", "boolean"),
    "number": ("integer", "number", "text", "boolean"),
    "boolean": ("boolean", "integer", "number", "text"),
    "date": ("date", "datetime", "text"),
    "datetime": ("datetime", "date", "time", "text"),
    "time": ("time", "text"),
    "duration": ("duration", "text"),
}
"""The types that columns of each type can become."""
TEMPORAL: tuple[TypeName, ...] = ("date", "datetime", "time")
TRUE_WORDS = ("true", "yes", "1")
FALSE_WORDS = ("false", "no", "0")

INTEGER = r"^[+-]?[0-9]+(?:\.0*)?$"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
INFINITE = r"(?i)^[+-]?inf(?:inity)?$"
ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CLOCK = r"([0-9]{1,2}:[0-5][0-9])(?::([0-5][0-9](?:\.[0-9]{1,9})?))?"
ISO_MOMENT = rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[T ]{CLOCK} ?(?:Z|([+-])([0-9]{{2}}):?([0-9]{{2}}))?$"
CLOCK_DURATION = r"^([+-])?()([0-9]{1,8}):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,6}))?$"
ISO_DURATION = (
    r"^([+-])?P(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,8})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,11})(?:\.([0-9]{1,6}))?S)?)?$"
)
WITH_TIME = re.compile(r"%[-_0]?[HIklMSTRXcs+]")
WITH_ZONE = re.compile(r"%:{0,2}#?z|%\+")


def convertible(dtype: pl.DataType, to: TypeName, format: str | None = None) -> bool:
    """Whether columns of one type can become another; whole numbers become dates by a format: 20240131."""
    return to in PAIRS.get(type_name(dtype), ()) or (dtype.is_integer() and to in TEMPORAL and bool(format))


def blank(text: pl.Expr) -> pl.Expr:
    """Whether text is empty or white space only."""
    return text.str.strip_chars() == ""


def as_text(value: pl.Expr, dtype: pl.DataType, format: str | None = None) -> pl.Expr:
    """Values as text in one canonical way, null where they are null or NaN.

    Whole numbers have no decimal point (``3.0`` is ``"3"``), other numbers their shortest exact form;
    ``"true"`` and ``"false"``; ``"2024-05-31"``, ``"2024-05-31 13:30:00"``, ``"13:30:00.5"`` with
    fractions of a second where there are any and the offset where there is a time zone; durations as
    ISO 8601 has them, ``"P1DT2H"``. A ``format`` (strftime) is for dates, datetimes and times.
    """
    if dtype.is_float():
        number = value.fill_nan(None)
        whole = number.cast(pl.Int64, strict=False)
        is_whole = whole.cast(pl.Float64) == number.cast(pl.Float64)
        return pl.when(is_whole).then(whole.cast(pl.String)).otherwise(number.cast(pl.String))
    match dtype:
        case pl.Datetime(time_zone=zone):
            return value.dt.to_string(format or f"%Y-%m-%d %H:%M:%S%.f{'%:z' if zone else ''}")
        case pl.Date():
            return value.dt.to_string(format or "%Y-%m-%d")
        case pl.Time():
            return value.dt.to_string(format or "%H:%M:%S%.f")
        case pl.Duration():
            return value.dt.to_string("iso")
        case _:
            return value.cast(pl.String)


def converted(value: pl.Expr, dtype: pl.DataType, to: TypeName, format: str | None = None) -> pl.Expr:
    """Values of a column of some type as values of another, null where they are not; name them with ``alias``.

    Args:
        value: the values.
        dtype: their type; :func:`convertible` says whether it goes.
        to: the new type.
        format: strftime pattern that dates, datetimes and times are written in; ISO 8601 by default.
    """
    if dtype == pl.Null or to == type_name(dtype):
        if dtype.is_temporal():
            return value  # a datetime keeps its time zone
        return (value.fill_nan(None) if dtype.is_float() else value).cast(TYPES[to])
    if to == "text":
        return as_text(value, dtype, format)
    if dtype == pl.String:
        return parsed(value, to, format)
    if dtype.is_integer() and to in TEMPORAL:
        return parsed(value.cast(pl.String), to, format)
    if to == "boolean":
        return pl.when(value == 1).then(True).when(value == 0).then(False)
    if to == "integer" and dtype.is_numeric():
        whole = value.cast(pl.Int64, strict=False)
        return pl.when(whole.cast(dtype, strict=False) == value).then(whole)
    if to == "date":
        return value.dt.date()
    if to == "time":
        return value.dt.time()
    return value.cast(TYPES[to])


def parsed(text: pl.Expr, to: TypeName, format: str | None = None) -> pl.Expr:
    """Text as values of a type, surrounding white space aside; null where it is not one.

    Integers may end in ``.0``; numbers may have an exponent or be ``inf``; booleans are true, false,
    yes, no, 1 and 0 in any case; dates and times are ISO 8601, or of the ``format``. A datetime with an
    offset is taken to UTC. A date is also read off a datetime.
    """
    text = text.str.strip_chars()
    match to:
        case "text":
            return text
        case "integer":
            return pl.when(text.str.contains(INTEGER)).then(text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False))
        case "number":
            number = text.cast(pl.Float64, strict=False)
            written = text.str.contains(NUMBER) & number.is_finite()
            return pl.when(written | text.str.contains(INFINITE)).then(number)
        case "boolean":
            word = text.str.to_lowercase()
            return pl.when(word.is_in(TRUE_WORDS)).then(True).when(word.is_in(FALSE_WORDS)).then(False)
        case "date":
            return _date(text, format)
        case "datetime":
            return _datetime(text, format)
        case "time":
            return _time(text, format)
        case "duration":
            return pl.coalesce(_duration(text, CLOCK_DURATION), _duration(text, ISO_DURATION))


def _date(text: pl.Expr, format: str | None) -> pl.Expr:
    if format is None:
        parts = text.str.extract_groups(ISO_MOMENT)
        of_moment = pl.when(_moment(parts).is_not_null()).then(parts.struct.field("1"))
        day = pl.when(text.str.contains(ISO_DATE)).then(text).otherwise(of_moment)
        return day.str.to_date("%Y-%m-%d", strict=False)
    if WITH_TIME.search(format):
        return _datetime(text, format).dt.date()
    return _plausible(text.str.to_date(format, strict=False), format)


def _datetime(text: pl.Expr, format: str | None) -> pl.Expr:
    if format is None:
        day = pl.when(text.str.contains(ISO_DATE)).then(text).str.to_date("%Y-%m-%d", strict=False)
        parts = text.str.extract_groups(ISO_MOMENT)
        minutes = parts.struct.field("5").cast(pl.Int64) * 60 + parts.struct.field("6").cast(pl.Int64)
        sign = pl.when(parts.struct.field("4") == "-").then(-1).otherwise(1)
        offset = pl.duration(minutes=sign * minutes.fill_null(0), time_unit="us")
        return pl.coalesce(_moment(parts) - offset, day.cast(pl.Datetime("us")))
    if not WITH_TIME.search(format):
        return _plausible(text.str.to_date(format, strict=False), format).cast(pl.Datetime("us"))
    moment = text.str.to_datetime(format, time_unit="us", strict=False)
    if WITH_ZONE.search(format):
        moment = moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return _plausible(moment, format)


def _time(text: pl.Expr, format: str | None) -> pl.Expr:
    if format is not None:
        return text.str.to_time(format, strict=False)
    parts = text.str.extract_groups(f"^{CLOCK}$")
    clock = pl.concat_str(parts.struct.field("1"), parts.struct.field("2").fill_null("00"), separator=":")
    return clock.str.to_time("%H:%M:%S%.f", strict=False)


def _moment(parts: pl.Expr) -> pl.Expr:
    """The datetime that was written, whatever its offset."""
    clock = pl.concat_str(parts.struct.field("2"), parts.struct.field("3").fill_null("00"), separator=":")
    whole = pl.concat_str(parts.struct.field("1"), clock, separator=" ")
    return whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)


def _plausible(moment: pl.Expr, format: str) -> pl.Expr:
    """Null where a format with a year of four digits was given one of two: 24 would be the year 24."""
    return pl.when(moment.dt.year() >= 100).then(moment) if "%Y" in format else moment


def _duration(text: pl.Expr, pattern: str) -> pl.Expr:
    parts = text.str.extract_groups(pattern)

    def part(i: int) -> pl.Expr:
        return parts.struct.field(str(i)).cast(pl.Int64, strict=False).fill_null(0)

    seconds = ((part(2) * 24 + part(3)) * 60 + part(4)) * 60 + part(5)
    fraction = parts.struct.field("6").str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    sign = pl.when(parts.struct.field("1") == "-").then(-1).otherwise(1)
    any_part = pl.any_horizontal(parts.struct.field(str(i)).str.len_chars() > 0 for i in range(2, 6))
    return pl.when(any_part).then((sign * (seconds * 1_000_000 + fraction)).cast(pl.Duration("us")))
