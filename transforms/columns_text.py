"""Columns put together as text, and text taken apart into columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.core.categories import free_names
from transforms.core.columns import KeyColumns, TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn, valid_regex
from transforms.core.statistics import Ask, Max
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

MOST_PARTS = 200
"""The most columns that are made without being asked for by number."""


class ConcatColumns(RowTransform):
    """Join the values of several columns into one text."""

    id = "concat_columns"
    title = "Concatenate columns"
    terms = ("merge columns", "combine", "join text", "paste")
    missing = (
        "Missing values, NaN among them, are left out with their separator, make the result missing, or count as "
        "empty text, as chosen; where all values are missing, so is the result, unless they count as empty text."
    )
    examples = (
        Example(
            params={"columns": ["street", "number", "city"], "separator": ", ", "output": "address"},
            before={"street": ["Main", "Side", None], "number": [7.0, None, None], "city": ["Oslo", "Rome", None]},
            after={
                "street": ["Main", "Side", None],
                "number": [7.0, None, None],
                "city": ["Oslo", "Rome", None],
                "address": ["Main, 7, Oslo", "Side, Rome", None],
            },
        ),
        Example(
            params={
                "columns": ["a", "b"],
                "separator": "-",
                "output": "key",
                "nulls": "propagate",
                "keep_input": False,
            },
            before={"id": [1, 2], "a": ["x", "y"], "b": [True, None]},
            after={"id": [1, 2], "key": ["x-true", None]},
        ),
    )

    columns: KeyColumns
    """Columns to join, in the order listed. Numbers, dates and times are written in one canonical way."""
    separator: str = ""
    """Text between the values."""
    output: NewColumn
    """Name of the new column."""
    nulls: Literal["skip", "propagate", "as_empty"] = "skip"
    """Leave missing values out, make the result missing, or take them as empty text."""
    keep_input: bool = True
    """Keep the joined columns too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.keep_input or self.output not in self.columns:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        texts = [as_text(exactly(name), self.dtype(name)) for name in self.columns]
        if self.nulls == "as_empty":
            texts = [each.fill_null("") for each in texts]
        if not texts:
            yield pl.lit(None, pl.String).alias(self.output)
            return
        joined = pl.concat_str(texts, separator=self.separator, ignore_nulls=self.nulls == "skip")
        any_present = pl.any_horizontal(each.is_not_null() for each in texts)
        yield pl.when(any_present).then(joined).alias(self.output)

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        joined = rows.with_columns(self.exprs())
        if self.keep_input:
            return joined
        gone = {name for name in self.columns if name != self.output}
        return joined.select(exactly(name) for name in self._after() if name not in gone)

    def _after(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._schemas[0], self.output)))


class Parts(Learned):
    """The columns that text is split into."""

    names: tuple[str, ...]


