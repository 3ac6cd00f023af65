"""Dates read off text whose format the data tell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

import polars as pl
from pydantic import model_validator

from transforms.core.errors import StepError
from transforms.core.params import Share
from transforms.core.statistics import Ask, CountWhere, Min, Rows, ValueCounts
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

SAMPLED = 2_000
"""So many rows tell which formats are tried on all of them."""

CLOCK = (
    r"(?:[Tt]|,?\s+(?:at\s+)?)([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,9}))?)?"
    r"(?:\s*([AaPp])\.?[Mm]\.?)?\s*(?:(Z|UTC|GMT)|([+-])([0-9]{2}):?([0-9]{2}))?\s*$"
)
WEEKDAY = r"(?i)^\s*(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?\s*"
MONTH = (
    r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b\.?"
)
ORDINAL = r"([0-9])(?:st|nd|rd|th|ST|ND|RD|TH)\b"

Order = Literal["day_first", "month_first"]


class DateFormats(Learned):
    """The formats in which the dates of each column are written."""

    formats: dict[str, list[str]]
    """Formats of the date (strftime) by column, in the order in which they are tried; a time of day may follow."""


def date_text(text: pl.Expr) -> pl.Expr:
    """A text without time of day, weekday, ordinal endings and stray signs, and with three letters of a month."""
    text = text.str.replace(CLOCK, "").str.replace(WEEKDAY, "").str.replace(ORDINAL, "${1}")
    text = text.str.replace(MONTH, "${1}")
    return text.str.replace_all(r"[,'’\s]+", " ").str.strip_chars()


def dated(text: pl.Expr, format: str, pivot: int) -> pl.Expr:
    """The date that a text, by :func:`date_text`, is in a format; null where it is written otherwise."""
    # A year has as many digits as the format says; the engine would also read fewer.
    digits = r"\b[0-9]{4}|[0-9]{8}" if "%Y" in format else r"[0-9]{1,2}"
    read = pl.when(text.str.contains(digits)).then(text).str.to_date(format, strict=False)
    return with_pivot(read, pivot) if "%y" in format else pl.when(read.dt.year() >= 100).then(read)


def time_of_day(clock: pl.Expr) -> pl.Expr:
    """What to add to midnight, offset taken off, by the groups of :data:`CLOCK`; null where there is no such time."""
    hour, minute, second = (clock.struct.field(each).cast(pl.Int64).fill_null(0) for each in "123")
    micros = clock.struct.field("4").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    half = clock.struct.field("5").str.to_lowercase()
    of_twelve = hour % 12 + pl.when(half == "p").then(12).otherwise(0)
    right = pl.when(half.is_null(), hour <= 23).then(hour).when(half.is_not_null(), hour.is_between(1, 12))
    away = clock.struct.field("8").cast(pl.Int64) * 60 + clock.struct.field("9").cast(pl.Int64)
    away = pl.when(clock.struct.field("7") == "-").then(-away).otherwise(away).fill_null(0)
    seconds = (right.then(of_twelve) * 60 + minute - away) * 60 + second
    return pl.duration(microseconds=seconds * 1_000_000 + micros, time_unit="us")


def read_moment(text: pl.Expr, formats: list[str], pivot: int, zone: str | None) -> pl.Expr:
    """Texts as datetimes: the date by the first of the formats that reads it, and a time of day where there is one."""
    # In a struct, each part of the text is found once, however often it is looked at.
    clock = text.str.extract(f"({CLOCK})").str.extract_groups(f"^{CLOCK}")
    parts = pl.struct(date_text(text).alias("text"), clock.alias("clock"))
    day = pl.coalesce(dated(pl.field("text"), each, pivot) for each in formats)
    read = parts.struct.with_fields((day.cast(pl.Datetime("us")) + time_of_day(pl.field("clock"))).alias("read"))
    named, signed = (pl.field("clock").struct.field(each).is_not_null() for each in "67")
    return read.struct.with_fields(with_zone(pl.field("read"), zone, named | signed).alias("read")).struct.field("read")


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
            counts = ask(*(CountWhere(self._unread(name, chosen) & self._dated(name, each)) for each in candidates))
            best = max(range(len(candidates)), key=counts.__getitem__)
            if not counts[best]:
                break
            chosen.append(candidates[best])
            (left,) = ask(CountWhere(self._unread(name, chosen)))
            candidates = [each for each, count in zip(candidates, counts, strict=True) if count and each not in chosen]
        if present and (present - left) / present < self.min_share:
            self._refuse(name, present - left, present, chosen, ask)
        return chosen

    def _candidates(self, name: str, ask: Ask) -> list[str]:
        """The formats that read some row of a sample, and agree on which of day and month comes first."""
        (sample,) = ask(Rows((name,), SAMPLED))
        every = (*YEAR_FIRST_OR_NAMED, *DAY_FIRST, *MONTH_FIRST, *DOTTED, *DOTTED_MONTH_FIRST)
        found = sample.select(self._dated(name, each).any().alias(each) for each in every).row(0, named=True)
        order = self.order
        if order == "auto":
            pairs = [
                (day, month) for day, month in zip(DAY_FIRST, MONTH_FIRST, strict=True) if found[day] or found[month]
            ]
            order = self._order(name, pairs, ask) if pairs else "day_first"
        first = DAY_FIRST if order == "day_first" else MONTH_FIRST
        # Day and month with dots are not in doubt unless someone says so.
        dotted = DOTTED_MONTH_FIRST if self.order == "month_first" else DOTTED
        return [each for each in (*YEAR_FIRST_OR_NAMED, *first, *dotted) if found[each]]

    def _order(self, name: str, pairs: list[tuple[str, str]], ask: Ask) -> Order:
        """Which of day and month comes first, by the values that only one of the two can read."""
        texts = pl.struct(date_text(self.text(name)).alias("text"))
        day, month = (
            pl.any_horizontal(dated(pl.field("text"), each, self.two_digit_pivot).is_not_null() for each in formats)
            for formats in zip(*pairs, strict=True)
        )
        reads = texts.struct.with_fields(day.alias("day"), month.alias("month"))
        which = reads.struct.with_fields(
            pl.when(pl.field("day"), pl.field("month"))
            .then(pl.lit("both"))
            .when(pl.field("day"))
            .then(pl.lit("day"))
            .when(pl.field("month"))
            .then(pl.lit("month"))
            .alias("which")
        ).struct.field("which")
        (counts,) = ask(ValueCounts(which))
        only_day, only_month, both = (counts.get(each, 0) for each in ("day", "month", "both"))
        decided, against = only_day + only_month, min(only_day, only_month)
        if decided and against <= decided * (1 - self.min_share):
            return "day_first" if only_day > only_month else "month_first"
        if not decided and not both:
            return "day_first"
        (shown,) = ask(Min(pl.when(which == ("both" if both else "day")).then(self.text(name))))
        why = (
            f"{only_day:,} other values are day first and {only_month:,} month first"
            if decided
            else "no value tells which"
        )
        raise StepError(
            f"Column {name!r} holds dates such as {shown!r}, which may be day first or month first, and {why}. "
            "Choose the order."
        )

    def _refuse(self, name: str, read: int, present: int, chosen: list[str], ask: Ask) -> None:
        (shown,) = ask(Min(pl.when(self._unread(name, chosen)).then(self.text(name))))
        formats = f" (in {' and '.join(chosen)})" if chosen else ""
        raise StepError(
            f"Only {read:,} of the {present:,} values of column {name!r} can be read as dates{formats}, which is less "
            f"than the share of {self.min_share:g} asked for; one that cannot is {shown!r}. Name the formats in the "
            "step that parses dates, or lower the share."
        )

    def _dated(self, name: str, format: str) -> pl.Expr:
        return dated(date_text(self.text(name)), format, self.two_digit_pivot).is_not_null()

    def _unread(self, name: str, formats: list[str]) -> pl.Expr:
        return self._lost(name, self._read(name, formats))

    def _read(self, name: str, formats: list[str]) -> pl.Expr:
        if not formats:
            return pl.lit(None, self.made())
        text = self.text(name)
        if self.type == "datetime":
            return read_moment(text, formats, self.two_digit_pivot, self.timezone)
        day = pl.coalesce(dated(date_text(text), each, self.two_digit_pivot) for each in formats)
        return pl.when(read_moment(text, formats, self.two_digit_pivot, None).is_not_null()).then(day)

    def reads(self, learned: DateFormats | None) -> dict[str, pl.Expr]:
        formats = learned.formats if learned else {}
        return {name: self._read(name, formats[name]) for name in self.columns if name in formats}


TRANSFORMS: tuple[type[Transform], ...] = (ParseDateAuto,)
