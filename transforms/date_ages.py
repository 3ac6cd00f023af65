"""How long ago: ages, time since a reference that all rows share, and durations as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import model_validator

from transforms.core.columns import ColumnField, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conditions import literal, typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, Max, Min
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.date_holidays import day_of
from transforms.date_units import MICROSECONDS, MONTHS, SpanUnit, Unit, clock, elapsed, moment, zone_of
from transforms.rows_filter import Moment


class Reference(Learned):
    """The moment that all rows are compared with."""

    value: str | None
    """ISO text; none where each row has its own, or the data had none."""


class AgeFromBirthdate(FittedTransform):
    """Add a column with the age of people, in years, months or days."""

    id = "age_from_birthdate"
    title = "Age from birth date"
    terms = ("years old", "age", "date of birth", "birthday")
    missing = "Where a date is missing, so is the age; a birth date after the day of the age gives a missing value."
    unseen = "New rows get their age at the day the step was fitted, unless another day is chosen."
    examples = (
        Example(
            params={"column": "born", "at": "2024-05-01"},
            before={"born": [date(1990, 5, 1), date(1990, 5, 2), date(2025, 1, 1), None]},
            after={
                "born": [date(1990, 5, 1), date(1990, 5, 2), date(2025, 1, 1), None],
                "age": [34, 33, None, None],
            },
        ),
        Example(
            params={"column": "born", "at_column": "joined", "unit": "month", "output": "months"},
            before={"born": [date(2024, 1, 31), None], "joined": [date(2024, 2, 29), date(2024, 1, 1)]},
            after={
                "born": [date(2024, 1, 31), None],
                "joined": [date(2024, 2, 29), date(2024, 1, 1)],
                "months": [0, None],
            },
        ),
    )

    column: TemporalColumn
    """Column of birth dates."""
    at: Moment | None = None
    """The day of the age, ISO text; left empty, the day on which the step is fitted (in UTC)."""
    at_column: TemporalColumn | None = None
    """Column with the day of the age, instead of one day for all."""
    unit: Literal["year", "month", "day"] = "year"
    """What is counted, completed ones only. Who was born on 29 February has the birthday on 1 March in other years."""
    output: NewColumn = "age"
    """Name of the new column."""

    @model_validator(mode="after")
    def _one_day(self) -> Self:
        if self.at is not None and self.at_column is not None:
            raise ValueError("Give the day of the age, or the column that holds it, not both.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> Reference:
        if self.at_column is not None:
            return Reference(value=None)
        day = datetime.now(UTC).date() if self.at is None else datetime.fromisoformat(self.at).date()
        return Reference(value=day.isoformat())

    def _age(self, learned: Reference) -> tuple[pl.Expr, pl.Expr]:
        """The age, negative where the birth comes later; and where both days are known."""
        born = day_of(self.column, self.dtype(self.column))
        if self.at_column is not None:
            at = day_of(self.at_column, self.dtype(self.at_column))
        else:
            at = pl.lit(date.fromisoformat(learned.value or ""), pl.Date)
        if self.unit == "day":
            age = (at - born).dt.total_days()
        else:
            months = (at.dt.year() - born.dt.year()).cast(pl.Int64) * 12 + (at.dt.month() - born.dt.month())
            months = months - (at.dt.day() < born.dt.day()).cast(pl.Int64)
            age = months // (12 if self.unit == "year" else 1)
        return age.cast(pl.Int64), born.is_not_null() & at.is_not_null()

    def exprs(self, learned: Reference) -> Iterator[pl.Expr]:
        age, _ = self._age(learned)
        yield pl.when(age >= 0).then(age).alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            age, known = self._age(learned)
            yield Failure(column=self.column, where=known & (age < 0), what="became missing: born after that day")


class DaysSinceReference(FittedTransform):
    """Add a column with the time between a date and a reference that all rows share, such as the last in the data."""

    id = "days_since_reference"
    title = "Days since a date"
    terms = ("recency", "days ago", "time since", "tenure", "days until", "elapsed days")
    missing = "Where the date is missing, so is the time."
    unseen = "New dates are compared with the learned reference; those beyond it give negative numbers."
    examples = (
        Example(
            params={"column": "bought"},
            before={"bought": [date(2024, 1, 31), date(2024, 1, 1), None]},
            after={"bought": [date(2024, 1, 31), date(2024, 1, 1), None], "bought_days": [0, 30, None]},
        ),
        Example(
            params={
                "column": "at",
                "reference": "date",
                "reference_date": "2024-01-01",
                "direction": "since",
                "unit": "hour",
                "whole": False,
                "output": "hours",
            },
            before={"at": [datetime(2024, 1, 1, 1, 30), datetime(2023, 12, 31, 23), None]},
            after={"at": [datetime(2024, 1, 1, 1, 30), datetime(2023, 12, 31, 23), None], "hours": [1.5, -1.0, None]},
        ),
    )

    column: TemporalColumn
    """Column of dates."""
    reference: Literal["max_in_data", "min_in_data", "date"] = "max_in_data"
    """Compare with the latest date of the data, the earliest, or a date that is given."""
    reference_date: Moment | None = None
    """The date given, ISO text, in the column's time zone."""
    direction: Literal["until", "since"] = "until"
    """Count from each date until the reference, as recency is measured, or since the reference up to each date."""
    unit: Unit = "day"
    """What is counted; years, quarters and months by the calendar."""
    whole: bool = True
    """Count completed units only, or parts of them too."""
    output: NewColumn | None = None
    """Name of the new column; left empty, that of the column with the unit behind it."""

    @model_validator(mode="after")
    def _date_is_given(self) -> Self:
        if (self.reference == "date") != (self.reference_date is not None):
            raise ValueError("The reference 'date' and 'reference_date' go together: give both, or neither.")
        return self

    @property
    def new_column(self) -> str:
        """The name of the new column."""
        return self.output or f"{self.column}_{self.unit}s"

    def _type(self) -> pl.DataType:
        return pl.Datetime("us", zone_of(self.dtype(self.column)))

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.new_column, schemas[0])
        if self.reference_date is not None and typed(self.reference_date, self._type()) is None:
            found = f"The reference {self.reference_date} has a time zone, and column {self.column!r} has none."
            yield Problem(found, "Leave the time zone out.", "reference_date")

    def fit(self, ask: Ask) -> Reference:
        if self.reference_date is not None:
            return Reference(value=self.reference_date)
        value = moment(self.column, self.dtype(self.column))
        (found,) = ask(Max(value) if self.reference == "max_in_data" else Min(value))
        return Reference(value=None if found is None else found.isoformat())

    def exprs(self, learned: Reference) -> Iterator[pl.Expr]:
        dtype = self._type()
        value = moment(self.column, self.dtype(self.column))
        if learned.value is None:
            yield (
                pl.when(value.is_null()).then(None).cast(pl.Int64 if self.whole else pl.Float64).alias(self.new_column)
            )
            return
        reference = literal(typed(learned.value, dtype), dtype)
        if self.unit in MONTHS:
            value, reference = clock(value, dtype), clock(reference, dtype)
        start, end = (value, reference) if self.direction == "until" else (reference, value)
        yield elapsed(start, end, self.unit, whole=self.whole).alias(self.new_column)


