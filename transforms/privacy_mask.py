"""Values shown in part: masked text, and numbers, dates and places made coarse."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.binning_steps import FixedWidthBins
from transforms.core.columns import KeyColumns, NumericColumn, TemporalColumn, TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import verbatim
from transforms.core.transform import Example, Failure, RowTransform, Transform


class MaskText(RowTransform):
    """Hide the characters of values but for some at the beginning or the end, such as the last four of a card."""

    id = "mask_text"
    title = "Mask characters"
    terms = ("redact", "obfuscate", "last four", "hide characters", "asterisks", "partial masking")
    missing = "Null and NaN stay missing; empty text stays empty unless its length is hidden."
    examples = (
        Example(
            params={"columns": ["card"]},
            before={"card": ["4111 1111 1111 1111", "1234", "", None]},
            after={"card": ["**** **** **** 1111", "****", "", None]},
        ),
        Example(
            params={"columns": ["name"], "keep_first": 1, "keep_last": 0, "fixed_length": 3, "suffix": "_masked"},
            before={"name": ["Zoë", "Maximilian", "X", None]},
            after={
                "name": ["Zoë", "Maximilian", "X", None],
                "name_masked": ["Z***", "M***", "***", None],
            },
        ),
    )

    columns: KeyColumns
    """Columns to mask; numbers, dates and times as the text they are written as."""
    keep_first: int = Field(0, ge=0)
    """Show so many characters at the beginning."""
    keep_last: int = Field(4, ge=0)
    """Show so many characters at the end. A value that would be shown whole is masked whole."""
    mask: str = Field("*", min_length=1, max_length=1)
    """What is put in place of a character."""
    keep_separators: bool = True
    """Show blanks, hyphens and whatever else is no letter, digit or mark."""
    fixed_length: int | None = Field(None, ge=1, le=100)
    """Put so many in place of all hidden characters, so that their number is hidden too; left empty, one for each."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(name + self.suffix, schemas[0], "suffix")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            text = as_text(exactly(name), self.dtype(name)).cast(pl.String)
            yield self._masked(text).alias(name + self.suffix)

    def _masked(self, text: pl.Expr) -> pl.Expr:
        length, shown = text.str.len_chars().cast(pl.Int64), self.keep_first + self.keep_last
        middle = text.str.slice(self.keep_first, (length - shown).clip(0))
        ends = text.str.slice(0, self.keep_first), text.str.slice((length - self.keep_last).clip(0))
        partly = pl.concat_str(ends[0], self._hidden(middle), ends[1])
        return pl.when(length > shown).then(partly).otherwise(self._hidden(text))

    def _hidden(self, text: pl.Expr) -> pl.Expr:
        if self.fixed_length is not None:
            return pl.when(text.is_not_null()).then(pl.lit(self.mask * self.fixed_length))
        what = r"[\p{L}\p{N}\p{M}]" if self.keep_separators else r"(?s)."
        return text.str.replace_all(what, verbatim(self.mask))


