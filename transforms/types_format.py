"""Values written out for people and programs: money, percent, short numbers, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
from pydantic import Field

from transforms.core.columns import Column, ColumnField, NumericColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import blank
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, RowTransform, Transform

if TYPE_CHECKING:
    from babel import Locale

WIDE = Context(prec=400)
"""Enough digits for any Float64."""
LocaleName = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*$")]
"""A language and mostly a country: en_US, de_DE, hi_IN."""


def rounded(number: str, decimals: int) -> Decimal:
    """A number, as it is written, with so many decimals; halves away from zero, and no minus before zero."""
    found = Decimal(number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, WIDE)
    return found or abs(found)


class LocalFormat(RowTransform):
    """Writes numbers as people of a place do, by the Unicode CLDR."""

    missing = "Missing and infinite values become or stay missing."

    column: NumericColumn
    """Column to write."""
    locale: LocaleName = "en_US"
    """Whose way of writing numbers: a language and a country, such as en_US, de_DE or hi_IN."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def writer(self) -> Callable[[str], str]:
        """What writes a finite number, given as text."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it writes numbers.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])
        missing = package_problems("babel", "locale", "Writing numbers in the way of a place")
        yield from missing
        if not missing:
            yield from self.locale_problems()

    def locale_problems(self) -> Iterator[Problem]:
        """What the package does not know."""
        from babel import UnknownLocaleError

        try:
            _locale(self.locale)
        except UnknownLocaleError:
            yield Problem(f"There is no locale {self.locale!r}.", "Write it like en_US or de_DE.", "locale")

    def _finite(self) -> pl.Expr:
        value = self.present(self.column)
        return pl.when(value.is_finite()).then(value) if self.dtype(self.column).is_float() else value

    def exprs(self) -> Iterator[pl.Expr]:
        text = self._finite().cast(pl.String)
        yield over_distinct(text, self.writer(), pl.String()).alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        where = self.present(self.column).is_not_null() & self._finite().is_null()
        yield Failure(column=self.column, where=where, what="became missing: they are infinite")


def _written(number: str, decimals: int, write: Callable[[Decimal], Any]) -> str:
    """A number as a function of the package writes it, which keeps only the digits of the context."""
    with localcontext(WIDE):
        return str(write(rounded(number, decimals)))


def _locale(name: str) -> Locale:
    from babel import Locale

    return Locale.parse(name.replace("-", "_"))


class FormatCurrency(LocalFormat):
    """Write amounts of money as text, with the sign of the currency and separators of a place."""

    id = "format_currency"
    title = "Format as currency"
    terms = ("money", "dollar", "euro", "price as text", "accounting format")
    examples = (
        Example(
            params={"column": "price"},
            before={"price": [1234.5, -0.005, 2.675, None]},
            after={"price": ["$1,234.50", "-$0.01", "$2.68", None]},
        ),
        Example(
            params={"column": "n", "currency": "JPY", "accounting": True, "output": "shown"},
            before={"n": [-1234, None]},
            after={"n": [-1234, None], "shown": ["(¥1,234)", None]},
        ),
    )

    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    """Code of the currency (ISO 4217): USD, EUR, JPY; it says how many decimals there are."""
    accounting: bool = False
    """Write amounts below zero as accountants of the place do, mostly in parentheses."""

    def locale_problems(self) -> Iterator[Problem]:
        from babel.numbers import is_currency

        yield from super().locale_problems()
        if not is_currency(self.currency):
            advice = "Use a code of ISO 4217, such as USD, EUR or GBP."
            yield Problem(f"There is no currency {self.currency!r}.", advice, "currency")

    def writer(self) -> Callable[[str], str]:
        from babel.numbers import format_currency, get_currency_precision

        decimals, locale = get_currency_precision(self.currency), _locale(self.locale)
        write = partial(
            format_currency,
            currency=self.currency,
            locale=locale,
            format_type="accounting" if self.accounting else "standard",
        )
        return lambda number: _written(number, decimals, write)


class FormatPercent(LocalFormat):
    """Write shares as percent: 0.125 becomes 12.5%."""

    id = "format_percent"
    title = "Format as percent"
    terms = ("percentage", "share as text", "rate as text", "percent sign")
    examples = (
        Example(
            params={"column": "share"},
            before={"share": [0.125, -1, 0.00049, None]},
            after={"share": ["12.5%", "-100.0%", "0.0%", None]},
        ),
        Example(
            params={"column": "share", "decimals": 0, "locale": "de_DE", "output": "shown"},
            before={"share": [0.125, None]},
            after={"share": [0.125, None], "shown": ["13\u00a0%", None]},
        ),
    )

    decimals: int = Field(1, ge=0, le=15)
    """Digits after the decimal separator; halves are rounded away from zero."""

    def writer(self) -> Callable[[str], str]:
        from babel.numbers import format_percent

        locale, decimals = _locale(self.locale), self.decimals + 2
        pattern = locale.percent_formats[None].pattern
        if self.decimals:
            # The one digit that is always shown stands before the decimals.
            pattern = pattern.replace("0", f"0.{'0' * self.decimals}", 1)
        return lambda number: _written(number, decimals, partial(format_percent, format=pattern, locale=locale))


UNITS = (("", 0), ("K", 3), ("M", 6), ("B", 9), ("T", 12))
"""Letters by the power of ten they stand for, as is usual in English."""
SHORT = r"^([+-]?)([0-9]+(?:,[0-9]{3})*\.?[0-9]*|\.[0-9]+)\s*([kmbt]|bn|mn|tn)?$"


class AbbreviateNumber(RowTransform):
    """Write large numbers short, as 1.2M, or read numbers that are written so."""

    id = "abbreviate_number"
    title = "Abbreviate numbers (K, M, B)"
    terms = ("thousands", "millions", "human readable", "compact number", "1.2M", "parse 5k")
    missing = "Missing and infinite values, and text that is no such number, become or stay missing."
    examples = (
        Example(
            params={"column": "users"},
            before={"users": [1_234_567, 999_950, -1500, 12, None]},
            after={"users": ["1.2M", "1M", "-1.5K", "12", None]},
        ),
        Example(
            params={"column": "text", "parse_back": True, "output": "number"},
            before={"text": ["1.2M", "3 bn", "-15k", "1,200", "many", None]},
            after={
                "text": ["1.2M", "3 bn", "-15k", "1,200", "many", None],
                "number": [1_200_000.0, 3e9, -15_000.0, 1200.0, None, None],
            },
        ),
    )

    column: Annotated[str, ColumnField(("numeric", "text"))]
    """Column of numbers to write, or of text to read."""
    decimals: int = Field(1, ge=0, le=15)
    """The most digits after the decimal point; zeros at the end are left out."""
    parse_back: bool = False
    """Read text instead: K, M, B (or mn, bn, tn) and T, in capitals or not, are thousands to trillions (1e12)."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])
        if (self.dtype(self.column) == pl.String) != self.parse_back and self.dtype(self.column) != pl.Null:
            held, advice = "text", "Choose a column of numbers to write."
            if self.parse_back:
                held, advice = "numbers", "Choose a column of text to read."
            found = f"Column {self.column!r} holds {held}."
            yield Problem(found, advice, "column")

    def _result(self) -> pl.Expr:
        if self.parse_back:
            return _read_short(self._value().cast(pl.String).str.strip_chars())
        return over_distinct(
            self._value().cast(pl.String), partial(_written_short, decimals=self.decimals), pl.String()
        )

    def _value(self) -> pl.Expr:
        value = self.present(self.column)
        return pl.when(value.is_finite()).then(value) if self.dtype(self.column).is_float() else value

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        present = self.present(self.column).is_not_null()
        if self.dtype(self.column) == pl.String:
            present = present & ~blank(exactly(self.column))
        what = "are no number with a letter for thousands or millions" if self.parse_back else "are infinite"
        yield Failure(column=self.column, where=present & self._result().is_null(), what=f"became missing: they {what}")


