"""Missing values filled from another table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl

from transforms.combine import MatchedTables, refuse_repeated
from transforms.core.columns import Column, ColumnField
from transforms.core.columns import column as exactly
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.relations import Distinct, Join, MapRows, Relation
from transforms.core.rowwise import AddColumns, DropColumns, SelectColumns
from transforms.core.transform import Example, Transform

OtherColumn = Annotated[str, ColumnField(table=1)]
FOUND = "__found"


class FillFromLookup(MatchedTables):
    """Fill the missing values of a column from another table, looked up by key."""

    id = "fill_from_lookup"
    title = "Fill from another dataset"
    terms = ("fillna from table", "vlookup missing", "enrich missing", "coalesce join")
    inputs = ("table", "lookup")
    missing = (
        "Null and NaN are filled; they stay where the key is missing or not found, or the value found is missing too."
    )
    examples = (
        Example(
            params={"column": "country", "left_on": ["city"], "right_on": ["name"], "source": "land"},
            before={"city": ["Oslo", "Rome", "Bonn", None], "country": [None, "Italia", None, None]},
            others=({"name": ["Oslo", "Rome", None], "land": ["Norway", "Italy", "none"]},),
            after={"city": ["Oslo", "Rome", "Bonn", None], "country": ["Norway", "Italia", None, None]},
        ),
        Example(
            params={
                "column": "price",
                "left_on": ["item", "size"],
                "right_on": ["item", "size"],
                "source": "price",
                "if_many": "first",
            },
            before={"item": ["a", "a", "b"], "size": [1, 2, 1], "price": [None, None, 5]},
            others=({"item": ["a", "a", "b"], "size": [1, 1, 1], "price": [2.5, 2.5, 9.0]},),
            after={"item": ["a", "a", "b"], "size": [1, 2, 1], "price": [2.5, None, 5.0]},
        ),
    )

    column: Column
    """Column to fill."""
    source: OtherColumn
    """Column of the other table to take values from."""
    if_many: Literal["error", "first"] = "error"
    """When the other table has a key several times: stop the run, or take one of its rows.

    One of the rows is taken by the hash of its values, the same on every engine."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        mine, theirs = self.dtype(self.column), self.dtype(self.source, 1)
        if common_type(mine, theirs) is None:
            found = (
                f"{self.column!r} holds {type_name(mine)} values and {self.source!r}, of the other table, "
                f"{type_name(theirs)} values, which do not go together."
            )
            yield Problem(found, "Change the type of one of them first.", "source")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, right = self.comparable(tables)
        dtype = common_type(self.dtype(self.column), self.dtype(self.source, 1))
        wanted = SelectColumns((*map(exactly, self.right_on), exactly(self.source).alias(FOUND)))
        right = MapRows(right, wanted)
        if self.if_many == "error":
            right = refuse_repeated(right, self.right_on, self._schemas[1], "lookup")
        else:
            right = Distinct(right, self.right_on, "first")
        joined = Join(left, right, self.left_on, self.right_on, "left")
        found = exactly(FOUND).fill_nan(None) if self.dtype(self.source, 1).is_float() else exactly(FOUND)
        both = (each.cast(dtype) if dtype is not None else each for each in (self.present(self.column), found))
        filled = AddColumns((pl.coalesce(*both).alias(self.column),))
        return MapRows(MapRows(joined, filled), DropColumns((FOUND,)))


TRANSFORMS: tuple[type[Transform], ...] = (FillFromLookup,)
