"""Yes and no, and dates, written in one way whatever the words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import blank
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.date_guess import (
    DAY_FIRST,
    DOTTED,
    DOTTED_MONTH_FIRST,
    MONTH_FIRST,
    YEAR_FIRST_OR_NAMED,
    date_text,
    dated,
)
from transforms.date_units import DatePattern

Language = Literal["en", "de", "fr", "es", "it", "pt", "nl", "sv", "no", "da", "fi", "pl"]
WORDS: dict[Language, tuple[str, str]] = {
    "en": ("true t yes y on 1 ok enabled active", "false f no n off 0 disabled inactive"),
    "de": ("ja j wahr ein an aktiv", "nein n falsch aus inaktiv"),
    "fr": ("oui o vrai actif", "non n faux inactif"),
    "es": ("sí si s verdadero cierto activo", "no n falso inactivo"),
    "it": ("sì si s vero attivo", "no n falso inattivo"),
    "pt": ("sim s verdadeiro ativo", "não nao n falso inativo"),
    "nl": ("ja j waar aan actief", "nee neen n onwaar uit inactief"),
    "sv": ("ja j sant på aktiv", "nej n falskt av inaktiv"),
    "no": ("ja j sant på aktiv", "nei n usant av inaktiv"),
    "da": ("ja j sandt til aktiv", "nej n falsk fra inaktiv"),
    "fi": ("kyllä k tosi päällä", "ei e epätosi pois"),
    "pl": ("tak t prawda aktywny", "nie n fałsz nieaktywny"),
}
"""Words for true and for false; none means one in one language and the other in another."""


def _languages_differ(languages: tuple[Language, ...]) -> tuple[Language, ...]:
    twice = next((each for each in languages if languages.count(each) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is listed more than once.")
    return languages


class StandardizeBooleanWords(RowTransform):
    """Write yes and no in one way, whatever the words and the language."""

    id = "standardize_boolean_words"
    title = "Standardize yes/no words"
    terms = ("yes no", "true false", "ja nein", "oui non", "flag", "y n", "boolean")
    missing = "Missing values stay missing, and blank text becomes so; words that are neither do too, and are counted."
    examples = (
        Example(
            params={"column": "member", "languages": ["en", "de"]},
            before={"member": ["Yes", " nein", "1", "maybe", "", None]},
            after={"member": [True, False, True, None, None, None]},
        ),
        Example(
            params={"column": "member", "true_words": ["paid"], "false_words": ["due"], "written_as": "yes_no"},
            before={"member": ["PAID", "due", "N", None]},
            after={"member": ["yes", "no", "no", None]},
        ),
    )

    column: TextColumn
    """Column to read, capitals and blanks around aside."""
    languages: Annotated[tuple[Language, ...], AfterValidator(_languages_differ)] = ("en",)
    """Take the usual words of these languages, by their codes (ISO 639)."""
    true_words: tuple[str, ...] = ()
    """Further words for true, whatever they mean in a language."""
    false_words: tuple[str, ...] = ()
    """Further words for false, whatever they mean in a language."""
    written_as: Literal["boolean", "yes_no"] = "boolean"
    """Make true and false, or the texts yes and no."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _words_are_clear(self) -> Self:
        own = {each.strip().lower() for each in self.true_words} & {each.strip().lower() for each in self.false_words}
        if own:
            raise ValueError(f"{min(own)!r} is listed both as true and as false. Take it out of one of the lists.")
        yes, no = self._words()
        if not yes or not no:
            raise ValueError("There are no words to find. Choose a language, or list words for both true and false.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def _words(self) -> tuple[set[str], set[str]]:
        """Words for true and for false; a person's own come before those of languages."""
        own = [{each.strip().lower() for each in words} for words in (self.true_words, self.false_words)]
        known = [{word for each in self.languages for word in WORDS[each][i].split()} for i in (0, 1)]
        return own[0] | (known[0] - own[1]), own[1] | (known[1] - own[0])

    def _read(self) -> pl.Expr:
        word = exactly(self.column).cast(pl.String).str.strip_chars().str.to_lowercase()
        yes, no = (word.is_in(sorted(each)) for each in self._words())
        return pl.when(yes).then(pl.lit(value=True)).when(no).then(pl.lit(value=False))

    def exprs(self) -> Iterator[pl.Expr]:
        read = self._read()
        if self.written_as == "yes_no":
            read = pl.when(read).then(pl.lit("yes")).when(~read).then(pl.lit("no"))
        yield read.alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        text = exactly(self.column).cast(pl.String)
        where = text.is_not_null() & ~blank(text) & self._read().is_null()
        yield Failure(column=self.column, where=where, what="became missing: they are no words for yes or no")


YEAR_FIRST = ("%y-%m-%d", "%y/%m/%d", "%y.%m.%d")
FORMATS = {
    "day_first": (*YEAR_FIRST_OR_NAMED, *DAY_FIRST, *DOTTED),
    "month_first": (*YEAR_FIRST_OR_NAMED, *MONTH_FIRST, *DOTTED_MONTH_FIRST),
    "year_first": (*YEAR_FIRST_OR_NAMED, *YEAR_FIRST),
}


class StandardizeDateText(RowTransform):
    """Write dates that are text in one format, and leave them text.

    Read are 2024-05-31, 31/5/24, 31.05.2024, 31 May 2024, May 31st, 2024 and the like, weekdays and times of day
    aside.
    """

    id = "standardize_date_text"
    title = "Standardize date texts to one format"
    terms = ("date format", "reformat dates", "mixed date formats", "iso dates", "normalize dates")
    missing = "Missing and blank text stays as it is, and so does text that is no date, which is counted."
    examples = (
        Example(
            params={"column": "paid", "order": "day_first"},
            before={"paid": ["31/5/2024", "May 3rd, 2024", "2024-05-31 10:15", "soon", None]},
            after={"paid": ["2024-05-31", "2024-05-03", "2024-05-31", "soon", None]},
        ),
        Example(
            params={"column": "paid", "order": "month_first", "format": "%d.%m.%Y", "output": "day"},
            before={"paid": ["5/3/24", None]},
            after={"paid": ["5/3/24", None], "day": ["03.05.2024", None]},
        ),
    )

    column: TextColumn
    """Column of dates."""
    order: Literal["day_first", "month_first", "year_first"]
    """Whether 03/04/05 is in April 2005, in March 2005 or in April 2003. Years of four digits may come first in any."""
    format: DatePattern = "%Y-%m-%d"
    """How to write dates (strftime)."""
    two_digit_pivot: int = Field(68, ge=0, le=99)
    """Years of two digits up to this one are in the 2000s, later ones in the 1900s; 68 is what POSIX says."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def _text(self) -> pl.Expr:
        return exactly(self.column).cast(pl.String)

    def _date(self) -> pl.Expr:
        plain = date_text(self._text())
        return pl.coalesce(dated(plain, each, self.two_digit_pivot) for each in FORMATS[self.order])

    def exprs(self) -> Iterator[pl.Expr]:
        written = self._date().dt.to_string(self.format)
        yield pl.coalesce(written, self._text()).alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        text = self._text()
        where = text.is_not_null() & ~blank(text) & self._date().is_null()
        yield Failure(column=self.column, where=where, what="are no dates that could be read: they stayed as they were")


TRANSFORMS: tuple[type[Transform], ...] = (StandardizeBooleanWords, StandardizeDateText)
