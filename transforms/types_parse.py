"""Numbers and truth values written in other ways, and numbers written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumn, TextColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, RowTransform, Transform
from transforms.types import Conversion, OnError

CURRENCY = (
    r"(?:[A-Z]{0,3}\p{Sc}|AED|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|INR|JPY|KRW|MXN|NOK|NZD|PLN|SEK|SGD|TRY|USD|"
    r"ZAR|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?)"
)
"""Currency signs, with letters before them as in US$, and the codes and short names in common use."""
_WIDE = Context(prec=400)
GROUPS = {",": ",", ".": r"\.", " ": r"[ \u{00A0}\u{2009}\u{202F}]", "'": "['’]"}
"""What separates thousands: a blank of any width, an apostrophe straight or curved."""


class ParseNumber(Conversion):
    """Read numbers from text with separators, currencies, percent signs or parentheses.

    How numbers are written is said once and never guessed cell by cell: with a decimal comma, "1.234,5"
    is 1234.5 and "1,234.5" is no number. Thousands are in groups of three, or of two before the last
    three as in India.
    """

    id = "parse_number"
    title = "Parse number from text"
    terms = ("text to number", "locale", "currency to number", "percent to number", "thousands separator")
    examples = (
        Example(
            params={"columns": ["price"]},
            before={"price": ["$1,234.50", "(12)", "5 %", "1.2e3", "12,34", "n/a", None]},
            after={"price": [1234.5, -12.0, 0.05, 1200.0, None, None, None]},
        ),
        Example(
            params={"columns": ["price"], "decimal": ",", "thousands": ".", "suffix": "_number"},
            before={"price": ["1.234,56 €", "-7", None]},
            after={"price": ["1.234,56 €", "-7", None], "price_number": [1234.56, -7.0, None]},
        ),
    )

    columns: TextColumns
    """Columns to read."""
    decimal: Literal[".", ","] = "."
    """What comes before the decimals: in English a point, in most of Europe a comma."""
    thousands: Literal[",", ".", " ", "'", ""] = ","
    """What separates thousands: comma (English), point (German), blank (French), apostrophe (Swiss) or nothing."""
    percent: bool = True
    """Read 5% as 0.05; otherwise it is no number."""
    parens_negative: bool = True
    """Read (12) as -12, as accountants write it; otherwise it is no number."""
    strip_currency: bool = True
    """Leave out a currency before or after the number; otherwise it is no number."""
    on_error: OnError = "null"
    """Text that is no number becomes missing, stops the run, becomes missing with the text kept in a column named
    ``_error``, or drops its row."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"{self.decimal!r} cannot separate both decimals and thousands. Change one of them.")
        return self

    def wanted(self) -> str:
        return "numbers"

    def converted(self, name: str) -> pl.Expr:
        # A batch at a time, since an expression would match the pattern anew for each part that it uses.
        read = partial(_numbers, pattern=self._pattern(), decimal=self.decimal, thousands=self.thousands)
        return exactly(name).cast(pl.String).map_batches(read, return_dtype=pl.Float64(), is_elementwise=True)

    def _pattern(self) -> str:
        space = r"[\s\u{00A0}\u{202F}]*"
        currency = rf"(?:{CURRENCY}{space})?" if self.strip_currency else ""
        group = GROUPS.get(self.thousands)
        grouped = (
            rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]{{1,2}}(?:{group}[0-9]{{2}})*{group}[0-9]{{3}}|" if group else ""
        )
        point = r"\." if self.decimal == "." else ","
        number = (
            rf"(?P<digits>(?:{grouped}[0-9]*))(?P<fraction>(?:{point}[0-9]*)?)(?P<exponent>(?:[eE][+-]?[0-9]{{1,4}})?)"
        )
        opened, closed = (r"\(", r"\)") if self.parens_negative else ("", "")
        percent = "%?" if self.percent else ""
        return (
            rf"^(?P<opened>{opened}{'?' if opened else ''}){space}(?P<sign>[+-]?){space}{currency}"
            rf"(?P<second_sign>[+-]?){space}{number}{space}(?P<percent>{percent}){space}{currency}(?P<last_sign>-?)"
            rf"(?P<closed>{closed}{'?' if closed else ''})$"
        )


def _numbers(text: pl.Series, pattern: str, decimal: str, thousands: str) -> pl.Series:
    """Text as numbers, null where the pattern does not match."""
    parts = text.str.strip_chars().str.replace_all("[−–]", "-").str.extract_groups(pattern).struct.unnest()
    opened, closed = pl.col("opened") != "", pl.col("closed") != ""
    digits = pl.col("digits").str.replace_all(GROUPS[thousands], "") if thousands else pl.col("digits")
    fraction = pl.col("fraction").str.replace_all(decimal, ".", literal=True)
    exponent = pl.col("exponent").str.slice(1).str.strip_prefix("+").cast(pl.Int64, strict=False).fill_null(0)
    # Shifted by its exponent, 1.1 % is exactly what 0.011 is.
    power = exponent - pl.when(pl.col("percent") != "").then(2).otherwise(0)
    number = pl.concat_str(digits, fraction, pl.lit("e"), power.cast(pl.String)).cast(pl.Float64, strict=False)
    signs = pl.concat_str("sign", "second_sign", "last_sign")
    sound = (opened == closed) & (signs.str.len_chars() <= pl.when(opened).then(0).otherwise(1)) & number.is_finite()
    signed = pl.when(opened | (signs == "-")).then(-number).otherwise(number)
    return parts.select(pl.when(sound).then(signed)).to_series()