def _written_short(number: str, decimals: int) -> str:
    shorts = ((rounded(str(Decimal(number).scaleb(-power, WIDE)), decimals), letter) for letter, power in UNITS)
    short, letter = next(each for each in shorts if abs(each[0]) < 1000 or each[1] == UNITS[-1][0])
    text = f"{short:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{letter}"


def _read_short(text: pl.Expr) -> pl.Expr:
    parts = text.str.to_lowercase().str.extract_groups(SHORT)
    sign, digits, letter = (parts.struct.field(each) for each in "123")
    powers = {name.lower(): str(power) for name, power in UNITS}
    power = letter.fill_null("").str.slice(0, 1).replace_strict(powers, default=None, return_dtype=pl.String)
    # Shifted by its exponent, 1.1M is exactly what 1100000 is.
    return pl.concat_str(sign, digits.str.replace_all(",", ""), pl.lit("e"), power).cast(pl.Float64, strict=False)


class ToJsonText(RowTransform):
    """Write values as JSON text: objects, lists, or anything else."""

    id = "to_json_text"
    title = "Convert to JSON text"
    terms = ("json encode", "serialize", "struct to text", "list to text", "stringify")
    missing = "A missing value stays missing; missing values inside it, NaN among them, are null."
    examples = (
        Example(
            params={"column": "home"},
            before={"home": [{"city": "Oslo", "zip": [150, None]}, None]},
            after={"home": ['{"city":"Oslo","zip":[150,null]}', None]},
        ),
        Example(
            params={"column": "tags", "pretty": True, "output": "json"},
            before={"tags": [["a", "é"], [], None]},
            after={"tags": [["a", "é"], [], None], "json": ['[\n  "a",\n  "é"\n]', "[]", None]},
        ),
    )

    column: Column
    """Column to write; the fields of objects keep their order, dates are text."""
    pretty: bool = False
    """Write each field and item on a line of its own."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])
        if self.dtype(self.column) == pl.Binary:
            yield Problem(f"Column {self.column!r} holds bytes, which JSON cannot.", "Choose another column.", "column")

    def exprs(self) -> Iterator[pl.Expr]:
        value = self.present(self.column)
        # Only an object can be written as JSON, so the value is taken out of one again.
        text = pl.struct(value.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.head(-1)
        written = over_distinct(text, _indented, pl.String()) if self.pretty else text
        yield pl.when(value.is_not_null()).then(written).alias(self.output or self.column)


def _indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


TRANSFORMS: tuple[type[Transform], ...] = (FormatCurrency, FormatPercent, AbbreviateNumber, ToJsonText)
