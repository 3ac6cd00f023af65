"""Text that holds several values: taken apart into columns, and put together from columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import category_name, free_names
from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

MOST_KEYS = 100
NUMBER_FORMAT = re.compile(r"(?:[^{}]?[<>=^])?[+ -]?0?[0-9]{0,3}[,_]?(?:\.[0-9]{1,2})?[deEfFgG%]?")
"""The formats of Python for numbers, but for those that only programs read."""


class Keys(Learned):
    """The keys that become columns."""

    columns: dict[str, str]
    """The new column by key."""


class ExtractKeyValues(FittedTransform):
    """Make columns of text such as "color=red; size=5", one for each key."""

    id = "extract_key_values"
    title = "Extract key=value pairs"
    terms = ("key value", "parse attributes", "properties", "tags to columns", "options", "cookie")
    columns_from_data = True
    missing = (
        "Missing values stay missing; a key that a text does not have is missing, one without text behind is empty."
    )
    unseen = "Keys that were not there get no column; rows that have some are counted."
    examples = (
        Example(
            params={"column": "spec"},
            before={"spec": ["color=red; size=5", "size = 7;new", "", None]},
            after={
                "spec": ["color=red; size=5", "size = 7;new", "", None],
                "spec_size": ["5", "7", None, None],
                "spec_color": ["red", None, None, None],
            },
        ),
        Example(
            params={"column": "query", "pair_separator": "&", "keys": ["id", "q"], "prefix": ""},
            before={"query": ["id=1&q=a=b&id=2&x=0", "q=", None]},
            after={"query": ["id=1&q=a=b&id=2&x=0", "q=", None], "id": ["2", None, None], "q": ["a=b", "", None]},
        ),
    )

    column: TextColumn
    """Column to take apart."""
    pair_separator: str = Field(";", min_length=1)
    """What stands between two pairs, taken literally."""
    key_separator: str = Field("=", min_length=1)
    """What stands between a key and its value, taken literally; behind the first, others belong to the value."""
    keys: tuple[str, ...] = ()
    """The keys to make columns of; left empty, all that occur, the most frequent first, 100 at most. White space around
    keys and values does not count."""
    prefix: str | None = None
    """New columns are named with this and the key; left empty, with the column's name and ``_``."""

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if self.pair_separator == self.key_separator:
            raise ValueError(f"{self.pair_separator!r} cannot separate both pairs and keys. Change one of them.")
        twice = next((each for each in self.keys if self.keys.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} is listed more than once.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self.keys:
            yield from taken(self._name(each), schemas[0], "prefix")

    def _name(self, key: str) -> str:
        name = category_name(self.column, key)
        return name if self.prefix is None else f"{self.prefix}{name.removeprefix(f'{self.column}_')}"

    def fit(self, ask: Ask) -> Keys:
        keys: list[str] = list(self.keys)
        if not keys:
            found = self._pairs().list.eval(
                pl.when(_value(self.key_separator).is_not_null()).then(_key(self.key_separator))
            )
            keys = list(ask(ValueCounts(found.list.drop_nulls(), MOST_KEYS, explode=True))[0])
        names = free_names(map(self._name, keys), ask.schemas[0].names())
        return Keys(columns=dict(zip(keys, names, strict=True)))

    def _pairs(self) -> pl.Expr:
        return exactly(self.column).cast(pl.String).str.split(self.pair_separator)

    def exprs(self, learned: Keys) -> Iterator[pl.Expr]:
        key, value = _key(self.key_separator), _value(self.key_separator)
        for each, name in learned.columns.items():
            # Of a key that is repeated, the last counts.
            values = self._pairs().list.eval(pl.when(key == each).then(value)).list.drop_nulls()
            yield values.list.last().alias(name)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        key, value = _key(self.key_separator), _value(self.key_separator)
        loose = self._pairs().list.eval(value.is_null() & (key != "")).list.any()
        yield Failure(
            column=self.column, where=loose, what="have text that is no pair of key and value: it is left out"
        )
        if learned is not None:
            new = self._pairs().list.eval(value.is_not_null() & ~key.is_in(list(learned.columns))).list.any()
            yield Failure(column=self.column, where=new, what="have keys without a column: their values are left out")


def _key(separator: str) -> pl.Expr:
    return pl.element().str.splitn(separator, 2).struct.field("field_0").str.strip_chars()


def _value(separator: str) -> pl.Expr:
    return pl.element().str.splitn(separator, 2).struct.field("field_1").str.strip_chars()


class FormatTemplate(RowTransform):
    """Write text with the values of columns in it: "{name} owes {amount:,.2f}"."""

    id = "format_template"
    title = "Build text from template"
    terms = ("string interpolation", "concatenate", "format string", "f-string", "combine columns", "label")
    missing = "Missing values become empty text, or make the whole text missing, as chosen."
    examples = (
        Example(
            params={"template": "{name} owes {amount:,.2f} since {since:%d %b %Y}", "output": "text"},
            before={"name": ["Ann", "Bo"], "amount": [1234.5, None], "since": [None, None]},
            after={
                "name": ["Ann", "Bo"],
                "amount": [1234.5, None],
                "since": [None, None],
                "text": ["Ann owes 1,234.50 since ", "Bo owes  since "],
            },
            dtypes={"since": pl.Date()},
        ),
        Example(
            params={"template": "{{{id:05d}}}", "output": "code", "handle_missing": "null"},
            before={"id": [42, None]},
            after={"id": [42, None], "code": ["{00042}", None]},
        ),
    )

    template: str = Field(min_length=1)
    """The text, with the names of columns in braces: ``{name}``. A format may follow a colon: of numbers as in Python
    (``{price:,.2f}``, ``{share:.1%}``, ``{id:05d}``), of dates and times as in strftime (``{day:%d.%m.%Y}``). Braces
    themselves are doubled: ``{{``."""
    output: NewColumn
    """Name of the new column."""
    handle_missing: Literal["empty", "null"] = "empty"
    """What a missing value makes: nothing where it would be, or a missing text."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        names = [name for _, name in _pieces(self.template) if name is not None]
        if not names:
            raise ValueError(f"{self.template!r} names no column. Put the name of one in braces, as in {{name}}.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        for _, place in _pieces(self.template):
            if place is not None:
                yield from _place_problems(place, schemas[0])

    def columns_read(self, table: int = 0) -> Iterator[str]:
        for _, place in _pieces(self.template):
            if place is not None:
                yield _named(place, self._schemas[0])[0]

    def exprs(self) -> Iterator[pl.Expr]:
        parts = []
        for text, place in _pieces(self.template):
            parts.append(pl.lit(text))
            if place is not None:
                value = self._written(*_named(place, self._schemas[0]))
                parts.append(value.fill_null("") if self.handle_missing == "empty" else value)
        yield pl.concat_str(parts).alias(self.output)

    def _written(self, name: str, format: str) -> pl.Expr:
        dtype, value = self.dtype(name), self.present(name)
        if not format or dtype == pl.Null:
            return as_text(value, dtype).cast(pl.String)
        if dtype.is_temporal():
            return as_text(value, dtype, format)
        whole = format.endswith("d")
        number = value.cast(pl.Int64) if whole else value
        return over_distinct(number, lambda each: f"{each:{format}}", pl.String())


def _pieces(template: str) -> list[tuple[str, str | None]]:
    """The template taken apart: text, and what stands in braces behind it.

    Raises:
        ValueError: a brace has no counterpart.
    """
    pieces: list[tuple[str, str | None]] = []
    text = ""
    for found in re.finditer(r"(?s)(\{\{|\}\})|\{([^{}]+)\}|([{}])|[^{}]+", template):
        doubled, place, single = found.groups()
        if single:
            advice = "Close it, write a name in it, or double it to have the brace itself."
            raise ValueError(f"The template has a single {single!r} at character {found.start() + 1}. {advice}")
        if place:
            pieces.append((text, place))
        text = "" if place else text + (doubled[0] if doubled else found[0])
    return [*pieces, (text, None)]


def _named(place: str, schema: pl.Schema) -> tuple[str, str]:
    """The column and the format that stand in braces; a name may hold colons itself."""
    if place in schema:
        return place, ""
    name, _, format = place.partition(":")
    return name, format


def _place_problems(place: str, schema: pl.Schema) -> Iterator[Problem]:
    name, format = _named(place, schema)
    if name not in schema:
        yield Problem(f"Column {name!r} is not in the table.", did_you_mean(name, schema), "template")
        return
    dtype = schema[name]
    held = type_name(dtype)
    if dtype.is_nested() or dtype == pl.Binary:
        yield Problem(f"Column {name!r} holds {held} values, which are no text.", "Choose another column.", "template")
    elif format and dtype.is_numeric():
        if not NUMBER_FORMAT.fullmatch(format) or (format.endswith("d") and not dtype.is_integer()):
            advice = "Use one such as ,.2f or .1% or, for whole numbers, 05d."
            yield Problem(f"{format!r} is no format for the {held} column {name!r}.", advice, "template")
    elif format and dtype in (pl.Date, pl.Datetime, pl.Time):
        if not _writes(format, dtype):
            advice = "Use one such as %Y-%m-%d for dates or %H:%M for times."
            yield Problem(f"{format!r} is no format for the {held} column {name!r}.", advice, "template")
    elif format and dtype != pl.Null:
        found = f"Column {name!r} holds {held} values, which take no format."
        yield Problem(found, f"Remove {':' + format!r}.", "template")


def _writes(format: str, dtype: pl.DataType) -> bool:
    """Whether dates or times of a type can be written in a format."""
    try:
        pl.Series([datetime(2001, 2, 3)]).cast(dtype).dt.to_string(format)
    except pl.exceptions.ComputeError:
        return False
    return True


TRANSFORMS: tuple[type[Transform], ...] = (ExtractKeyValues, FormatTemplate)
