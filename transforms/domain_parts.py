"""Text with a meaning of its own, read by a function of Python once for each different text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field, field_validator

from transforms.core.columns import TextColumn, taken
from transforms.core.conversion import as_text, blank
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Failure, RowTransform
from transforms.date_parts import each_once

READ = "__read"
"""The field that says whether a value could be read."""
PARTS = "__parts"
"""The column that holds for a moment what was read."""


def read_distinct(
    keys: Mapping[str, pl.Expr], read: Callable[..., tuple[Any, ...] | None], types: Mapping[str, pl.DataType]
) -> pl.Expr:
    """An object of what a function gives for values that stand in a row together, and :data:`READ`.

    Where the first value is missing the function is not called; there, and where it gives ``None``, all is null.

    Args:
        keys: the values by name, which are passed in this order.
        read: gives a value for each of ``types``, and always the same for the same values.
        types: the types of what it gives, by name.
    """
    first = next(iter(keys))
    schema = {**types, READ: pl.Boolean()}
    nothing = (None,) * len(schema)

    def of_rows(rows: pl.Series) -> pl.Series:
        values = rows.struct.unnest()
        distinct = values.filter(pl.col(first).is_not_null()).unique()
        found = [(*each, True) if (each := read(*row)) is not None else nothing for row in distinct.rows()]
        results = pl.DataFrame(found, schema=schema, orient="row")
        both = pl.concat([distinct, results], how="horizontal")
        placed = values.join(both, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
        return placed.select(list(schema)).to_struct(rows.name)

    rows = pl.struct(value.alias(name) for name, value in keys.items())
    return rows.map_batches(of_rows, return_dtype=pl.Struct(schema), is_elementwise=True)


def from_groups(
    text: pl.Expr, pattern: str, types: Mapping[str, pl.DataType], *steps: Mapping[str, pl.Expr]
) -> pl.Expr:
    """An object made of the groups of a pattern, which is matched once however often they are used.

    Args:
        text: what to match.
        pattern: its groups are columns by their names, and ``text`` is a column too.
        types: the fields of the object.
        steps: columns to add by name, one step after the other.
    """

    def of_texts(texts: pl.Series) -> pl.Series:
        rows = texts.str.extract_groups(pattern).struct.unnest().with_columns(texts.alias("text"))
        for step in steps:
            rows = rows.with_columns(value.alias(name) for name, value in step.items())
        return rows.select(pl.col(name).cast(dtype) for name, dtype in types.items()).to_struct(texts.name)

    return text.map_batches(of_texts, return_dtype=pl.Struct(dict(types)), is_elementwise=True)


class ReadText(RowTransform):
    """Reads the text in a column; a member says how in ``read``, and where it looks besides in :meth:`keys`."""

    column: TextColumn
    """Column to read."""

    def text(self) -> pl.Expr:
        """The column as text without white space around it, null where it is null, NaN or blank."""
        text = as_text(self.present(self.column), self.dtype(self.column)).cast(pl.String)
        return pl.when(~blank(text)).then(text.str.strip_chars())

    def keys(self) -> dict[str, pl.Expr]:
        """What is passed to ``read``, by a name that no part has."""
        return {"__text": self.text()}


class TextParts(ReadText):
    """Adds a column for each chosen part of the text in a column."""

    types: ClassVar[Mapping[str, pl.DataType]]
    """The parts there are, and their types. One called ``valid`` is false where the text could not be read."""
    lost: ClassVar[str]
    """Why there are no parts."""

    parts: tuple[str, ...] = Field(min_length=1)
    """What to add."""
    prefix: str | None = None
    """New columns are named with this and the part; left empty, with the column's name and ``_``."""

    @field_validator("parts")
    @classmethod
    def _each_once(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(parts)

    def read(self, *values: Any) -> tuple[Any, ...] | None:
        """A value for each of ``types``; ``None`` where the text cannot be read."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def found(self) -> pl.Expr:
        """An object of all parts."""
        return read_distinct(self.keys(), self.read, self.types)

    def names(self) -> dict[str, NewColumn]:
        """The new column of each chosen part."""
        prefix = f"{self.column}_" if self.prefix is None else self.prefix
        return {part: f"{prefix}{part}" for part in self.parts}

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.names().values():
            yield from taken(name, schemas[0], "prefix")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        # In a column for a moment, since every part would be read anew.
        read = rows.with_columns(self.found().alias(PARTS))
        parts = (pl.col(PARTS).struct.field(part).alias(name) for part, name in self.names().items())
        return read.with_columns(parts).drop(PARTS)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(self.columns_read()) for name in self.names().values()}

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if not {"valid", "reason"}.issuperset(self.parts):
            sound = self.found().struct.field("valid" if "valid" in self.types else READ)
            where = self.text().is_not_null() & ~sound.fill_null(value=False)
            yield Failure(column=self.column, where=where, what=self.lost)


OnError = Literal["null", "keep", "fail"]
CONSEQUENCES: dict[OnError, str] = {"null": "became missing", "keep": "stay as they are", "fail": "stop the run"}


class RewrittenText(ReadText):
    """Writes the text in a column in another way."""

    wanted: ClassVar[str]
    """What the text should be, in the plural."""

    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""
    on_error: OnError = "null"
    """Text that cannot be read becomes missing, stays as it is, or stops the run."""

    def read(self, *values: Any) -> str | None:
        """The new text; ``None`` where the text cannot be read."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def rewritten(self) -> pl.Expr:
        """The new text, null where the text cannot be read."""

        def read(*values: Any) -> tuple[Any, ...] | None:
            found = self.read(*values)
            return None if found is None else (found,)

        return read_distinct(self.keys(), read, {"value": pl.String()}).struct.field("value")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        value = self.rewritten()
        if self.on_error == "keep":
            value = pl.coalesce(value, as_text(self.present(self.column), self.dtype(self.column)).cast(pl.String))
        yield value.alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        where = self.text().is_not_null() & self.rewritten().is_null()
        what = f"are no {self.wanted}: they {CONSEQUENCES[self.on_error]}"
        yield Failure(column=self.column, where=where, what=what, stop=self.on_error == "fail")