class SplitColumn(FittedTransform):
    """Split a text column at a delimiter into several columns.

    Rows with fewer parts have missing values in the last columns (or the first, when counted from the
    end); rows with more keep what is left, delimiters included, in the last column (or the first).
    """

    id = "split_column"
    title = "Split column by delimiter"
    terms = ("text to columns", "separate", "tokenize into columns", "split string by delimiter")
    columns_from_data = True
    missing = "Missing text gives missing parts; empty text is one empty part."
    unseen = "Text with more parts than there are columns keeps the rest in one of them, or loses it and is counted."
    examples = (
        Example(
            params={"column": "name", "delimiter": " "},
            before={"name": ["Ann Lee", "Bo", None]},
            after={"name": ["Ann Lee", "Bo", None], "name_1": ["Ann", "Bo", None], "name_2": ["Lee", None, None]},
        ),
        Example(
            params={"column": "path", "delimiter": "[/.]", "regex": True, "into": 2, "side": "end", "prefix": "part_"},
            before={"path": ["a/b.csv", "x.csv", "y", None]},
            after={
                "path": ["a/b.csv", "x.csv", "y", None],
                "part_1": ["a/b", "x", None, None],
                "part_2": ["csv", "csv", "y", None],
            },
        ),
    )

    column: TextColumn
    """Column to split."""
    delimiter: str = Field(min_length=1)
    """Text, or pattern (Rust syntax), between the parts."""
    regex: bool = False
    """Take the delimiter as a pattern."""
    into: int | None = Field(None, ge=2, le=1_000)
    """How many columns to make; left empty, as many as the most parts found."""
    side: Literal["start", "end"] = "start"
    """Count the parts from the start or from the end of the text."""
    prefix: NewColumn | None = None
    """New columns are named with this and a number, from 1; left empty, with the column's name and ``_``."""
    keep_rest: bool = True
    """Keep what is left of text with more parts, rather than losing it."""

    @model_validator(mode="after")
    def _pattern_can_be_run(self) -> Self:
        if self.regex and pl.Series([""]).str.contains(valid_regex(self.delimiter))[0]:
            raise ValueError(f"{self.delimiter!r} matches no text at all, so it cannot tell parts. Make it match some.")
        return self

    def fit(self, ask: Ask) -> Parts:
        count = self.into
        if count is None:
            (most,) = ask(Max(self._split().list.len().cast(pl.Int64)))
            count = most or 1
            if count > MOST_PARTS:
                raise StepError(
                    f"Some text of column {self.column!r} has {count:,} parts, more than {MOST_PARTS}. Say in 'into' "
                    "how many columns to make, or choose another delimiter."
                )
        prefix = self.prefix or f"{self.column}_"
        return Parts(names=tuple(free_names((f"{prefix}{i + 1}" for i in range(count)), ask.schemas[0].names())))

    def _split(self, *, inclusive: bool = False) -> pl.Expr:
        text = exactly(self.column).cast(pl.String)
        return text.str.split(self.delimiter, inclusive=inclusive, literal=not self.regex)

    def exprs(self, learned: Parts) -> Iterator[pl.Expr]:
        parts, count = self._split(), len(learned.names)
        extra = parts.list.len().cast(pl.Int64) - count
        for i, name in enumerate(learned.names):
            place = pl.lit(i) if self.side == "start" else extra + i
            part: pl.Expr = pl.when(place >= 0).then(parts.list.get(place, null_on_oob=True))
            if self.keep_rest and i == (count - 1 if self.side == "start" else 0):
                part = pl.when(extra > 0).then(self._rest(parts, extra, count)).otherwise(part)
            yield part.alias(name)

    def _rest(self, parts: pl.Expr, extra: pl.Expr, count: int) -> pl.Expr:
        """What the one column holds that text with more parts than columns runs over in."""
        with_delimiters = self._split(inclusive=True)
        if self.side == "start":
            return with_delimiters.list.slice(count - 1).list.join("")
        whole = with_delimiters.list.slice(0, pl.max_horizontal(extra, 0)).list.join("")
        return whole + pl.when(extra >= 0).then(parts.list.get(extra, null_on_oob=True))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and not self.keep_rest:
            where = self._split().list.len() > len(learned.names)
            yield Failure(column=self.column, where=where, what="have more parts than there are columns, and lost some")


def _ascending(positions: tuple[int, ...]) -> tuple[int, ...]:
    if any(each < 1 for each in positions) or list(positions) != sorted(set(positions)):
        raise ValueError("Positions are numbers of characters, from 1, each larger than the one before.")
    return positions


class SplitByPositions(RowTransform):
    """Split text after so many characters, as in files with columns of fixed width."""

    id = "split_by_positions"
    title = "Split column at positions"
    terms = ("fixed width", "substring", "cut text")
    missing = "Missing text gives missing parts, and so does text that ends before a part begins."
    examples = (
        Example(
            params={"column": "code", "positions": [2, 5]},
            before={"code": ["NO123abc", "SE4", "é", None]},
            after={
                "code": ["NO123abc", "SE4", "é", None],
                "code_1": ["NO", "SE", "é", None],
                "code_2": ["123", "4", None, None],
                "code_3": ["abc", None, None, None],
            },
        ),
    )

    column: TextColumn
    """Column to split."""
    positions: Annotated[tuple[int, ...], AfterValidator(_ascending)] = Field(min_length=1, max_length=1_000)
    """How many characters come before each cut."""
    prefix: NewColumn | None = None
    """New columns are named with this and a number, from 1; left empty, with the column's name and ``_``."""

    @property
    def names(self) -> list[str]:
        """The new columns."""
        prefix = self.prefix or f"{self.column}_"
        return [f"{prefix}{i + 1}" for i in range(len(self.positions) + 1)]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.names:
            yield from taken(name, schemas[0], "prefix")

    def exprs(self) -> Iterator[pl.Expr]:
        text = exactly(self.column).cast(pl.String)
        starts = (0, *self.positions)
        ends = (*self.positions, None)
        for name, start, end in zip(self.names, starts, ends, strict=True):
            part = text.str.slice(start, None if end is None else end - start)
            begins = pl.lit(True) if start == 0 else text.str.len_chars() > start
            yield pl.when(begins).then(part).alias(name)