class ParseBoolean(Conversion):
    """Read true and false from words, capitals and surrounding blanks aside."""

    id = "parse_boolean"
    title = "Parse true/false"
    terms = ("yes no to boolean", "text to boolean", "flag", "y n")
    examples = (
        Example(
            params={"columns": ["member"]},
            before={"member": ["Yes", " n ", "1", "off", "maybe", None]},
            after={"member": [True, False, True, False, None, None]},
        ),
        Example(
            params={"columns": ["member"], "true_values": ["ja"], "false_values": ["nein"], "suffix": "_flag"},
            before={"member": ["JA", "nein", "", None]},
            after={"member": ["JA", "nein", "", None], "member_flag": [True, False, None, None]},
        ),
    )

    columns: TextColumns
    """Columns to read."""
    true_values: tuple[str, ...] = Field(("true", "t", "yes", "y", "1", "on"), min_length=1)
    """Words for true."""
    false_values: tuple[str, ...] = Field(("false", "f", "no", "n", "0", "off"), min_length=1)
    """Words for false."""
    on_error: OnError = "null"
    """Other words become missing, stop the run, become missing with the word kept in a column named ``_error``, or
    drop their rows."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        both = sorted(set(_folded(self.true_values)) & set(_folded(self.false_values)))
        if both:
            raise ValueError(f"{both[0]!r} is listed both as true and as false. Take it out of one of the lists.")
        return self

    def wanted(self) -> str:
        return "words for true or false"

    def converted(self, name: str) -> pl.Expr:
        word = exactly(name).cast(pl.String).str.strip_chars().str.to_lowercase()
        true, false = (word.is_in(_folded(each)) for each in (self.true_values, self.false_values))
        return pl.when(true).then(True).when(false).then(False)


def _folded(words: tuple[str, ...]) -> list[str]:
    folded: list[str] = pl.Series(words, dtype=pl.String).str.strip_chars().str.to_lowercase().to_list()
    return folded


class FormatNumber(RowTransform):
    """Write numbers as text with a fixed number of decimals and separated thousands.

    Halves are rounded away from zero, by the number as it is written: 2.675 with two decimals is 2.68.
    """

    id = "format_number"
    title = "Format number as text"
    terms = ("number to text", "thousands separator", "decimal places", "pad number")
    missing = "Null and NaN stay missing."
    examples = (
        Example(
            params={"column": "amount", "decimals": 1},
            before={"amount": [1234.25, -0.04, 7.0, None]},
            after={"amount": ["1,234.3", "0.0", "7.0", None]},
        ),
        Example(
            params={"column": "n", "decimals": 0, "thousands": " ", "width": 6, "output": "shown"},
            before={"n": [1234, -5, None]},
            after={"n": [1234, -5, None], "shown": [" 1 234", "    -5", None]},
        ),
    )

    column: NumericColumn
    """Column to write."""
    decimals: int = Field(2, ge=0, le=20)
    """Digits after the decimal separator."""
    thousands: str = Field(",", max_length=1, pattern=r"^\D?$")
    """What separates thousands; nothing when empty."""
    decimal: str = Field(".", min_length=1, max_length=1, pattern=r"^\D$")
    """What separates decimals."""
    width: int | None = Field(None, ge=1, le=1_000)
    """Fill up with blanks on the left to so many characters."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"{self.decimal!r} cannot separate both decimals and thousands. Change one of them.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        written = _writer(self.decimals, self.thousands, self.decimal, self.width or 0)
        text = self.present(self.column).cast(pl.String)
        yield over_distinct(text, written, pl.String()).alias(self.output or self.column)


def _writer(decimals: int, thousands: str, decimal: str, width: int) -> Callable[[str], str]:
    unit = Decimal(1).scaleb(-decimals)
    separators = str.maketrans({",": thousands, ".": decimal})

    def written(number: str) -> str:
        if number in ("inf", "-inf"):
            return number.rjust(width)
        # By the shortest text that means the number, not by its binary value; 400 digits hold any Float64.
        rounded = Decimal(number).quantize(unit, ROUND_HALF_UP, _WIDE)
        return f"{rounded or abs(rounded):,f}".translate(separators).rjust(width)

    return written


TRANSFORMS: tuple[type[Transform], ...] = (ParseNumber, ParseBoolean, FormatNumber)
