"""Columns of one value, and of an id for each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import polars as pl

from transforms.core.columns import ALL, KeyColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text, converted, convertible
from transforms.core.distinct import over_distinct
from transforms.core.dtypes import TypeName
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.random import draw
from transforms.core.relations import MapRows, Order, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns
from transforms.core.sorting import group_keys
from transforms.core.transform import Example, RowTransform, TableTransform, Transform


class AddConstantColumn(RowTransform):
    """Add a column that has the same value in every row."""

    id = "add_constant_column"
    title = "Add constant column"
    terms = ("literal", "fixed value", "same value", "static column", "add value")
    missing = "Other columns are not looked at; without a value, the new column is missing in every row."
    examples = (
        Example(
            params={"output": "source", "value": "web"},
            before={"id": [1, None]},
            after={"id": [1, None], "source": ["web", "web"]},
        ),
        Example(
            params={"output": "score", "value": "1", "type": "number"},
            before={"id": [1, None]},
            after={"id": [1, None], "score": [1.0, 1.0]},
        ),
    )

    output: NewColumn
    """Name of the new column."""
    value: Scalar | None
    """The value, dates as ISO text; missing when empty. It may be a parameter of the flow."""
    type: TypeName | None = None
    """Type of the column; left empty, that of the value as it is written: text, whole number, number, or true/false."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        own = self._own_type()
        if self.value is None:
            return
        if own == pl.Int64 and not -(2**63) <= int(self.value) < 2**63:
            yield Problem(f"{self.value!r} is too large for a whole number.", "Write it as text or 1e30.", "value")
        elif self.type is not None and (
            not convertible(own, self.type) or pl.select(self._value()).to_series().null_count()
        ):
            yield Problem(f"{self.value!r} is no {self.type}.", "Write it in that type, or choose another.", "value")

    def _own_type(self) -> pl.DataType:
        match self.value:
            case bool():
                return pl.Boolean()
            case int():
                return pl.Int64()
            case float():
                return pl.Float64()
            case _:
                return pl.String()

    def _value(self) -> pl.Expr:
        own = self._own_type()
        literal = pl.lit(self.value, own)
        return literal if self.type is None else converted(literal, own, self.type)

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._value().alias(self.output)


class AddUuidColumn(TableTransform):
    """Add a UUID to each row, made of its values: the same rows get the same ids in every run.

    It is version 5 (SHA-1, RFC 9562) in the namespace of OIDs, of the values as a JSON list of texts; the second
    of rows with equal values has `` 2`` behind that, the third `` 3``.
    """

    id = "add_uuid_column"
    title = "Add unique id (UUID)"
    terms = ("guid", "surrogate key", "unique identifier", "row id", "hash key")
    missing = "Missing values, NaN among them, count as values and equal each other."
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Oslo", None, "Oslo"]},
            after={
                "city": ["Oslo", None, "Oslo"],
                "id": [
                    "47f58041-7269-54f8-9fa7-02878a6494e3",
                    "401168e7-c491-50d7-a515-b7abbff5fc89",
                    "1610ca9c-4009-5d28-aa1e-608a56034f00",
                ],
            },
        ),
        Example(
            params={"columns": ["city"], "unique": False, "output": "city_id"},
            before={"city": ["Oslo", "Rome", "Oslo", None], "n": [1, 2, 3, 4]},
            after={
                "city": ["Oslo", "Rome", "Oslo", None],
                "n": [1, 2, 3, 4],
                "city_id": [
                    "47f58041-7269-54f8-9fa7-02878a6494e3",
                    "64c1f6b4-d429-58a7-9e41-33e472cacea5",
                    "47f58041-7269-54f8-9fa7-02878a6494e3",
                    "401168e7-c491-50d7-a515-b7abbff5fc89",
                ],
            },
        ),
    )

    output: NewColumn = "id"
    """Name of the new column."""
    columns: KeyColumns = ALL
    """Columns whose values make the id, in this order; lists and objects cannot be among them."""
    unique: bool = True
    """Give rows that are equal in all these columns ids of their own, by the hash of the row; otherwise they share
    one, and rows need not be seen together."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        if len(schemas[0]) and not self.columns:
            yield Problem("There is no column to make an id of.", "Choose at least one.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if not self.unique:
            return MapRows(tables[0], AddColumns((self._id(self._text()),)))
        schema = self._schemas[0]
        groups = group_keys(self.columns, schema)
        drawn = MapRows(tables[0], AddColumns((*groups.added, draw(0, schema.names()).alias("__draw"))))
        copies = Window(drawn, groups.names, (Order("__draw"),), (WindowFunction("row_number", "__copy"),))
        copy = pl.col("__copy")
        again = pl.when(copy > 1).then(pl.format(" {}", copy)).otherwise(pl.lit(""))
        made = MapRows(copies, AddColumns((self._id(self._text() + again),)))
        return MapRows(made, DropColumns(("__draw", "__copy", *groups.added_names)))

    def _text(self) -> pl.Expr:
        """The values of a row as a JSON list."""
        texts = pl.concat_list([as_text(exactly(name), self.dtype(name)).cast(pl.String) for name in self.columns])
        # Only an object can be written as JSON, so the list is taken out of one again.
        return pl.struct(texts.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.head(-1)

    def _id(self, text: pl.Expr) -> pl.Expr:
        return over_distinct(text, lambda each: str(uuid5(NAMESPACE_OID, each)), pl.String()).alias(self.output)


TRANSFORMS: tuple[type[Transform], ...] = (AddConstantColumn, AddUuidColumn)