class DurationConvert(RowTransform):
    """Turn durations into numbers of seconds, minutes, hours, days or weeks."""

    id = "duration_convert"
    title = "Duration to number"
    terms = ("duration to number", "total seconds", "timedelta", "hours from duration", "interval")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={"column": "took", "to": "hour"},
            before={"took": [timedelta(hours=1, minutes=30), timedelta(minutes=-30), None]},
            after={"took": [1.5, -0.5, None]},
        ),
        Example(
            params={"column": "took", "to": "day", "whole": True, "output": "days"},
            before={"took": [timedelta(hours=47), timedelta(hours=-47), None]},
            after={"took": [timedelta(hours=47), timedelta(hours=-47), None], "days": [1, -1, None]},
        ),
    )

    column: Annotated[str, ColumnField(("temporal",))]
    """Column of durations."""
    to: SpanUnit = "second"
    """What is counted; a day is 24 hours."""
    whole: bool = False
    """Count completed units only, as whole numbers; or parts of them too."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])
        dtype = self.dtype(self.column)
        if dtype not in (pl.Duration, pl.Null):
            found = f"Column {self.column!r} holds {type_name(dtype)} values, which are no durations."
            yield Problem(found, "Choose a column of durations, or parse one first.", "column")

    def exprs(self) -> Iterator[pl.Expr]:
        passed = exactly(self.column).cast(pl.Duration("us")).dt.total_microseconds()
        length = MICROSECONDS[self.to]
        found = passed.sign() * (passed.abs() // length) if self.whole else quotient(passed, length)
        yield found.alias(self.output or self.column)


TRANSFORMS: tuple[type[Transform], ...] = (AgeFromBirthdate, DaysSinceReference, DurationConvert)
