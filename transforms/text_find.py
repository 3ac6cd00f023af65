"""Find things in running text: numbers, dates, web and e-mail addresses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.stop_words import Language
from transforms.core.text import TextMeasure, package_problems
from transforms.core.transform import Example, Failure, Transform
from transforms.text_markup import EMAIL, URL

GROUPS = {",": ",", ".": r"\.", " ": "[ \u00a0\u2009\u202f]", "'": "['’]"}
"""What separates thousands: a blank of any width, an apostrophe straight or curved."""
Order = Literal["day_first", "month_first", "year_first"]


class Finding(TextMeasure):
    """Finds things of some kind in the text of a column; a member says which in :meth:`found`."""

    what: ClassVar[str]
    """What is looked for."""

    missing = "Missing values stay missing; text without any gives a missing value, or an empty list."

    how: Literal["one", "all"] = "one"
    """Take one of those that are found, or a list of all."""
    occurrence: int = 1
    """Which one: 1 is the first, 2 the second, -1 the last."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.occurrence == 0:
            raise ValueError("What is found counts from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    def found(self, text: pl.Expr) -> pl.Expr:
        """All that is found, a list for each text."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it finds.")

    def function(self, text: pl.Expr) -> pl.Expr:
        found = self.found(text)
        if self.how == "all":
            return found
        return found.list.get(self.occurrence - 1 if self.occurrence > 0 else self.occurrence, null_on_oob=True)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.how == "one":
            lost = self.text().is_not_null() & self.function(self.text()).is_null()
            what = f"have no {self.what} that could be taken: it is missing"
            yield Failure(column=self.column, where=lost, what=what)


class ExtractNumbers(Finding):
    """Find numbers in text."""

    id = "extract_numbers"
    title = "Extract numbers"
    terms = ("digits from text", "parse amounts", "numeric part", "quantity", "number in text")
    ending = "number"
    what = "number"
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["paid $1,234.50 of 2,000", "-3 °C", "none", None]},
            after={
                "note": ["paid $1,234.50 of 2,000", "-3 °C", "none", None],
                "note_number": [1234.5, -3.0, None, None],
            },
        ),
        Example(
            params={"column": "size", "how": "all", "decimal": ",", "thousands": ".", "output": "sizes"},
            before={"size": ["10-20 cm, AB-7", "1.000 x 2,5", "", None]},
            after={
                "size": ["10-20 cm, AB-7", "1.000 x 2,5", "", None],
                "sizes": [[10.0, 20.0, 7.0], [1000.0, 2.5], [], None],
            },
        ),
    )

    decimal: Literal[".", ","] = "."
    """What comes before the decimals: in English a point, in most of Europe a comma."""
    thousands: Literal[",", ".", " ", "'", ""] = ","
    """What separates thousands: comma (English), point (German), blank (French), apostrophe (Swiss) or nothing."""

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"{self.decimal!r} cannot separate both decimals and thousands. Change one of them.")
        return self

    def found(self, text: pl.Expr) -> pl.Expr:
        pattern = re.compile(self._pattern())

        def numbers(each: str) -> list[float]:
            found = (self._number(*match.groups()) for match in pattern.finditer(each))
            return [number for number in found if math.isfinite(number)]

        return over_distinct(text, numbers, pl.List(pl.Float64()))

    def _pattern(self) -> str:
        point, group = re.escape(self.decimal), GROUPS.get(self.thousands)
        grouped = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?![0-9])|" if group else ""
        # A dash behind a letter or a digit is no sign (AB-7, 10-20); a point behind a digit begins no number (1.2.3).
        sign = r"(?:(?<![\w)\]])([+\-−]))?"
        mantissa = rf"(?:({grouped}[0-9]+)({point}[0-9]+)?|()(?<![\w.,])({point}[0-9]+))"
        return rf"{sign}[$€£¥]?{mantissa}([eE][+-]?[0-9]{{1,3}}(?![0-9\w]))?"

    def _number(self, sign: str, whole: str, part: str, _: str, only_part: str, exponent: str) -> float:
        digits = re.sub(r"[^0-9]", "", whole or "0")
        fraction = (part or only_part or "")[1:]
        size = float(f"{digits}.{fraction or 0}{exponent or ''}")
        return -size if sign in ("-", "−") else size


class ExtractDates(Finding):
    """Find dates in text, written in digits or with the name of the month."""

    id = "extract_dates"
    title = "Extract dates from text"
    terms = ("date in text", "find dates", "dateparser", "parse dates from notes", "month names")
    ending = "date"
    what = "date"
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["due 03/04/2024, paid later", "on May 5th, 2024", "2024-02-31", "soon", None]},
            after={
                "note": ["due 03/04/2024, paid later", "on May 5th, 2024", "2024-02-31", "soon", None],
                "note_date": [date(2024, 4, 3), date(2024, 5, 5), None, None, None],
            },
        ),
        Example(
            params={"column": "note", "order": "month_first", "language": "de", "how": "all", "output": "days"},
            before={"note": ["3. März 2024 bis 4/30/24", "", None]},
            after={
                "note": ["3. März 2024 bis 4/30/24", "", None],
                "days": [[date(2024, 3, 3), date(2024, 4, 30)], [], None],
            },
        ),
    )

    order: Order = "day_first"
    """How 03/04/05 is read: always day first, month first or year first, and never by what would fit. A year of four
    digits may come first in any case."""
    language: Language = "en"
    """Language of the names of months."""
    two_digit_pivot: int = Field(68, ge=0, le=99)
    """Years of two digits up to this one are in the 2000s, later ones in the 1900s; 68 is what POSIX says."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("babel", "language", "Reading the names of months")

    def found(self, text: pl.Expr) -> pl.Expr:
        return over_distinct(text, self._dates, pl.List(pl.Date()))

    def _dates(self, text: str) -> list[date]:
        dates = map(self._date, date_pattern(self.order, self.language).finditer(text))
        return [each for each in dates if each is not None]

    def _date(self, found: re.Match[str]) -> date | None:
        parts = {name[0]: part for name, part in found.groupdict().items() if part is not None}
        month = month_numbers(self.language).get(parts["m"].lower()) or int(parts["m"])
        year = int(parts["y"])
        if len(parts["y"]) == 2:
            year += 2000 if year <= self.two_digit_pivot else 1900
        try:
            return date(year, month, int(parts["d"]))
        except ValueError:  # there is no such day
            return None


@cache
def month_numbers(language: Language) -> dict[str, int]:
    """Number of the month by its name and its short names, in small letters without a full stop."""
    from babel.dates import get_month_names

    found = {
        name.lower().rstrip("."): number
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, context, language).items()
    }
    return found | {"sept": 9} if language == "en" else found