PARTS: dict[str, str] = {
    "digit_nondigit": r"(?s)\p{Nd}+|\P{Nd}+",
    "letter_other": r"(?s)[\p{L}\p{M}]+|[^\p{L}\p{M}]+",
    # Whatever is no small letter, or small letters that no capital follows; then the small letters before a capital.
    "lower_upper": r"(?s)(?:\P{Ll}|\p{Ll}+[^\p{Ll}\p{Lu}])+\p{Ll}*|\p{Ll}+",
}
"""One part of a text, by the boundary between parts."""


class SplitByCharType(FittedTransform):
    """Split text where digits and other characters meet, or letters and others, or a capital follows a small letter."""

    id = "split_by_char_type"
    title = "Split where character type changes"
    terms = ("split letters and digits", "camel case split", "separate number and unit", "AB12")
    columns_from_data = True
    missing = "Missing text gives missing parts, and so does empty text."
    unseen = "Text with more parts than there are columns keeps the rest in the last one."
    examples = (
        Example(
            params={"column": "size"},
            before={"size": ["12kg", "7", "x3y4", None]},
            after={
                "size": ["12kg", "7", "x3y4", None],
                "size_1": ["12", "7", "x", None],
                "size_2": ["kg", None, "3", None],
                "size_3": [None, None, "y", None],
                "size_4": [None, None, "4", None],
            },
        ),
        Example(
            params={"column": "key", "boundary": "lower_upper", "into": 2, "prefix": "part_"},
            before={"key": ["orderIdNew", "HTTPServer", "", None]},
            after={
                "key": ["orderIdNew", "HTTPServer", "", None],
                "part_1": ["order", "HTTPServer", None, None],
                "part_2": ["IdNew", None, None, None],
            },
        ),
    )

    column: TextColumn
    """Column to split."""
    boundary: Literal["digit_nondigit", "lower_upper", "letter_other"] = "digit_nondigit"
    """Where to split: between digits and other characters, before a capital that follows a small letter, or between
    letters and other characters."""
    into: int | None = Field(None, ge=2, le=1_000)
    """How many columns to make; left empty, as many as the most parts found."""
    prefix: NewColumn | None = None
    """New columns are named with this and a number, from 1; left empty, with the column's name and ``_``."""

    def _split(self) -> pl.Expr:
        return exactly(self.column).cast(pl.String).str.extract_all(PARTS[self.boundary])

    def fit(self, ask: Ask) -> Parts:
        count = self.into
        if count is None:
            (most,) = ask(Max(self._split().list.len().cast(pl.Int64)))
            count = most or 1
            if count > MOST_PARTS:
                raise StepError(
                    f"Some text of column {self.column!r} has {count:,} parts, more than {MOST_PARTS}. Say in 'into' "
                    "how many columns to make, or choose another boundary."
                )
        prefix = self.prefix or f"{self.column}_"
        return Parts(names=tuple(free_names((f"{prefix}{i + 1}" for i in range(count)), ask.schemas[0].names())))

    def exprs(self, learned: Parts) -> Iterator[pl.Expr]:
        parts, last = self._split(), len(learned.names) - 1
        for i, name in enumerate(learned.names[:-1]):
            yield parts.list.get(i, null_on_oob=True).alias(name)
        rest = parts.list.slice(last).list.join("")
        yield pl.when(parts.list.len() > last).then(rest).alias(learned.names[-1])


TRANSFORMS: tuple[type[Transform], ...] = (ConcatColumns, SplitColumn, SplitByPositions, SplitByCharType)
