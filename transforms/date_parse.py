"""Dates read off text and numbers, as they are said to be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import ColumnsField, NumericColumns
from transforms.core.columns import column as exactly
from transforms.core.conversion import WITH_ZONE, as_text, blank, parsed
from transforms.core.dtypes import TYPES, TypeName
from transforms.core.errors import Problem
from transforms.core.statistics import Ask, Quantile
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.date_units import LONGEST, DatePattern, Zone, in_zone

OnError = Literal["null", "keep", "drop", "fail"]
WHAT: dict[OnError, str] = {
    "null": "became missing: they could not be read",
    "keep": "stayed as they were: they could not be read",
    "drop": "were dropped with their rows: they could not be read",
    "fail": "could not be read",
}
ISO_OFFSET = r"(?i)[0-9] ?(?:Z|[+-][0-9]{2}:?[0-9]{2})\s*$"


def new_names(columns: tuple[str, ...], suffix: str, schema: pl.Schema) -> Iterator[Problem]:
    """What is wrong with a suffix that makes names which the table has already."""
    for name in columns:
        if suffix and f"{name}{suffix}" in schema:
            yield Problem(f"There is a column '{name}{suffix}' already.", "Choose another suffix.", "suffix")


def with_pivot(value: pl.Expr, pivot: int) -> pl.Expr:
    """Dates of years of two digits, those after the pivot in the 1900s and the others in the 2000s."""
    year = value.dt.year() % 100
    return value.dt.replace(year=pl.when(year > pivot).then(1900 + year).otherwise(2000 + year))


def with_zone(read: pl.Expr, zone: str | None, offset: pl.Expr | bool) -> pl.Expr:
    """Datetimes in a zone: what was written with an offset is in UTC, other text showed the clock of the zone."""
    if zone is None:
        return read
    as_instant = read.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return pl.when(offset).then(as_instant).otherwise(in_zone(read, zone))


class DateReader(Transform):
    """Reads dates off columns, and says what becomes of values that are none."""

    changes_rows = True

    columns: Annotated[tuple[str, ...], ColumnsField(("text", "integer"))]
    """Columns to read."""
    timezone: Zone | None = None
    """Zone whose clock the values show, kept in the column; without one, an offset is taken to UTC and left out."""
    two_digit_pivot: int = Field(68, ge=0, le=99)
    """Years of two digits up to this one are in the 2000s, later ones in the 1900s; 68 is what POSIX says."""
    on_error: OnError = "null"
    """What to do with values that cannot be read.

    Make them missing; keep them, in which case the column stays text and what was read is written as ISO
    has it; drop their rows; or stop the run.
    """
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def made(self) -> pl.DataType:
        """The type of what is read."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it makes.")

    def reads(self, learned: Any) -> dict[str, pl.Expr]:
        """What is read, by column; null where nothing can be."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it reads.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from new_names(self.columns, self.suffix, schemas[0])

    def text(self, name: str) -> pl.Expr:
        """A column as text."""
        return exactly(name).cast(pl.String)

    def apply(self, rows: pl.LazyFrame, learned: Any = None) -> pl.LazyFrame:
        reads = self.reads(learned)
        if self.on_error == "drop" and reads:
            rows = rows.remove(pl.any_horizontal(self._lost(name, read) for name, read in reads.items()))
        return rows.with_columns(self._result(name, read).alias(f"{name}{self.suffix}") for name, read in reads.items())

    def _result(self, name: str, read: pl.Expr) -> pl.Expr:
        return pl.coalesce(as_text(read, self.made()), self.text(name)) if self.on_error == "keep" else read

    def _lost(self, name: str, read: pl.Expr) -> pl.Expr:
        return (~blank(self.text(name)) & read.is_null()).fill_null(value=False)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, read in self.reads(learned).items():
            where, stop = self._lost(name, read), self.on_error == "fail"
            yield Failure(column=name, where=where, what=WHAT[self.on_error], stop=stop)


SAMPLE = datetime(2001, 2, 3, 4, 5, 6)


def _read_back(format: str, to: TypeName) -> Any:
    """A date written in a format and read again; none where it cannot be."""
    text = pl.select(pl.lit(SAMPLE).dt.replace_time_zone("UTC").dt.to_string(format).alias("text"))
    try:
        return text.select(parsed(pl.col("text"), to, format)).item()
    except pl.exceptions.ComputeError:
        return None


class ParseDate(DateReader, RowTransform):
    """Read dates and times off text that is written in known formats."""

    id = "parse_date"
    title = "Parse date or time"
    terms = ("text to date", "strptime", "to_datetime", "string to timestamp")
    missing = "Missing values stay missing, and blank text becomes missing."
    examples = (
        Example(
            params={"columns": ["paid"], "formats": ["%d.%m.%Y", "%d %b %Y"], "type": "date"},
            before={"paid": ["31.01.2024", "1 Feb 2024", "", None, "soon"]},
            after={"paid": [datetime(2024, 1, 31).date(), datetime(2024, 2, 1).date(), None, None, None]},
        ),
        Example(
            params={"columns": ["at"], "suffix": "_time"},
            before={"at": ["2024-01-31T13:30:00+02:00", "2024-01-31 13:30", "2024-01-31", None]},
            after={
                "at": ["2024-01-31T13:30:00+02:00", "2024-01-31 13:30", "2024-01-31", None],
                "at_time": [datetime(2024, 1, 31, 11, 30), datetime(2024, 1, 31, 13, 30), datetime(2024, 1, 31), None],
            },
        ),
        Example(
            params={"columns": ["day"], "formats": ["%m/%d/%y"], "type": "date", "on_error": "keep"},
            before={"day": ["01/31/24", "unknown", None]},
            after={"day": ["2024-01-31", "unknown", None]},
        ),
    )

    formats: tuple[DatePattern, ...] = ()
    """How values are written (strftime), each tried in turn: ``%d.%m.%Y``, ``%m/%d/%y %H:%M``; ISO 8601 if empty.

    What a format leaves out is the first there is: ``%Y-%m`` is the first day of the month."""
    type: Literal["date", "datetime", "time"] = "datetime"
    """What to make: dates, dates with a time of day, or times of day."""

    @model_validator(mode="after")
    def _formats_say_enough(self) -> Self:
        if self.timezone is not None and self.type != "datetime":
            raise ValueError(f"A {self.type} has no time zone. Choose the type datetime, or no time zone.")
        for each in self.formats:
            read = _read_back(each, self.type)
            if read is None or (self.type != "time" and read.year != SAMPLE.year):
                needed = "the hour and minute" if self.type == "time" else "the year, and the minute with an hour"
                raise ValueError(f"No {self.type} can be read with {each!r}: it has to hold {needed}.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        for name in self.columns:
            if not self.formats and self.dtype(name).is_integer():
                found = f"Column {name!r} holds integers, and there is no format to read them with."
                yield Problem(found, "Give one, such as %Y%m%d, or use the step for Unix timestamps.", "formats")

    def made(self) -> pl.DataType:
        return pl.Datetime("us", self.timezone) if self.type == "datetime" else TYPES[self.type]

    def reads(self, learned: Any = None) -> dict[str, pl.Expr]:
        return {name: pl.coalesce(self._read(name, each) for each in self.formats or (None,)) for name in self.columns}

    def _read(self, name: str, format: str | None) -> pl.Expr:
        read = parsed(self.text(name), self.type, format)
        if format is not None and "%y" in format and self.type != "time":
            read = with_pivot(read, self.two_digit_pivot)
        offset = self.text(name).str.contains(ISO_OFFSET) if format is None else bool(WITH_ZONE.search(format))
        return with_zone(read, self.timezone, offset)


UnixUnit = Literal["s", "ms", "us", "ns"]
PER_SECOND: dict[UnixUnit, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SECONDS = (-62_135_596_800, 253_402_300_799)
"""The first and the last second of the years 1 to 9999."""


class UnixUnits(Learned):
    """In what each column counts."""

    units: dict[str, UnixUnit]
    """Unit by column; a column without any value counts in seconds."""


class ParseUnixTime(FittedTransform):
    """Turn Unix timestamps, which count from the start of 1970 in UTC, into dates with a time."""

    id = "parse_unix_time"
    title = "Unix timestamp to date"
    terms = ("epoch", "posix time", "from_unixtime", "timestamp to date", "milliseconds to date")
    missing = "Missing values (null, NaN and infinite) stay missing."
    unseen = "New values are read in the learned unit, whatever their size."
    examples = (
        Example(
            params={"columns": ["at"], "timezone": None},
            before={"at": [1_706_707_800, None, 0]},
            after={"at": [datetime(2024, 1, 31, 13, 30), None, datetime(1970, 1, 1)]},
        ),
        Example(
            params={"columns": ["at"], "unit": "ms", "timezone": None, "suffix": "_time"},
            before={"at": [1_706_707_800_250, None]},
            after={"at": [1_706_707_800_250, None], "at_time": [datetime(2024, 1, 31, 13, 30, 0, 250_000), None]},
        ),
    )

    GUESSES: ClassVar[tuple[tuple[float, UnixUnit], ...]] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))
    """Sizes up to which a typical value is taken to be in a unit: 1e11 seconds are the year 5138."""

    columns: NumericColumns
    """Columns to read."""
    unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"
    """What the numbers count: seconds, or their thousandths, millionths or billionths.

    By default it is told by the size of the median of each column."""
    timezone: Zone | None = "UTC"
    """Zone the results are shown in, and keep; without one they show the clock of UTC."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from new_names(self.columns, self.suffix, schemas[0])

    def fit(self, ask: Ask) -> UnixUnits:
        if self.unit != "auto":
            return UnixUnits(units=dict.fromkeys(self.columns, self.unit))
        medians = ask(*(Quantile(self._finite(name).abs(), 0.5) for name in self.columns))
        return UnixUnits(units={name: self._guess(each) for name, each in zip(self.columns, medians, strict=True)})

    def _guess(self, median: float | None) -> UnixUnit:
        return next((unit for most, unit in self.GUESSES if (median or 0) < most), "ns")

    def _finite(self, name: str) -> pl.Expr:
        number = exactly(name).cast(pl.Float64)
        return pl.when(number.is_finite()).then(number)

    def exprs(self, learned: UnixUnits) -> Iterator[pl.Expr]:
        for name in self.columns:
            per_second = PER_SECOND[learned.units[name]]
            whole = self.dtype(name).is_integer()
            value = exactly(name).cast(pl.Int64) if whole else self._finite(name)
            low, high = (each * per_second for each in SECONDS)
            inside = pl.when(value.is_between(max(low, -(2**63)), min(high + per_second - 1, 2**63 - 1))).then(value)
            micros = self._micros(inside, per_second, whole=whole)
            instant = micros.cast(pl.Datetime("us"))
            if self.timezone is not None:
                instant = instant.dt.replace_time_zone("UTC").dt.convert_time_zone(self.timezone)
            yield instant.alias(f"{name}{self.suffix}")

    def _micros(self, value: pl.Expr, per_second: int, *, whole: bool) -> pl.Expr:
        if not whole:
            return (value * (1_000_000 / per_second)).round(0).cast(pl.Int64, strict=False)
        return value // (per_second // 1_000_000) if per_second > 1_000_000 else value * (1_000_000 // per_second)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            for name, moment in zip(self.columns, self.exprs(learned), strict=True):
                value = exactly(name).cast(pl.Int64) if self.dtype(name).is_integer() else self._finite(name)
                where = value.is_not_null() & moment.is_null()
                what = f"became missing: they are outside the years 1 to {LONGEST:,}"
                yield Failure(column=name, where=where, what=what)


TRANSFORMS: tuple[type[Transform], ...] = (ParseDate, ParseUnixTime)
