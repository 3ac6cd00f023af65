"""Business days: which days they are, how many lie between two dates, and dates some of them away.

Days of the weekend and holidays are no business days. Nothing counts as a holiday unless it is listed, or a
country is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.core.columns import ColumnField, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask
from transforms.core.transform import Example, Failure, FittedTransform, Transform
from transforms.date_holidays import AHEAD, NO_CALENDAR, Country, HolidayCalendar, calendar_of, country_problems, day_of
from transforms.date_parts import each_once
from transforms.date_units import OUTSIDE, clock, in_zone, moment, sane, zone_of

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_DAYS = 2_700_000
"""More business days than the years 1 to 9999 have."""


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is no date. Write it like 2024-12-24.") from error


class BusinessCalendar(FittedTransform):
    """Knows which days are business days."""

    unseen = (
        f"Holidays of a country are known for the years of the data the step was fitted on and {AHEAD} years after; "
        "what needs others becomes missing and is counted."
    )

    weekend: Annotated[tuple[Weekday, ...], Field(max_length=6), AfterValidator(each_once)] = ("saturday", "sunday")
    """Days of the week that are no business days."""
    holidays: tuple[Annotated[str, AfterValidator(_iso_date)], ...] = ()
    """Dates that are no business days, ISO text, besides those of a country."""
    country: Country | None = None
    """Leave out the public holidays of this country, by its code: NO, US, DE."""
    subdivision: str | None = None
    """Part of the country with holidays of its own, by its code: CA for California in the US."""

    def dates(self) -> tuple[str, ...]:
        """The columns of dates whose years the holidays are needed for."""
        raise NotImplementedError(f"{type(self).__name__} does not say which dates it looks at.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from country_problems(self.country, self.subdivision)

    def fit(self, ask: Ask) -> HolidayCalendar:
        if self.country is None:
            return NO_CALENDAR
        return calendar_of(self.country, self.subdivision, [self.day(name) for name in self.dates()], ask)

    def day(self, name: str) -> pl.Expr:
        """The dates that a column shows."""
        return day_of(name, self.dtype(name))

    def known(self, day: pl.Expr, learned: HolidayCalendar) -> pl.Expr:
        """Whether all holidays around a date are known."""
        return pl.lit(True) if self.country is None else learned.known(day)

    def rules(self, learned: HolidayCalendar) -> tuple[Sequence[bool], list[date]]:
        """What polars calls the week mask, Monday first, and the holidays."""
        mask = [name not in self.weekend for name in WEEKDAYS]
        return mask, sorted({*learned.days(), *map(date.fromisoformat, self.holidays)})

    def unknown(self, learned: HolidayCalendar) -> Iterator[Failure]:
        """Dates outside the years of which the holidays are known."""
        for name in self.dates():
            where = exactly(name).is_not_null() & ~self.known(self.day(name), learned)
            yield Failure(column=name, where=where, what=learned.lost)


class IsBusinessDay(BusinessCalendar):
    """Mark dates that are business days: no weekend, no holiday."""

    id = "is_business_day"
    title = "Business day flag"
    terms = ("working day", "workday", "weekday flag", "trading day", "open day")
    missing = "Where the date is missing, so is the mark."
    examples = (
        Example(
            params={"column": "day", "holidays": ["2024-05-17"]},
            before={"day": [date(2024, 5, 16), date(2024, 5, 17), date(2024, 5, 18), None]},
            after={
                "day": [date(2024, 5, 16), date(2024, 5, 17), date(2024, 5, 18), None],
                "day_is_business_day": [True, False, False, None],
            },
        ),
        Example(
            params={"column": "at", "weekend": ["friday", "saturday"], "country": "US", "output": "open"},
            before={"at": [datetime(2024, 7, 4, 12), datetime(2024, 7, 5, 12), datetime(2024, 7, 7, 12), None]},
            after={
                "at": [datetime(2024, 7, 4, 12), datetime(2024, 7, 5, 12), datetime(2024, 7, 7, 12), None],
                "open": [False, False, True, None],
            },
        ),
    )

    column: TemporalColumn
    """Column of dates; datetimes show the date in their time zone."""
    output: NewColumn | None = None
    """Name of the new column; left empty, that of the column with ``_is_business_day`` behind it."""

    @property
    def new_column(self) -> str:
        """The name of the new column."""
        return self.output or f"{self.column}_is_business_day"

    def dates(self) -> tuple[str, ...]:
        return (self.column,)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from taken(self.new_column, schemas[0])

    def exprs(self, learned: HolidayCalendar) -> Iterator[pl.Expr]:
        mask, holidays = self.rules(learned)
        day = self.day(self.column)
        found = day.dt.is_business_day(week_mask=mask, holidays=holidays)
        yield pl.when(self.known(day, learned)).then(found).alias(self.new_column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        return self.unknown(learned) if learned is not None else iter(())


class BusinessDaysBetween(BusinessCalendar):
    """Count the business days from one date up to another, which is not counted itself."""

    id = "business_days_between"
    title = "Business days between dates"
    terms = ("networkdays", "workday", "working days", "busday_count", "weekdays between")
    missing = "Where a date is missing, so is the number."
    examples = (
        Example(
            params={"start": "ordered", "end": "sent"},
            before={
                "ordered": [date(2024, 1, 5), date(2024, 1, 8), None],
                "sent": [date(2024, 1, 9), date(2024, 1, 5), date(2024, 1, 8)],
            },
            after={
                "ordered": [date(2024, 1, 5), date(2024, 1, 8), None],
                "sent": [date(2024, 1, 9), date(2024, 1, 5), date(2024, 1, 8)],
                "business_days": [2, -1, None],
            },
        ),
        Example(
            params={"start": "a", "end": "b", "country": "NO", "output": "days"},
            before={"a": [date(2024, 5, 16), None], "b": [date(2024, 5, 21), date(2024, 5, 21)]},
            after={"a": [date(2024, 5, 16), None], "b": [date(2024, 5, 21), date(2024, 5, 21)], "days": [1, None]},
        ),
    )

    start: TemporalColumn
    """Column of the first dates, which are counted; the number is negative where they are later."""
    end: TemporalColumn
    """Column of the last dates, which are not counted."""
    output: NewColumn = "business_days"
    """Name of the new column."""

    def dates(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.start, self.end)))

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from taken(self.output, schemas[0])

    def exprs(self, learned: HolidayCalendar) -> Iterator[pl.Expr]:
        mask, holidays = self.rules(learned)
        start, end = (
            pl.when(self.known(self.day(name), learned)).then(self.day(name)) for name in (self.start, self.end)
        )
        count = pl.business_day_count(start, end, week_mask=mask, holidays=holidays)
        yield count.cast(pl.Int64).alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        return self.unknown(learned) if learned is not None else iter(())


class AddBusinessDays(BusinessCalendar):
    """Move dates forward or back by a number of business days."""

    id = "add_business_days"
    title = "Add business days"
    terms = ("workday", "working days", "due date", "settlement date", "busday_offset", "delivery date")
    missing = "Where the date or the number of days is missing, so is the result."
    examples = (
        Example(
            params={"column": "ordered", "days": 2, "output": "due"},
            before={"ordered": [date(2024, 1, 4), date(2024, 1, 6), None]},
            after={
                "ordered": [date(2024, 1, 4), date(2024, 1, 6), None],
                "due": [date(2024, 1, 8), date(2024, 1, 10), None],
            },
        ),
        Example(
            params={"column": "at", "days_column": "n", "holidays": ["2024-01-05"], "roll": "backward"},
            before={"at": [datetime(2024, 1, 4, 9), datetime(2024, 1, 6, 9), None], "n": [1, -1, 1]},
            after={"at": [datetime(2024, 1, 8, 9), datetime(2024, 1, 3, 9), None], "n": [1, -1, 1]},
        ),
    )

    column: TemporalColumn
    """Column of dates; datetimes keep their time of day."""
    days: int | None = Field(None, ge=-MOST_DAYS, le=MOST_DAYS)
    """How many business days to add; less than 0 to go back."""
    days_column: Annotated[str, ColumnField(("integer",))] | None = None
    """Column that says how many to add to each row, instead of one number for all."""
    roll: Literal["forward", "backward", "error"] = "forward"
    """Where a date is no business day itself, start from the next one, from the one before, or stop the run."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.days is None) == (self.days_column is None):
            raise ValueError("Give a number of days, or the column that holds it: one of the two.")
        return self

    def dates(self) -> tuple[str, ...]:
        return (self.column,)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])

    def _days(self) -> pl.Expr:
        return pl.lit(self.days, pl.Int64) if self.days_column is None else exactly(self.days_column).cast(pl.Int64)

    def _result(self, learned: HolidayCalendar) -> pl.Expr:
        (mask, holidays), dtype, days = self.rules(learned), self.dtype(self.column), self._days()
        start = pl.when(self.known(self.day(self.column), learned)).then(self.day(self.column))
        # Null is not rolled, and so many days cannot leave the range of the type.
        possible = pl.when(days.is_between(-MOST_DAYS, MOST_DAYS)).then(days)
        roll: Literal["forward", "backward"] = "backward" if self.roll == "backward" else "forward"
        moved = start.dt.add_business_days(possible, week_mask=mask, holidays=holidays, roll=roll)
        moved = pl.when(self.known(moved, learned)).then(moved)
        if self.roll == "error":
            moved = pl.when(start.dt.is_business_day(week_mask=mask, holidays=holidays)).then(moved)
        wall = clock(moment(self.column, dtype), dtype)
        result = in_zone(sane(wall + (moved - start)), zone_of(dtype))
        return result.cast(pl.Date) if dtype == pl.Date else result

    def exprs(self, learned: HolidayCalendar) -> Iterator[pl.Expr]:
        yield self._result(learned).alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is None:
            return
        yield from self.unknown(learned)
        day = self.day(self.column)
        present = exactly(self.column).is_not_null() & self._days().is_not_null() & self.known(day, learned)
        closed = pl.lit(False)
        if self.roll == "error":
            mask, holidays = self.rules(learned)
            closed = ~day.dt.is_business_day(week_mask=mask, holidays=holidays)
            yield Failure(column=self.column, where=closed, what="are no business days", stop=True)
        what = OUTSIDE if self.country is None else f"{OUTSIDE}, or those of which the holidays are known"
        yield Failure(column=self.column, where=present & ~closed & self._result(learned).is_null(), what=what)


TRANSFORMS: tuple[type[Transform], ...] = (IsBusinessDay, BusinessDaysBetween, AddBusinessDays)
