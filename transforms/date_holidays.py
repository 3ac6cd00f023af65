"""Public holidays of countries, as the package ``holidays`` knows them.

A step looks them up once, when it is fitted, for the years of the data and :data:`AHEAD` years on; what it keeps
is plain dates and names, so that workers need no package and a later release changes nothing by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem, did_you_mean
from transforms.core.statistics import Ask, Max, Min
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.date_parts import each_once
from transforms.date_units import clock, moment

AHEAD = 10
"""Years after the last of the data for which holidays are looked up too."""
ENGLISH = ("en_US", "en_GB", "en")

Country = Annotated[str, Field(pattern="^[A-Z]{2,3}$")]
"""A code of ISO 3166-1: NO, US, DE."""
Language = Literal["english", "local"]


class HolidayCalendar(Learned):
    """The holidays of some years."""

    names: dict[str, str]
    """Name by date, ISO text."""
    first_year: int | None
    """The first year looked up; none where no country was asked for, or the data had no dates."""
    last_year: int | None
    """The last one."""

    def days(self) -> list[date]:
        """The holidays in order."""
        return sorted(map(date.fromisoformat, self.names))

    def known(self, day: pl.Expr) -> pl.Expr:
        """Whether a date is in the years looked up."""
        if self.first_year is None or self.last_year is None:
            return pl.lit(False)
        return day.dt.year().is_between(self.first_year, self.last_year)

    @property
    def lost(self) -> str:
        """Why a date outside these years gets no result."""
        years = f"{self.first_year} to {self.last_year} only" if self.first_year else "no year, as there were no dates"
        return f"became missing: holidays were looked up for {years}"


NO_CALENDAR = HolidayCalendar(names={}, first_year=None, last_year=None)


def calendar_of(
    country: str, subdivision: str | None, days: list[pl.Expr], ask: Ask, language: Language = "english"
) -> HolidayCalendar:
    """The holidays of a country in the years of some columns and those after them."""
    from holidays import country_holidays

    ends = [each for each in ask(*(kind(day) for day in days for kind in (Min, Max))) if each is not None]
    if not ends:
        return NO_CALENDAR
    known = country_holidays(country, subdiv=subdivision)
    first, last = max(min(ends).year, known.start_year), min(max(ends).year + AHEAD, known.end_year)
    english = next((each for each in ENGLISH if each in known.supported_languages), None)
    spoken = english if language == "english" and english else known.default_language
    found = country_holidays(country, subdiv=subdivision, years=range(first, last + 1), language=spoken)
    names = {day.isoformat(): name for day, name in sorted(found.items()) if first <= day.year <= last}
    return HolidayCalendar(names=names, first_year=first, last_year=last)


def country_problems(country: str | None, subdivision: str | None) -> Iterator[Problem]:
    """What is wrong with a country and a part of it."""
    if country is None:
        if subdivision is not None:
            yield Problem(f"{subdivision!r} is part of no country.", "Choose the country too.", "country")
        return
    missing = package_problems("holidays", "country", "Looking up the holidays of a country")
    yield from missing
    if missing:
        return
    from holidays import list_supported_countries

    known = list_supported_countries()
    if country not in known:
        yield Problem(f"No holidays are known for the country {country!r}.", "Use a code like NO, US or DE.", "country")
    elif subdivision is not None and subdivision not in known[country]:
        parts = ", ".join(known[country]) or "none"
        advice = did_you_mean(subdivision, known[country]) or f"Known parts: {parts}."
        yield Problem(f"{subdivision!r} is no part of {country} with holidays of its own.", advice, "subdivision")


def day_of(column: str, dtype: pl.DataType) -> pl.Expr:
    """The dates that a column shows, in its own time zone."""
    return clock(moment(column, dtype), dtype).dt.date()


HolidayPart = Literal["flag", "name", "days_to_next"]
ENDINGS: dict[HolidayPart, str] = {
    "flag": "is_holiday",
    "name": "holiday_name",
    "days_to_next": "days_to_holiday",
}
TYPES: dict[HolidayPart, pl.DataType] = {"flag": pl.Boolean(), "name": pl.String(), "days_to_next": pl.Int64()}


class HolidayFlag(FittedTransform):
    """Mark dates that are public holidays of a country, and name them."""

    id = "holiday_flag"
    title = "Holiday flag and name"
    terms = ("public holiday", "bank holiday", "christmas", "days to holiday", "special days")
    missing = "Where the date is missing, so are the new columns; dates that are no holiday have no name."
    unseen = (
        f"Holidays are known for the years of the data the step was fitted on and {AHEAD} years after; dates outside "
        "get missing values and are counted."
    )
    examples = (
        Example(
            params={"column": "day", "country": "NO", "parts": ["flag", "name", "days_to_next"]},
            before={"day": [date(2024, 5, 17), date(2024, 12, 24), None]},
            after={
                "day": [date(2024, 5, 17), date(2024, 12, 24), None],
                "day_is_holiday": [True, False, None],
                "day_holiday_name": ["Constitution Day", None, None],
                "day_days_to_holiday": [0, 1, None],
            },
        ),
    )

    column: TemporalColumn
    """Column of dates; datetimes show the date in their time zone."""
    country: Country
    """Country, by its code: NO, US, DE."""
    subdivision: str | None = None
    """Part of the country with holidays of its own, by its code: CA for California in the US."""
    parts: Annotated[tuple[HolidayPart, ...], AfterValidator(each_once)] = Field(("flag",), min_length=1)
    """What to add: whether the date is a holiday, its name, or how many days it is to the next one, 0 on the day."""
    language: Language = "english"
    """Names in English where there are any, or in the language of the country."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from country_problems(self.country, self.subdivision)
        for part in self.parts:
            yield from taken(self._output(part), schemas[0], "parts")

    def _output(self, part: HolidayPart) -> str:
        return f"{self.column}_{ENDINGS[part]}"

    def _day(self) -> pl.Expr:
        return day_of(self.column, self.dtype(self.column))

    def fit(self, ask: Ask) -> HolidayCalendar:
        return calendar_of(self.country, self.subdivision, [self._day()], ask, self.language)

    def exprs(self, learned: HolidayCalendar) -> Iterator[pl.Expr]:
        day = pl.when(learned.known(self._day())).then(self._day())
        for part in self.parts:
            yield over_distinct(day, _looked_up(part, learned), TYPES[part]).alias(self._output(part))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            where = exactly(self.column).is_not_null() & ~learned.known(self._day())
            yield Failure(column=self.column, where=where, what=learned.lost)


def _looked_up(part: HolidayPart, learned: HolidayCalendar) -> Callable[[date], Any]:
    names = {date.fromisoformat(day): name for day, name in learned.names.items()}
    days = sorted(names)

    def days_to_next(day: date) -> int | None:
        place = bisect_left(days, day)
        return (days[place] - day).days if place < len(days) else None

    found: dict[HolidayPart, Callable[[date], Any]] = {
        "flag": names.__contains__,
        "name": names.get,
        "days_to_next": days_to_next,
    }
    return found[part]


TRANSFORMS: tuple[type[Transform], ...] = (HolidayFlag,)