class MaskEmail(RowTransform):
    """Hide who an e-mail address belongs to, and keep where it is."""

    id = "mask_email"
    title = "Mask e-mail"
    terms = ("hide email", "redact e-mail", "keep domain", "obfuscate mail address")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={"column": "email"},
            before={"email": ["ann.lee@example.org", "ann at home", None]},
            after={"email": ["***@example.org", "***", None]},
        ),
        Example(
            params={"column": "email", "keep": "first_letter", "output": "shown"},
            before={"email": ["ann@example.org", "", None]},
            after={"email": ["ann@example.org", "", None], "shown": ["a***@example.org", "***", None]},
        ),
    )

    column: TextColumn
    """Column of addresses."""
    keep: Literal["domain", "first_letter", "none"] = "domain"
    """Show what comes behind the @; that and the first letter; or nothing. Text that is no address is hidden whole."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def _parts(self) -> pl.Expr:
        text = exactly(self.column).cast(pl.String)
        return text.str.extract_groups(r"^\s*(?<first>[^\s@])[^\s@]*@(?<domain>[^\s@]+)\s*$")

    def exprs(self) -> Iterator[pl.Expr]:
        parts = self._parts()
        first, domain = parts.struct.field("first"), parts.struct.field("domain")
        shown = {
            "domain": pl.format("***@{}", domain),
            "first_letter": pl.format("{}***@{}", first, domain),
            "none": pl.when(domain.is_not_null()).then(pl.lit("***@***")),
        }
        found = pl.coalesce(shown[self.keep], pl.when(exactly(self.column).is_not_null()).then(pl.lit("***")))
        yield found.alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        where = exactly(self.column).is_not_null() & self._parts().struct.field("domain").is_null()
        yield Failure(column=self.column, where=where, what="are no e-mail addresses: they were hidden whole")


class MaskDate(RowTransform):
    """Make dates coarse: only the year, the quarter or the month is left."""

    id = "mask_date"
    title = "Mask date"
    terms = ("coarsen date", "year only", "generalize date", "birth year", "hide day")
    missing = "Missing dates stay missing."
    examples = (
        Example(
            params={"column": "born"},
            before={"born": ["1990-05-17", "2001-12-31", None]},
            after={"born": ["1990-01-01", "2001-01-01", None]},
            dtypes={"born": pl.Date()},
        ),
        Example(
            params={"column": "at", "keep": "quarter", "written_as": "text", "output": "quarter"},
            before={"at": ["2024-05-17T08:30:00", None]},
            after={"at": ["2024-05-17T08:30:00", None], "quarter": ["2024-Q2", None]},
            dtypes={"at": pl.Datetime("us")},
        ),
    )

    column: TemporalColumn
    """Column of dates, or of dates with a time, which are taken by the clock of their zone."""
    keep: Literal["year", "quarter", "month"] = "year"
    """What to keep."""
    written_as: Literal["date", "text"] = "date"
    """The first day of the year, quarter or month; or text: 2024, 2024-Q2, 2024-05."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        dtype, day = self.dtype(self.column), exactly(self.column)
        day = day.dt.date() if isinstance(dtype, pl.Datetime) else day.cast(pl.Date)
        if self.written_as == "date":
            coarse = day.dt.truncate({"year": "1y", "quarter": "1q", "month": "1mo"}[self.keep])
        elif self.keep == "quarter":
            coarse = pl.format("{}-Q{}", day.dt.to_string("%Y"), day.dt.quarter())
        else:
            coarse = day.dt.to_string("%Y" if self.keep == "year" else "%Y-%m")
        yield coarse.alias(self.output or self.column)


