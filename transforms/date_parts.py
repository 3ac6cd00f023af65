"""Parts of dates as numbers and names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal, assert_never

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.categories import free_names
from transforms.core.columns import TemporalColumns
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.statistics import Ask, Max, Min, Statistic
from transforms.core.transform import Example, FittedTransform, Learned, RowTransform, Transform
from transforms.date_units import clock, moment, no_time_of_day

Part = Literal[
    "year", "quarter", "month", "week", "iso_year", "day", "weekday", "day_of_year",
    "hour", "minute", "second", "millisecond"
]  # fmt: skip
CyclicPart = Literal["month", "day", "weekday", "day_of_year", "hour"]
TURN = 2 * math.pi
OF_TIME = ("hour", "minute", "second", "millisecond")


def each_once(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse a list that names something twice."""
    twice = sorted({each for each in parts if parts.count(each) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} is listed more than once.")
    return parts


def part_of(value: pl.Expr, part: Part) -> pl.Expr:
    """A part of datetimes that show the clock on the wall, Int64."""
    match part:
        case "day_of_year":
            found = value.dt.ordinal_day()
        case "year":
            found = value.dt.year()
        case "quarter":
            found = value.dt.quarter()
        case "month":
            found = value.dt.month()
        case "week":
            found = value.dt.week()
        case "iso_year":
            found = value.dt.iso_year()
        case "day":
            found = value.dt.day()
        case "weekday":
            found = value.dt.weekday()
        case "hour":
            found = value.dt.hour()
        case "minute":
            found = value.dt.minute()
        case "second":
            found = value.dt.second()
        case "millisecond":
            found = value.dt.millisecond()
        case _:
            assert_never(part)
    return found.cast(pl.Int64)


def angle_of(value: pl.Expr, part: CyclicPart) -> pl.Expr:
    """How far a part is through its cycle, in radians: 0 at its start, towards a full turn at its end."""
    # Multiplied, since by a single value polars divides inexactly, and one row differently.
    match part:
        case "hour":
            return part_of(value, "hour") * (TURN / 24)
        case "weekday":
            return (part_of(value, "weekday") - 1) * (TURN / 7)
        case "month":
            return (part_of(value, "month") - 1) * (TURN / 12)
        case "day":
            days = list(range(28, 32))
            step = value.dt.days_in_month().replace_strict(
                days, [TURN / each for each in days], default=None, return_dtype=pl.Float64
            )
            return (part_of(value, "day") - 1) * step
        case "day_of_year":
            step = pl.when(value.dt.is_leap_year()).then(TURN / 366).otherwise(TURN / 365)
            return (part_of(value, "day_of_year") - 1) * step
        case _:
            assert_never(part)


def cyclic(value: pl.Expr, part: CyclicPart) -> dict[str, pl.Expr]:
    """Sine and cosine of a part, by the ending of their names."""
    angle = angle_of(value, part)
    return {f"{part}_sin": angle.sin(), f"{part}_cos": angle.cos()}


class PartsOfDates(Transform):
    """Looks at the clock that dates show, in their own time zone."""

    columns: TemporalColumns
    """Columns to look at; datetimes show the clock of their time zone."""

    def wall(self, name: str) -> pl.Expr:
        """A column as datetimes without a zone; the midnight of dates."""
        dtype = self.dtype(name)
        return clock(moment(name, dtype), dtype)

    def named(self) -> dict[str, pl.Expr]:
        """The new columns."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it makes.")

    def exprs(self, learned: Any = None) -> Iterator[pl.Expr]:
        return (value.alias(name) for name, value in self.named().items())

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.named():
            if name in schemas[0]:
                yield Problem(f"There is a column {name!r} already.", "Rename or drop it first.", "columns")
        for part in getattr(self, "parts", ()):
            if part in OF_TIME:
                yield from no_time_of_day(self.columns, schemas[0], part, "parts")


class ExtractDateParts(PartsOfDates, RowTransform):
    """Make columns of the year, month, weekday and other parts of dates, as whole numbers."""

    id = "extract_date_parts"
    title = "Extract date parts"
    terms = ("year", "quarter", "month", "week", "weekday", "day", "hour", "minute", "datepart")
    missing = "Where the date is missing, so are its parts."
    examples = (
        Example(
            params={"columns": ["paid"], "parts": ["year", "month", "weekday"]},
            before={"paid": [date(2024, 1, 31), None]},
            after={
                "paid": [date(2024, 1, 31), None],
                "paid_year": [2024, None],
                "paid_month": [1, None],
                "paid_weekday": [3, None],
            },
        ),
        Example(
            params={"columns": ["at"], "parts": ["iso_year", "week", "hour", "millisecond"]},
            before={"at": [datetime(2024, 12, 30, 13, 5, 59, 250_000), None]},
            after={
                "at": [datetime(2024, 12, 30, 13, 5, 59, 250_000), None],
                "at_iso_year": [2025, None],
                "at_week": [1, None],
                "at_hour": [13, None],
                "at_millisecond": [250, None],
            },
        ),
    )

    parts: Annotated[tuple[Part, ...], AfterValidator(each_once)] = Field(("year", "month", "day"), min_length=1)
    """What to extract, each into a column named after the date and the part.

    Months and quarters count from 1, weekdays from Monday, 1. Weeks are those of ISO 8601: the first has the
    first Thursday of the year, so days around New Year may belong to another ``iso_year``.
    """

    def named(self) -> dict[str, pl.Expr]:
        return {f"{name}_{part}": part_of(self.wall(name), part) for name in self.columns for part in self.parts}


MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"
)  # fmt: skip
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DateNames(PartsOfDates, RowTransform):
    """Make a column of the names of months or weekdays, in English."""

    id = "date_names"
    title = "Month and weekday names"
    terms = ("month name", "day name", "weekday name", "monday", "january")
    missing = "Where the date is missing, so is its name."
    examples = (
        Example(
            params={"columns": ["paid"], "part": "weekday"},
            before={"paid": [date(2024, 1, 31), None]},
            after={"paid": [date(2024, 1, 31), None], "paid_weekday_name": ["Wednesday", None]},
        ),
        Example(
            params={"columns": ["paid"], "style": "short"},
            before={"paid": [datetime(2024, 9, 1, 12), None]},
            after={"paid": [datetime(2024, 9, 1, 12), None], "paid_month_name": ["Sep", None]},
        ),
    )

    part: Literal["month", "weekday"] = "month"
    """What to name."""
    style: Literal["full", "short"] = "full"
    """The whole name, or its first three letters."""

    def named(self) -> dict[str, pl.Expr]:
        names = MONTH_NAMES if self.part == "month" else WEEKDAY_NAMES
        shown = [each[:3] if self.style == "short" else each for each in names]
        numbers = list(range(1, len(shown) + 1))
        return {
            f"{name}_{self.part}_name": part_of(self.wall(name), self.part).replace_strict(
                numbers, shown, default=None, return_dtype=pl.String
            )
            for name in self.columns
        }


class CyclicDateFeatures(PartsOfDates, RowTransform):
    """Make sine and cosine of parts of dates, so that December is as near to January as to November."""

    id = "cyclic_date_features"
    title = "Cyclical date features (sin, cos)"
    terms = ("sin cos month", "cyclical encoding", "seasonality features", "fourier hour")
    missing = "Where the date is missing, so are its features."
    examples = (
        Example(
            params={"columns": ["at"], "parts": ["hour"]},
            before={"at": [datetime(2024, 1, 31, 6), datetime(2024, 1, 31), None]},
            after={
                "at": [datetime(2024, 1, 31, 6), datetime(2024, 1, 31), None],
                "at_hour_sin": [1.0, 0.0, None],
                "at_hour_cos": [0.0, 1.0, None],
            },
        ),
        Example(
            params={"columns": ["day"]},
            before={"day": [date(2024, 4, 1), None]},
            after={"day": [date(2024, 4, 1), None], "day_month_sin": [1.0, None], "day_month_cos": [0.0, None]},
        ),
    )

    parts: Annotated[tuple[CyclicPart, ...], AfterValidator(each_once)] = Field(("month",), min_length=1)
    """Parts to take, each into two columns; the first value of a part (January, Monday, midnight) has sine 0, cosine 1.

    The days of a month and of a year go round once in that month or year, whatever its length.
    """

    def named(self) -> dict[str, pl.Expr]:
        return {
            f"{name}_{ending}": value
            for name in self.columns
            for part in self.parts
            for ending, value in cyclic(self.wall(name), part).items()
        }


ORDINAL: tuple[Part, ...] = (
    "year", "quarter", "month", "week", "day", "weekday", "day_of_year", "hour", "minute", "second"
)  # fmt: skip
CYCLIC: tuple[CyclicPart, ...] = ("month", "day", "weekday", "day_of_year", "hour")


class UsefulParts(Learned):
    """The parts of each column that differ from row to row."""

    names: dict[str, dict[str, str]]
    """The name of each feature by its part (``month``, ``month_sin``), by column."""


class FeaturizeDate(FittedTransform):
    """Make features for a model of all parts of dates that differ from row to row."""

    id = "featurize_date"
    title = "Featurize dates (all useful parts)"
    terms = ("date features", "featurize datetime", "expand date", "add_datepart", "featurize date/time")
    columns_from_data = True
    missing = "Where the date is missing, so are its features; missing dates do not count as a difference."
    unseen = "The same features are made of new dates, whatever they are."
    examples = (
        Example(
            params={"columns": ["day"]},
            before={"day": [date(2024, 1, 30), date(2024, 1, 31), None]},
            after={
                "day": [date(2024, 1, 30), date(2024, 1, 31), None],
                "day_day": [30, 31, None],
                "day_weekday": [2, 3, None],
                "day_day_of_year": [30, 31, None],
            },
        ),
        Example(
            params={"columns": ["at"], "mode": "cyclic", "output_format": "vector", "keep_input": False},
            before={"at": [datetime(2023, 1, 1), datetime(2024, 1, 1, 6), None]},
            # Year; sine and cosine of the weekday (a Sunday, a Monday) and of the hour.
            after={
                "at_features": [
                    [2023.0, math.sin(12 / 7 * math.pi), math.cos(12 / 7 * math.pi), 0.0, 1.0],
                    [2024.0, 0.0, 1.0, 1.0, 0.0],
                    None,
                ]
            },
        ),
    )

    columns: TemporalColumns
    """Columns to make features of; datetimes show the clock of their time zone."""
    mode: Literal["ordinal", "cyclic"] = "ordinal"
    """Whole numbers for year, quarter, month, ISO week, day, weekday (Monday 1), day of the year, hour, minute, second.

    Or the year, and sine and cosine of month, day, weekday, day of the year and hour.
    """
    output_format: Literal["columns", "vector"] = "columns"
    """A column for each feature, or one list of numbers for each date."""
    keep_input: bool = True
    """Keep the dates too."""

    def parts(self, name: str) -> dict[str, pl.Expr]:
        """Every feature of a column, constant ones too, by the ending of its name."""
        dtype = self.dtype(name)
        value = clock(moment(name, dtype), dtype)
        is_date = dtype == pl.Date
        if self.mode == "ordinal":
            return {part: part_of(value, part) for part in ORDINAL if not (is_date and part in OF_TIME)}
        found = {"year": part_of(value, "year")}
        for part in CYCLIC:
            if not (is_date and part in OF_TIME):
                found |= cyclic(value, part)
        return found

    def fit(self, ask: Ask) -> UsefulParts:
        taken = ask.schemas[0].names()
        measured = {name: self._measured(name) for name in self.columns}
        ends = iter(ask(*(each for parts in measured.values() for value in parts.values() for each in value)))
        differing = {name: [part for part in parts if next(ends) != next(ends)] for name, parts in measured.items()}
        names = {}
        for name, endings in differing.items():
            features = [ending for part in endings for ending in self._endings(part)]
            free = free_names((f"{name}_{ending}" for ending in features), taken)
            taken = [*taken, *free]
            names[name] = dict(zip(features, free, strict=True))
        return UsefulParts(names=names)

    def _measured(self, name: str) -> dict[str, tuple[Statistic, Statistic]]:
        """Smallest and largest value of each part; of a cycle, of how far it is."""
        dtype = self.dtype(name)
        value = clock(moment(name, dtype), dtype)
        parts = {ending.removesuffix("_sin").removesuffix("_cos") for ending in self.parts(name)}
        return {part: (Min(part_of(value, part)), Max(part_of(value, part))) for part in ORDINAL if part in parts}

    def _endings(self, part: str) -> tuple[str, ...]:
        return (part,) if self.mode == "ordinal" or part == "year" else (f"{part}_sin", f"{part}_cos")

    def exprs(self, learned: UsefulParts) -> Iterator[pl.Expr]:
        for name, outputs in learned.names.items():
            parts = {ending: self.parts(name)[ending] for ending in outputs}
            if self.output_format == "columns":
                yield from (value.alias(outputs[ending]) for ending, value in parts.items())
            else:
                yield self._vector(name, list(parts.values())).alias(f"{name}_features")

    def _vector(self, name: str, values: list[pl.Expr]) -> pl.Expr:
        if not values:
            return pl.when(exactly(name).is_not_null()).then(pl.lit([], pl.List(pl.Float64)))
        return pl.when(exactly(name).is_not_null()).then(pl.concat_list(each.cast(pl.Float64) for each in values))

    def apply(self, rows: pl.LazyFrame, learned: UsefulParts) -> pl.LazyFrame:
        made = rows.with_columns(self.exprs(learned))
        return made if self.keep_input else made.drop(self.columns)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            if self.output_format == "vector" and f"{name}_features" in schemas[0]:
                yield Problem(f"There is a column '{name}_features' already.", "Rename or drop it first.", "columns")


TRANSFORMS: tuple[type[Transform], ...] = (ExtractDateParts, DateNames, CyclicDateFeatures, FeaturizeDate)
