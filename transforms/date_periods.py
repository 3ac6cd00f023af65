"""Dates brought to an edge of their period: the nearest one, the first day, the last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.transform import Example, Failure, Transform
from transforms.date_units import (
    OUTSIDE,
    PERIODS,
    TIMES_OF_DAY,
    Unit,
    clock,
    moment,
    no_time_of_day,
    shifted,
    truncated,
)
from transforms.datetime import DateFunction


class PeriodEdge(DateFunction):
    """Takes dates to an edge of the period they are in."""

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, edge in zip(self.columns, self.exprs(), strict=True):
            where = moment(name, self.dtype(name)).is_not_null() & edge.is_null()
            yield Failure(column=name, where=where, what=OUTSIDE)


class RoundDate(PeriodEdge):
    """Take dates to the nearest start of a year, month, week, day, hour or other period."""

    id = "round_date"
    title = "Round date to nearest"
    terms = ("nearest hour", "nearest day", "round time", "round timestamp", "nearest quarter of an hour")
    examples = (
        Example(
            params={"columns": ["at"], "unit": "minute", "every": 15, "suffix": "_slot"},
            before={"at": [datetime(2024, 1, 31, 13, 37, 29), datetime(2024, 1, 31, 13, 37, 30), None]},
            after={
                "at": [datetime(2024, 1, 31, 13, 37, 29), datetime(2024, 1, 31, 13, 37, 30), None],
                "at_slot": [datetime(2024, 1, 31, 13, 30), datetime(2024, 1, 31, 13, 45), None],
            },
        ),
        Example(
            params={"columns": ["paid"], "unit": "month"},
            before={"paid": [date(2024, 2, 14), date(2024, 2, 16), None]},
            after={"paid": [date(2024, 2, 1), date(2024, 3, 1), None]},
        ),
    )

    unit: Unit = "hour"
    """What the periods last; weeks start on Monday. What is as near to both ends is taken to the later one."""
    every: int = Field(1, ge=1, le=1_000)
    """So many units make a period, counted from the start of 1970 (weeks from Monday, 5 January)."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.unit in TIMES_OF_DAY:
            yield from no_time_of_day(self.columns, schemas[0], self.unit, "unit")

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        start = truncated(value, dtype, self.unit, self.every)
        end = shifted(start, dtype, pl.lit(self.every, pl.Int64), self.unit)
        nearest = pl.when(value - start < end - value).then(start).otherwise(end)
        return nearest.cast(pl.Date) if dtype == pl.Date else nearest


class StartEndOfPeriod(PeriodEdge):
    """Take dates to the first or last day of their week, month, quarter or year."""

    id = "start_end_of_period"
    title = "Start or end of period"
    terms = ("month end", "eomonth", "last day of month", "quarter end", "year end", "first business day")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={"columns": ["paid"]},
            before={"paid": [date(2024, 2, 5), date(2023, 2, 28), None]},
            after={"paid": [date(2024, 2, 29), date(2023, 2, 28), None]},
        ),
        Example(
            params={"columns": ["at"], "period": "quarter", "business": True, "suffix": "_close"},
            before={"at": [datetime(2024, 5, 17, 13), None]},
            # 30 June 2024 is a Sunday.
            after={"at": [datetime(2024, 5, 17, 13), None], "at_close": [date(2024, 6, 28), None]},
        ),
    )

    period: Literal["week", "month", "quarter", "year"] = "month"
    """What the periods last; weeks go from Monday to Sunday."""
    edge: Literal["start", "end"] = "end"
    """Take the first day or the last; the result is a date, also of datetimes."""
    business: bool = False
    """Take the first or last day that is no Saturday or Sunday."""

    def function(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        start = clock(value, dtype).dt.truncate(f"1{PERIODS[self.period]}").dt.date()
        if self.edge == "start":
            day = start
        else:
            day = start.dt.offset_by(f"1{PERIODS[self.period]}").dt.offset_by("-1d")
        if self.business:
            day = day.dt.add_business_days(0, roll="forward" if self.edge == "start" else "backward")
        return pl.when(day.dt.year().is_between(1, 9999)).then(day)


TRANSFORMS: tuple[type[Transform], ...] = (RoundDate, StartEndOfPeriod)