class GeneralizeNumber(RowTransform):
    """Replace numbers by the range they lie in, and the very large and small ones by a common name."""

    id = "generalize_number"
    title = "Generalize number to range"
    terms = ("k-anonymity", "top coding", "bottom coding", "age range", "band", "coarsen number")
    missing = "Missing values (null and NaN) stay missing. Infinite numbers become missing unless they are top-coded."
    examples = (
        Example(
            params={"column": "age", "width": 10, "top_code": 90},
            before={"age": [34, 40, 97, None]},
            after={"age": ["[30, 40)", "[40, 50)", "90 or more", None]},
        ),
        Example(
            params={"column": "income", "width": 1000, "label": "midpoint", "bottom_code": 2000, "output": "about"},
            before={"income": [3400.0, 120.0, None]},
            after={"income": [3400.0, 120.0, None], "about": [3500.0, 2000.0, None]},
        ),
    )

    column: NumericColumn
    """Column to make coarse."""
    width: float = Field(gt=0, allow_inf_nan=False)
    """How wide a range is; ranges begin at multiples of it."""
    label: Literal["range", "midpoint"] = "range"
    """Text such as [30, 40), the first number in it and the second not; or the number in the middle."""
    top_code: float | None = Field(None, allow_inf_nan=False)
    """Numbers of this size and above are one group: ``90 or more``, or this number."""
    bottom_code: float | None = Field(None, allow_inf_nan=False)
    """Numbers below this are one group: ``less than 20``, or this number."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _codes_are_in_order(self) -> Self:
        if self.top_code is not None and self.bottom_code is not None and self.bottom_code >= self.top_code:
            raise ValueError("Nothing is left between the bottom code and the top code. Swap them.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        value, found = self.present(self.column), self._range()
        if self.label == "midpoint":
            found = found.cast(pl.Float64) + self.width / 2
        if self.top_code is not None:
            found = pl.when(value >= self.top_code).then(self._named(self.top_code, "{} or more")).otherwise(found)
        if self.bottom_code is not None:
            low = self._named(self.bottom_code, "less than {}")
            found = pl.when(value < self.bottom_code).then(low).otherwise(found)
        yield found.alias(self.output or self.column)

    def _named(self, code: float, words: str) -> pl.Expr:
        """What numbers beyond a code become."""
        return pl.lit(float(code) if self.label == "midpoint" else words.format(f"{code:.15g}"))

    def _range(self) -> pl.Expr:
        label: Literal["range", "lower"] = "range" if self.label == "range" else "lower"
        bins = FixedWidthBins(columns=(self.column,), width=self.width, label=label).bind(*self._schemas)
        (found,) = bins.exprs()
        return found

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        (made,) = self.exprs()
        where = self.present(self.column).is_not_null() & made.is_null()
        yield Failure(column=self.column, where=where, what="became missing: they are in no range of this width")


class GeneralizeLocation(RowTransform):
    """Keep the part of a postal code or an IP address that says the area, not the place."""

    id = "generalize_location"
    title = "Generalize postal code or IP"
    terms = ("zip3", "truncate postcode", "anonymize ip", "subnet", "coarsen location", "safe harbor")
    missing = "Missing values stay missing and blank text becomes so, as does text that is no IP address."
    examples = (
        Example(
            params={"column": "zip"},
            before={"zip": ["90210", " 0150 ", "12", None]},
            after={"zip": ["902", "015", "12", None]},
        ),
        Example(
            params={"column": "ip", "kind": "ipv4", "output": "network"},
            before={"ip": ["192.0.2.77", "2001:db8::1", None]},
            after={"ip": ["192.0.2.77", "2001:db8::1", None], "network": ["192.0.2.0/24", None, None]},
        ),
    )

    column: TextColumn
    """Column of postal codes or addresses."""
    kind: Literal["postal", "ipv4", "ipv6"] = "postal"
    """What it holds."""
    keep: int = Field(3, ge=1, le=10)
    """How much to keep: characters of a postal code; numbers of an IPv4 address (3 of 4 is /24); groups of an IPv6
    address (3 of 8 is /48)."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])
        most = {"postal": 10, "ipv4": 4, "ipv6": 8}[self.kind]
        if self.keep > most:
            yield Problem(f"An address of {self.kind} has {most} parts, not {self.keep}.", "Keep fewer.", "keep")

    def _text(self) -> pl.Expr:
        text = exactly(self.column).cast(pl.String).str.strip_chars()
        return pl.when(text != "").then(text)

    def exprs(self) -> Iterator[pl.Expr]:
        kind, keep = self.kind, self.keep
        if kind == "postal":
            area = self._text().str.slice(0, keep)
        else:
            area = over_distinct(self._text(), lambda text: network(text, kind, keep), pl.String())
        yield area.alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.kind != "postal":
            (made,) = self.exprs()
            what = f"became missing: they are no {'IPv4' if self.kind == 'ipv4' else 'IPv6'} addresses"
            yield Failure(column=self.column, where=self._text().is_not_null() & made.is_null(), what=what)


def network(text: str, kind: Literal["ipv4", "ipv6"], keep: int) -> str | None:
    """The network of an address that its first parts name; ``None`` where it is none of the kind."""
    try:
        if kind == "ipv4":
            return str(IPv4Network((int(IPv4Address(text)), keep * 8), strict=False))
        return str(IPv6Network((int(IPv6Address(text.partition("%")[0])), keep * 16), strict=False))
    except AddressValueError:
        return None


TRANSFORMS: tuple[type[Transform], ...] = (MaskText, MaskEmail, MaskDate, GeneralizeNumber, GeneralizeLocation)
