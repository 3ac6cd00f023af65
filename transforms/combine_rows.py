"""Two tables of the same kind: rows that both have, or only the first, and columns put beside each other by place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import polars as pl

from transforms.combine import Suffix, row_count
from transforms.core.columns import ALL, KeyColumns
from transforms.core.dtypes import common_type
from transforms.core.errors import Problem
from transforms.core.relations import (
    Distinct,
    Join,
    MapRows,
    Order,
    Relation,
    Sort,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, DropColumns, RefuseRows, SelectColumns, nan_as_null
from transforms.core.transform import Example, TableTransform, Transform
from transforms.group_matching import key_names, match_keys, same_columns_problems


class SetOfRows(TableTransform):
    """Keeps rows of the left table, each once, by whether the right table has them too."""

    inputs = ("left", "right")
    changes_rows = True
    missing = "Missing values, NaN among them, equal each other."
    how: ClassVar[Literal["semi", "anti"]]

    columns: KeyColumns = ALL
    """Columns to compare, of the same names in both tables, and to keep."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.columns:
            yield Problem("There is no column to compare.", "Choose at least one.", "columns")
        yield from same_columns_problems(self.columns, schemas[0], schemas[1], "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        types = [common_type(self.dtype(name), self.dtype(name, 1)) or pl.Null() for name in self.columns]
        keys, names = match_keys(self.columns, types), key_names(self.columns)
        kept = MapRows(tables[0], SelectColumns(tuple(map(pl.col, self.columns))))
        left = MapRows(nan_as_null(kept, self.columns, self._schemas[0]), AddColumns(keys))
        right = MapRows(tables[1], SelectColumns(keys))
        found = MapRows(Join(left, right, names, names, self.how), DropColumns(names))
        return Distinct(found, self.columns)


class IntersectRows(SetOfRows):
    """Keep the rows that both tables have, each once."""

    id = "intersect_rows"
    title = "Rows in both"
    terms = ("intersection", "intersect", "common rows", "set operation")
    how = "semi"
    examples = (
        Example(
            params={},
            before={"id": [1, 2, 2, None], "name": ["Ann", "Bo", "Bo", None]},
            others=({"name": [None, "Bo", "Ann"], "id": [None, 2, 9]},),
            after={"id": [2, None], "name": ["Bo", None]},
        ),
    )


class ExceptRows(SetOfRows):
    """Keep the rows of the first table that the second does not have, each once."""

    id = "except_rows"
    title = "Rows only in the first"
    terms = ("minus", "set difference", "except", "new rows", "rows not in")
    how = "anti"
    examples = (
        Example(
            params={"columns": ["id"]},
            before={"id": [1, 2, 1, None], "name": ["Ann", "Bo", "Cy", None]},
            others=({"id": [2, None], "zone": ["a", "b"]},),
            after={"id": [1]},
        ),
    )


class AppendColumns(TableTransform):
    """Put two tables side by side by the place of their rows: first to first, second to second.

    Rows have a place right after an import or a sort. On Spark they keep it through steps that look at one row at a
    time, and lose it in a join or a group; where both tables have a key, a join is the safer way.
    """

    id = "append_columns"
    title = "Append columns side by side"
    terms = ("cbind", "paste columns", "concat horizontally", "zip tables", "add columns by row order")
    inputs = ("left", "right")
    changes_rows = True
    missing = "Where a table has fewer rows, its columns are missing in the last rows, if that is allowed."
    examples = (
        Example(
            params={"on_unequal": "pad"},
            before={"id": [3, 1, 2], "name": ["Ann", None, "Cy"]},
            others=({"id": [7, 8], "x": [0.5, None]},),
            after={
                "id": [3, 1, 2],
                "name": ["Ann", None, "Cy"],
                "id_right": [7, 8, None],
                "x": [0.5, None, None],
            },
        ),
    )

    on_unequal: Literal["error", "pad"] = "error"
    """When one table has fewer rows: stop the run, or leave its columns missing in the last rows."""
    suffix: Suffix = "_right"
    """Added to names of right columns that the left table has already."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, right = (Window(each, (), (), (WindowFunction("row_number", "__place"),)) for each in tables)
        both: Relation = Join(left, right, ("__place",), ("__place",), "full", self.suffix)
        if self.on_unequal == "error":
            both = MapRows(Join(both, self._sizes(*tables), (), (), "cross"), DropColumns(("__left", "__right")))
        return MapRows(Sort(both, (Order("__place"),)), DropColumns(("__place",)))

    def _sizes(self, left: Relation, right: Relation) -> Relation:
        sizes = Join(row_count(left, "__left"), row_count(right, "__right"), (), (), "cross")
        unequal = RefuseRows(
            pl.col("__left") != pl.col("__right"),
            "The tables have different numbers of rows, {}, so their rows do not belong together by place. Join them "
            "by a key, or allow the shorter one to be filled up.",
            pl.format("{} and {}", "__left", "__right"),
        )
        return MapRows(sizes, unequal)


TRANSFORMS: tuple[type[Transform], ...] = (IntersectRows, ExceptRows, AppendColumns)
