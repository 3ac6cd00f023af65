"""Dates read off text whose format the data tell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

import polars as pl
from pydantic import model_validator

from transforms.core.errors import StepError
from transforms.core.params import Share
from transforms.core.statistics import Ask, CountWhere, Min
from transforms.core.transform import Example, FittedTransform, Learned, Transform
from transforms.date_parse import DateReader, with_pivot, with_zone

YEAR_FIRST_OR_NAMED = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d %b %Y",
    "%b %d %Y",
    "%Y %b %d",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%d %b %y",
    "%d-%b-%y",
)
"""Formats in which day and month cannot be mistaken for each other."""
DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
DOTTED = ("%d.%m.%Y", "%d.%m.%y")
"""With dots the day comes first in every locale of the Unicode CLDR that writes the day before the year."""
DOTTED_MONTH_FIRST = ("%m.%d.%Y", "%m.%d.%y")
MOST_FORMATS = 5
"""A column that is written in more ways than this is no column of dates."""

CLOCK = (
    r"(?:T|,?\s+(?:at\s+)?)([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,9}))?)?"
    r"(?:\s*([AP])\.?M\.?)?\s*(?:(Z|UTC|GMT)|([+-])([0-9]{2}):?([0-9]{2}))?"
)
WHOLE = rf"(?i)^\s*(.*?)(?:{CLOCK})?\s*$"
WEEKDAY = r"(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?\s*"

Order = Literal["day_first", "month_first"]


class DateFormats(Learned):
    """The formats in which the dates of each column are written."""

    formats: dict[str, list[str]]
    """Formats of the date (strftime) by column, in the order in which they are tried; a time of day may follow."""


class WrittenDate:
    """A text taken apart into a date and a time of day."""

    def __init__(self, text: pl.Expr, pivot: int) -> None:
        """Take a text, and the last year of two digits that is in the 2000s."""
        self._parts = text.str.extract_groups(WHOLE)
        self._pivot = pivot

    def _part(self, i: int) -> pl.Expr:
        return self._parts.struct.field(str(i))

    def date(self, format: str) -> pl.Expr:
        """The date, if it is written in the format; names of weekdays are skipped, and of months may be short."""
        text = self._part(1).str.replace(WEEKDAY, "").str.replace(r"(?i)\b([0-9]{1,2})(?:st|nd|rd|th)\b", "${1}")
        text = text.str.replace(r"(?i)\bsept\b", "Sep").str.replace(r"([A-Za-z])\.", "${1}")
        text = text.str.replace_all(r"[,'’]|\bof\b", " ").str.replace_all(r"\s+", " ").str.strip_chars()
        # A year has as many digits as the format says; the engine would also read fewer.
        digits = r"\b[0-9]{4}|[0-9]{8}" if "%Y" in format else r"[0-9]{1,2}"
        read = pl.when(text.str.contains(digits)).then(text).str.to_date(format, strict=False)
        return with_pivot(read, self._pivot) if "%y" in format else pl.when(read.dt.year() >= 100).then(read)

    def time(self) -> pl.Expr:
        """What to add to midnight, offset taken off; null where the time of day is impossible."""
        hour, minute, second = (self._part(i).cast(pl.Int64).fill_null(0) for i in (2, 3, 4))
        micros = self._part(5).str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
        half = self._part(6).str.to_lowercase()
        of_twelve = hour % 12 + pl.when(half == "p").then(12).otherwise(0)
        hour = (
            pl.when(half.is_null() & (hour <= 23))
            .then(hour)
            .when(half.is_not_null() & hour.is_between(1, 12))
            .then(of_twelve)
        )
        away = self._part(9).cast(pl.Int64) * 60 + self._part(10).cast(pl.Int64)
        away = pl.when(self._part(8) == "-").then(-away).otherwise(away).fill_null(0)
        seconds = (hour * 60 + minute - away) * 60 + second
        return pl.duration(microseconds=seconds * 1_000_000 + micros, time_unit="us")

    def has_offset(self) -> pl.Expr:
        """Whether the time says where on earth it is meant."""
        return self._part(7).is_not_null() | self._part(8).is_not_null()


class ParseDateAuto(DateReader, FittedTransform):
    """Read dates off text whose format is found in the data, the same for the whole column."""

    id = "parse_date_auto"
    title = "Parse dates, format found"
    terms = ("guess date format", "infer datetime", "text to date", "mixed dates", "day first")
    missing = "Missing values stay missing, and blank text becomes missing."
    unseen = "New values are read in the learned formats; those written otherwise are lost, and counted."
    examples = (
        Example(
            params={"columns": ["paid"], "type": "date"},
            # Only the thirteenth tells that the day comes first.
            before={"paid": ["03/04/2024", "13/04/2024", None, ""]},
            after={"paid": [date(2024, 4, 3), date(2024, 4, 13), None, None]},
        ),
        Example(
            params={"columns": ["at"], "order": "month_first"},
            before={"at": ["3/4/24 1:30 PM", "Jan 3rd, 2024", None]},
            after={"at": [datetime(2024, 3, 4, 13, 30), datetime(2024, 1, 3), None]},
        ),
    )

    order: Literal["auto", "day_first", "month_first"] = "auto"
    """Whether 03/04/2024 is in April or in March; by default the data have to tell, by a day after the twelfth."""
    type: Literal["date", "datetime"] = "datetime"
    """What to make: dates, whose time of day is dropped, or dates with a time of day."""
    min_share: Share = 0.9
    """Refuse a column of which less than this share of the values present can be read."""

    @model_validator(mode="after")
    def _only_datetimes_have_a_zone(self) -> Self:
        if self.timezone is not None and self.type != "datetime":
            raise ValueError(f"A {self.type} has no time zone. Choose the type datetime, or no time zone.")
        return self

    def made(self) -> pl.DataType:
        return pl.Datetime("us", self.timezone) if self.type == "datetime" else pl.Date()

    def fit(self, ask: Ask) -> DateFormats:
        return DateFormats(formats={name: self._formats(name, ask) for name in self.columns})

    def _formats(self, name: str, ask: Ask) -> list[str]:
        """The formats of one column: each time the one that reads most of what is left."""
        candidates = self._candidates(name, ask)
        chosen: list[str] = []
        (left,) = ask(CountWhere(self._unread(name, [])))
        present = left
        while left and candidates and len(chosen) < MOST_FORMATS:
            unread = self._unread(name, chosen)
            written = self._written(name)
            counts = ask(*(CountWhere(unread & written.date(each).is_not_null()) for each in candidates))
            best = max(range(len(candidates)), key=counts.__getitem__)
            if not counts[best]:
                break
            chosen.append(candidates[best])
            left -= counts[best]
            candidates = [each for each, count in zip(candidates, counts, strict=True) if count and each not in chosen]
        if present and (present - left) / present < self.min_share:
            self._refuse(name, present - left, present, chosen, ask)
        return chosen

    def _candidates(self, name: str, ask: Ask) -> list[str]:
        order = self.order if self.order != "auto" else self._order(name, ask)
        numeric = {"day_first": (*DAY_FIRST, *DOTTED), "month_first": MONTH_FIRST}[order]
        # Day and month with dots are not in doubt unless someone says so.
        dotted = DOTTED_MONTH_FIRST if self.order == "month_first" else DOTTED
        return list(dict.fromkeys((*YEAR_FIRST_OR_NAMED, *numeric, *dotted)))

    def _order(self, name: str, ask: Ask) -> Order:
        """Which of day and month comes first, by the values that only one of the two can read."""
        written = self._written(name)
        day, month = (
            pl.any_horizontal(written.date(each).is_not_null() for each in formats)
            for formats in (DAY_FIRST, MONTH_FIRST)
        )
        only_day, only_month, both = ask(CountWhere(day & ~month), CountWhere(month & ~day), CountWhere(day & month))
        if both and only_day == only_month:
            (shown,) = ask(Min(pl.when(day & month).then(self.text(name))))
            raise StepError(
                f"Column {name!r} holds dates such as {shown!r}, which can be read day first or month first, and the "
                "other values do not tell which. Choose the order."
            )
        return "day_first" if only_day >= only_month else "month_first"

    def _refuse(self, name: str, read: int, present: int, chosen: list[str], ask: Ask) -> None:
        (shown,) = ask(Min(pl.when(self._unread(name, chosen)).then(self.text(name))))
        formats = f" (in {' and '.join(chosen)})" if chosen else ""
        raise StepError(
            f"Only {read:,} of the {present:,} values of column {name!r} can be read as dates{formats}, which is less "
            f"than the share of {self.min_share:g} asked for; one that cannot is {shown!r}. Name the formats in the "
            "step that parses dates, or lower the share."
        )

    def _written(self, name: str) -> WrittenDate:
        return WrittenDate(self.text(name), self.two_digit_pivot)

    def _unread(self, name: str, formats: list[str]) -> pl.Expr:
        return self._lost(name, self._read(name, formats))

    def _read(self, name: str, formats: list[str]) -> pl.Expr:
        written = self._written(name)
        if not formats:
            return pl.lit(None, self.made())
        day = pl.coalesce(written.date(each) for each in formats)
        read = day.cast(pl.Datetime("us")) + written.time()
        if self.type == "date":
            return pl.when(read.is_not_null()).then(day)
        return with_zone(read, self.timezone, written.has_offset())

    def reads(self, learned: DateFormats | None) -> dict[str, pl.Expr]:
        formats = learned.formats if learned else {}
        return {name: self._read(name, formats[name]) for name in self.columns if name in formats}


TRANSFORMS: tuple[type[Transform], ...] = (ParseDateAuto,)