@cache
def date_pattern(order: Order, language: Language) -> re.Pattern[str]:
    """Dates in text; the names of its groups begin with d, m and y."""
    names = "|".join(map(re.escape, sorted(month_numbers(language), key=len, reverse=True)))
    year = r"(?P<y{0}>[0-9]{{4}}|[0-9]{{2}})"
    numbers = {
        "day_first": rf"(?P<d1>[0-9]{{1,2}})([/.-])(?P<m1>[0-9]{{1,2}})\2{year.format(1)}",
        "month_first": rf"(?P<m1>[0-9]{{1,2}})([/.-])(?P<d1>[0-9]{{1,2}})\2{year.format(1)}",
        "year_first": r"(?P<y1>[0-9]{2})([/.-])(?P<m1>[0-9]{1,2})\2(?P<d1>[0-9]{1,2})",
    }[order]
    year_first = r"(?P<y2>[0-9]{4})(?P<s>[/.-])(?P<m2>[0-9]{1,2})(?P=s)(?P<d2>[0-9]{1,2})"
    of = r"\s*(?:of\s+|de\s+|del\s+|do\s+)?"
    ending = r"(?:st|nd|rd|th|er|\.|º|°)?"
    day_month = rf"(?P<d3>[0-9]{{1,2}}){ending}[\s-]?{of}(?P<m3>{names})\.?,?[\s-]?{of}{year.format(3)}"
    month_day = rf"(?<!\w)(?P<m4>{names})\.?\s*(?P<d4>[0-9]{{1,2}}){ending},?\s+(?P<y4>[0-9]{{4}})"
    either = f"{numbers}|{year_first}|{day_month}|{month_day}"
    return re.compile(rf"(?i)(?<![0-9])(?<![0-9][/.-])(?:{either})(?![0-9])(?![/.-][0-9])")


class ExtractEmails(Finding):
    """Find e-mail addresses in text."""

    id = "extract_emails"
    title = "Extract e-mail addresses"
    terms = ("mail address", "contact", "find emails", "e-mail from text")
    ending = "email"
    what = "e-mail address"
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["Write to Ann.Lee@x.co.uk.", "ann@home", None]},
            after={
                "note": ["Write to Ann.Lee@x.co.uk.", "ann@home", None],
                "note_email": ["Ann.Lee@x.co.uk", None, None],
            },
        ),
        Example(
            params={"column": "note", "how": "all", "output": "mails"},
            before={"note": ["<ann@x.org>; bo@y.org", "", None]},
            after={"note": ["<ann@x.org>; bo@y.org", "", None], "mails": [["ann@x.org", "bo@y.org"], [], None]},
        ),
    )

    def found(self, text: pl.Expr) -> pl.Expr:
        return text.str.extract_all(EMAIL)


class ExtractUrls(Finding):
    """Find web addresses in text: those with a scheme such as https, and those that begin with www."""

    id = "extract_urls"
    title = "Extract URLs"
    terms = ("links", "hyperlinks", "web addresses", "find urls", "http")
    ending = "url"
    what = "web address"
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["See https://x.org/a_(b)?c=1, please", "x.org", None]},
            after={
                "note": ["See https://x.org/a_(b)?c=1, please", "x.org", None],
                "note_url": ["https://x.org/a_(b)?c=1", None, None],
            },
        ),
        Example(
            params={"column": "note", "how": "all", "output": "links"},
            before={"note": ["(www.x.org) http://y.org.", "", None]},
            after={"note": ["(www.x.org) http://y.org.", "", None], "links": [["www.x.org", "http://y.org"], [], None]},
        ),
    )

    def found(self, text: pl.Expr) -> pl.Expr:
        return text.str.extract_all(URL)


TRANSFORMS: tuple[type[Transform], ...] = (ExtractNumbers, ExtractDates, ExtractEmails, ExtractUrls)
