"""Where a date stands in the calendar: fiscal periods, first and last days, the length of its month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, assert_never

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.transform import Example, RowTransform, Transform
from transforms.date_parts import PartsOfDates, each_once, part_of

FiscalPart = Literal["year", "quarter", "month"]


class FiscalPeriod(PartsOfDates, RowTransform):
    """Make columns of the fiscal year, quarter and month of dates."""

    id = "fiscal_period"
    title = "Fiscal year and quarter"
    terms = ("financial year", "tax year", "fiscal quarter", "accounting period", "budget year")
    missing = "Where the date is missing, so are the new columns."
    examples = (
        Example(
            params={"columns": ["paid"]},
            before={"paid": [date(2024, 3, 31), date(2024, 4, 1), None]},
            after={
                "paid": [date(2024, 3, 31), date(2024, 4, 1), None],
                "paid_fiscal_year": [2024, 2025, None],
                "paid_fiscal_quarter": [4, 1, None],
            },
        ),
        Example(
            params={"columns": ["at"], "first_month": 10, "parts": ["year", "month"], "label_year_by": "start"},
            before={"at": [datetime(2024, 9, 30, 23), datetime(2024, 10, 1), None]},
            after={
                "at": [datetime(2024, 9, 30, 23), datetime(2024, 10, 1), None],
                "at_fiscal_year": [2023, 2024, None],
                "at_fiscal_month": [12, 1, None],
            },
        ),
    )

    first_month: int = Field(4, ge=1, le=12)
    """The month in which the fiscal year begins, on the first: 4 is April."""
    parts: Annotated[tuple[FiscalPart, ...], AfterValidator(each_once)] = Field(("year", "quarter"), min_length=1)
    """What to add, each into a column named after the date and the part; quarters and months count from 1."""
    label_year_by: Literal["end", "start"] = "end"
    """Name a fiscal year by the calendar year in which it ends, or by the one in which it starts."""

    def named(self) -> dict[str, pl.Expr]:
        return {
            f"{name}_fiscal_{part}": self._part(self.wall(name), part) for name in self.columns for part in self.parts
        }

    def _part(self, wall: pl.Expr, part: FiscalPart) -> pl.Expr:
        month = part_of(wall, "month")
        match part:
            case "year":
                starts = part_of(wall, "year") - (month < self.first_month).cast(pl.Int64)
                later = self.label_year_by == "end" and self.first_month > 1
                return starts + 1 if later else starts
            case "quarter":
                return (month - self.first_month) % 12 // 3 + 1
            case "month":
                return (month - self.first_month) % 12 + 1


Flag = Literal[
    "weekend", "month_start", "month_end", "quarter_start", "quarter_end", "year_start", "year_end", "leap_year"
]


class DateFlags(PartsOfDates, RowTransform):
    """Mark dates that are on a weekend, or the first or last day of a month, quarter or year."""

    id = "date_flags"
    title = "Calendar flags"
    terms = ("is weekend", "is month end", "first day of month", "last day", "leap year", "quarter end")
    missing = "Where the date is missing, so are its marks."
    examples = (
        Example(
            params={"columns": ["paid"], "flags": ["weekend", "month_end"]},
            before={"paid": [date(2024, 2, 29), date(2024, 3, 2), None]},
            after={
                "paid": [date(2024, 2, 29), date(2024, 3, 2), None],
                "paid_is_weekend": [False, True, None],
                "paid_is_month_end": [True, False, None],
            },
        ),
        Example(
            params={"columns": ["at"], "flags": ["quarter_start", "leap_year"]},
            before={"at": [datetime(2023, 4, 1, 12), datetime(2024, 3, 1), None]},
            after={
                "at": [datetime(2023, 4, 1, 12), datetime(2024, 3, 1), None],
                "at_is_quarter_start": [True, False, None],
                "at_is_leap_year": [False, True, None],
            },
        ),
    )

    flags: Annotated[tuple[Flag, ...], AfterValidator(each_once)] = Field(("weekend",), min_length=1)
    """What to mark, each in a column of its own; a weekend is Saturday and Sunday."""

    def named(self) -> dict[str, pl.Expr]:
        return {f"{name}_is_{flag}": flag_of(self.wall(name), flag) for name in self.columns for flag in self.flags}


def flag_of(wall: pl.Expr, flag: Flag) -> pl.Expr:
    """Whether datetimes without a zone have a mark of the calendar."""
    month, first, last = wall.dt.month(), wall.dt.day() == 1, wall.dt.day() == wall.dt.days_in_month()
    match flag:
        case "weekend":
            return wall.dt.weekday() >= 6
        case "month_start":
            return first
        case "month_end":
            return last
        case "quarter_start":
            return first & (month % 3 == 1)
        case "quarter_end":
            return last & (month % 3 == 0)
        case "year_start":
            return first & (month == 1)
        case "year_end":
            return last & (month == 12)
        case "leap_year":
            return wall.dt.is_leap_year()
        case _:
            assert_never(flag)


class DaysInMonth(PartsOfDates, RowTransform):
    """Make a column of how many days the month of each date has."""

    id = "days_in_month"
    title = "Days in month"
    terms = ("length of month", "month length", "28 29 30 31")
    missing = "Where the date is missing, so is the number."
    examples = (
        Example(
            params={"columns": ["day"]},
            before={"day": [date(2023, 2, 14), date(2024, 2, 14), None]},
            after={"day": [date(2023, 2, 14), date(2024, 2, 14), None], "day_days_in_month": [28, 29, None]},
        ),
    )

    def named(self) -> dict[str, pl.Expr]:
        return {f"{name}_days_in_month": self.wall(name).dt.days_in_month().cast(pl.Int64) for name in self.columns}


TRANSFORMS: tuple[type[Transform], ...] = (FiscalPeriod, DateFlags, DaysInMonth)
