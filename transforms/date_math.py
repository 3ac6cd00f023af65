"""Reckoning with dates: adding time to them, and the time between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Self

import polars as pl
from pydantic import model_validator

from transforms.core.columns import ColumnField, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.date_units import (
    MONTHS,
    OUTSIDE,
    TIMES_OF_DAY,
    Unit,
    clock,
    elapsed,
    moment,
    shifted,
    zone_of,
)


class DateAdd(RowTransform):
    """Move dates forward or back by a number of days, months, hours or other units."""

    id = "date_add"
    title = "Add or subtract time"
    terms = ("dateadd", "add days", "add months", "subtract days", "shift date", "due date")
    missing = "Where the date or the amount is missing, so is the result."
    examples = (
        Example(
            params={"column": "paid", "amount": 1, "unit": "month", "output": "due"},
            before={"paid": [date(2024, 1, 31), date(2024, 2, 29), None]},
            after={
                "paid": [date(2024, 1, 31), date(2024, 2, 29), None],
                "due": [date(2024, 2, 29), date(2024, 3, 29), None],
            },
        ),
        Example(
            params={"column": "at", "amount_column": "hours", "unit": "hour"},
            before={"at": [datetime(2024, 1, 1), datetime(2024, 1, 1), None], "hours": [-1, None, 5]},
            after={"at": [datetime(2023, 12, 31, 23), None, None], "hours": [-1, None, 5]},
        ),
    )

    column: TemporalColumn
    """Column of dates."""
    amount: int | None = None
    """How much to add; less than 0 to go back."""
    amount_column: Annotated[str, ColumnField(("integer",))] | None = None
    """Column that says how much to add to each row, instead of one amount for all."""
    unit: Unit = "day"
    """What is counted.

    A day that the month does not have becomes its last day: a month after 31 January is 29 or 28 February.
    Hours, minutes and seconds make dates into datetimes.
    """
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.amount is None) == (self.amount_column is None):
            raise ValueError("Give an amount, or the column that holds it: one of the two.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])

    def _result(self) -> pl.Expr:
        dtype = self.dtype(self.column)
        amount = pl.lit(self.amount, pl.Int64) if self.amount_column is None else exactly(self.amount_column)
        result = shifted(moment(self.column, dtype), dtype, amount.cast(pl.Int64), self.unit)
        return result.cast(pl.Date) if dtype == pl.Date and self.unit not in TIMES_OF_DAY else result

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        needed = [self.column, *([self.amount_column] if self.amount_column else [])]
        present = pl.all_horizontal(exactly(name).is_not_null() for name in needed)
        yield Failure(column=self.column, where=present & self._result().is_null(), what=OUTSIDE)


class DateDifference(RowTransform):
    """Count the days, months, hours or other units between two dates."""

    id = "date_difference"
    title = "Difference between dates"
    terms = ("datediff", "days between", "months between", "elapsed time", "duration", "age")
    missing = "Where a date is missing, so is the difference."
    examples = (
        Example(
            params={"start": "ordered", "end": "paid", "output": "days"},
            before={
                "ordered": [date(2024, 1, 31), date(2024, 3, 1), None],
                "paid": [date(2024, 3, 1), date(2024, 2, 28), date(2024, 1, 1)],
            },
            after={
                "ordered": [date(2024, 1, 31), date(2024, 3, 1), None],
                "paid": [date(2024, 3, 1), date(2024, 2, 28), date(2024, 1, 1)],
                "days": [30, -2, None],
            },
        ),
        Example(
            params={"start": "born", "end": "at", "unit": "year", "output": "age"},
            before={
                "born": [date(1990, 5, 2), date(1990, 5, 2), None],
                "at": [datetime(2024, 5, 1, 23), datetime(2024, 5, 2), datetime(2024, 1, 1)],
            },
            after={
                "born": [date(1990, 5, 2), date(1990, 5, 2), None],
                "at": [datetime(2024, 5, 1, 23), datetime(2024, 5, 2), datetime(2024, 1, 1)],
                "age": [33, 34, None],
            },
        ),
        Example(
            params={"start": "a", "end": "b", "unit": "month", "whole": False},
            before={"a": [date(2024, 1, 1), None], "b": [date(2024, 2, 15), None]},
            after={"a": [date(2024, 1, 1), None], "b": [date(2024, 2, 15), None], "difference": [1 + 14 / 29, None]},
        ),
    )

    start: TemporalColumn
    """Column of the earlier dates; the difference is negative where they are later."""
    end: TemporalColumn
    """Column of the later dates."""
    unit: Unit = "day"
    """What is counted.

    Years, quarters and months by the calendar, in the time zone of the start; a week to a second by the
    time that passes, a day being 24 hours.
    """
    whole: bool = True
    """Count completed units only; or parts of them too, those of a month by the length of that month."""
    output: NewColumn = "difference"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        zoned = [name for name in (self.start, self.end) if zone_of(self.dtype(name)) is not None]
        if len(zoned) == 1 and pl.Null not in (self.dtype(self.start), self.dtype(self.end)):
            found = f"Column {zoned[0]!r} has a time zone and the other has none, so they cannot be compared."
            yield Problem(found, "Convert the time zone of one first.", "end")

    def exprs(self) -> Iterator[pl.Expr]:
        start, end = (self._moment(name) for name in (self.start, self.end))
        yield elapsed(start, end, self.unit, whole=self.whole).alias(self.output)

    def _moment(self, name: str) -> pl.Expr:
        """A column as datetimes, in the time zone of the start and without it where the calendar counts."""
        dtype, zone = self.dtype(name), zone_of(self.dtype(self.start))
        value = moment(name, dtype)
        if zone is None or zone_of(dtype) is None:
            return clock(value, dtype)
        value = value.dt.convert_time_zone(zone)
        return clock(value, dtype) if self.unit in MONTHS else value


TRANSFORMS: tuple[type[Transform], ...] = (DateAdd, DateDifference)
