"""Lengths of time read off text and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

import polars as pl

from transforms.core.columns import ColumnsField
from transforms.core.transform import Example, Transform
from transforms.date_units import MICROSECONDS
from transforms.types import Conversion, OnError

Format = Literal["auto", "iso8601", "clock", "text"]
NUMBER = r"[0-9]{1,12}(?:[.,][0-9]{1,9})?"
SEPARATOR = r"\s*(?:,|and\b)?\s*"
WORDS = {
    "week": "weeks?|wks?|w",
    "day": "days?|d",
    "hour": "hours?|hrs?|h",
    "minute": "minutes?|mins?|m",
    "second": "seconds?|secs?|s",
    "millisecond": "milliseconds?|millis|msecs?|ms",
}
LENGTHS: dict[str, int] = {**dict(MICROSECONDS.items()), "millisecond": 1_000}
"""Microseconds; a day is 24 hours."""


def _part(name: str, pattern: str = NUMBER) -> str:
    return f"(?P<{name}>{pattern})"


def _optional(name: str, letter: str) -> str:
    return f"(?:{_part(name)}{letter})?"


PATTERNS: dict[str, str] = {
    "iso8601": (
        rf"(?i)^(?P<sign>[+-]?)P{_optional('week', 'W')}{_optional('day', 'D')}"
        rf"(?:T{_optional('hour', 'H')}{_optional('minute', 'M')}{_optional('second', 'S')})?$"
    ),
    "clock": (
        rf"(?i)^(?P<sign>[+-]?)(?:{_part('day', '[0-9]{1,9}')}\s*(?:days?|d),?\s+)?{_part('hour', '[0-9]{1,9}')}"
        rf":{_part('minute', '[0-5][0-9]')}:{_part('second', '[0-5][0-9](?:[.,][0-9]{1,9})?')}$"
    ),
    "text": (
        r"(?i)^(?P<sign>[+-]?)\s*"
        + SEPARATOR.join(rf"(?:{_part(name)}\s*(?:{words}))?" for name, words in WORDS.items())
        + "$"
    ),
}
"""What each way of writing looks like, its parts named by their units."""


class ParseDuration(Conversion):
    """Read lengths of time such as 1h 30m, 01:30:00 or PT90M.

    Months and years have no fixed length, and 1:30 may be hours or minutes, so these are not read.
    """

    id = "parse_duration"
    title = "Parse duration"
    terms = ("text to duration", "timedelta", "elapsed time", "hh:mm:ss", "hours and minutes", "iso 8601 duration")
    examples = (
        Example(
            params={"columns": ["took"]},
            before={"took": ["1h 30m", "01:30:00", "PT90M", "90", "long", None]},
            after={
                "took": [*[timedelta(minutes=90)] * 3, timedelta(seconds=90), None, None],
            },
        ),
        Example(
            params={"columns": ["days"], "unit": "day", "suffix": "_duration"},
            before={"days": [1.5, -2.0, None]},
            after={"days": [1.5, -2.0, None], "days_duration": [timedelta(hours=36), timedelta(days=-2), None]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("text", "numeric"))]
    """Columns to read."""
    format: Format = "auto"
    """How durations are written.

    As ISO 8601 has them (P1DT2H), by the clock (2 days 01:30:00, with seconds), or with words or letters from the
    longest unit to the shortest (1 hour and 30 min); auto reads all three."""
    unit: Literal["week", "day", "hour", "minute", "second", "millisecond"] | None = "second"
    """What a number without a unit counts; left empty, it is no duration."""
    on_error: OnError = "null"
    """Text that is no duration becomes missing, stops the run, becomes missing with the text kept in a column named
    ``_error``, or drops its row."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def wanted(self) -> str:
        return "durations"

    def converted(self, name: str) -> pl.Expr:
        value, dtype = self.present(name), self.dtype(name)
        if dtype.is_numeric():
            return _duration(value.cast(pl.Float64) * LENGTHS[self.unit]) if self.unit else _none(value)
        text = value.cast(pl.String).str.strip_chars().str.replace("−", "-", literal=True)
        patterns = tuple(PATTERNS.values()) if self.format == "auto" else (PATTERNS[self.format],)
        # A batch at a time, since an expression would match a pattern anew for each part that it uses.
        read = [
            text.map_batches(partial(_microseconds, patterns=patterns), return_dtype=pl.Float64(), is_elementwise=True)
        ]
        if self.unit is not None:
            number = pl.when(text.str.contains(rf"^[+-]?{NUMBER}$")).then(_number(text))
            read.append(number * LENGTHS[self.unit])
        return _duration(pl.coalesce(read))


def _none(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_null()).then(None).cast(pl.Duration("us"))


def _number(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def _microseconds(text: pl.Series, patterns: Sequence[str]) -> pl.Series:
    """Float64, null where the text is written in none of some ways, or names no unit at all."""
    read = [text.str.extract_groups(each).struct.unnest().select(_total(each)).to_series() for each in patterns]
    return pl.select(pl.coalesce(read)).to_series()


def _total(pattern: str) -> pl.Expr:
    """The sum of the parts that a pattern found."""
    found = {name: _number(pl.col(name)) for name in LENGTHS if f"?P<{name}>" in pattern}
    total = pl.sum_horizontal(value.fill_null(0.0) * LENGTHS[name] for name, value in found.items())
    any_part = pl.any_horizontal(value.is_not_null() for value in found.values())
    return pl.when(any_part).then(pl.when(pl.col("sign") == "-").then(-total).otherwise(total))


def _duration(microseconds: pl.Expr) -> pl.Expr:
    """Durations; null where one is not finite, or beyond 64 bits."""
    inside = pl.when(microseconds.abs() < 2.0**63).then(microseconds)
    return inside.round(0).cast(pl.Int64).cast(pl.Duration("us"))


TRANSFORMS: tuple[type[Transform], ...] = (ParseDuration,)
