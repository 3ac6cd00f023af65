"""Rows that occur more than once, marked, counted or singled out; and runs of equal rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import polars as pl

from transforms.aggregate import SortKeys
from transforms.core.columns import ALL, AnyKeyColumns, Columns, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import MapRows, Order, Relation, Sort, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, Transform
from transforms.duplicates import EqualRows

EQUAL = "Missing values, NaN among them, equal each other and nothing else."


def with_copies(rows: Relation, keys: tuple[str, ...], output: str) -> Relation:
    """The rows with the number of those that are equal to each, itself among them."""
    ones = MapRows(rows, AddColumns((pl.lit(1, pl.Int64).alias("__one"),)))
    counted = Window(ones, keys, (), (WindowFunction("group", output, "__one", "count"),))
    return MapRows(counted, DropColumns(("__one",)))


class FlagDuplicates(EqualRows):
    """Add a column that marks rows which are equal in the chosen columns."""

    id = "flag_duplicates"
    title = "Flag duplicate rows"
    terms = ("mark duplicates", "is duplicate", "find duplicates", "duplicated")
    missing = f"{EQUAL} Missing values to order by come last."
    examples = (
        Example(
            params={"columns": ["email"], "order_by": [{"column": "seen"}]},
            before={"email": ["a@x.no", "b@x.no", "a@x.no", None, None], "seen": [2, 1, 1, 1, None]},
            after={
                "email": ["a@x.no", "b@x.no", "a@x.no", None, None],
                "seen": [2, 1, 1, 1, None],
                "is_duplicate": [True, False, False, False, True],
            },
        ),
        Example(
            params={"columns": ["name"], "mark": "all", "ignore_case": True, "trim": True},
            before={"name": ["Ann", "ann ", "Bo", None]},
            after={"name": ["Ann", "ann ", "Bo", None], "is_duplicate": [True, True, False, False]},
        ),
    )

    columns: Columns = ALL
    """Columns that have to be equal."""
    mark: Literal["all_but_first", "all"] = "all_but_first"
    """Mark all of the equal rows but the first, or all of them."""
    order_by: tuple[SortKey, ...] = ()
    """What first follows; among equal rows, and without an order among all, the hash of the row decides."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    trim: bool = False
    """Take no notice of white space around text."""
    output: NewColumn = "is_duplicate"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        if self.mark == "all" and self.order_by:
            yield Problem("An order has no use when all are marked.", "Mark all but the first.", "order_by")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if not self.columns:
            return MapRows(tables[0], AddColumns((pl.lit(False).alias(self.output),)))
        keys = self.keys()
        added: tuple[str, ...] = ()
        if self.mark == "all":
            rows = with_copies(keys.on(tables[0]), keys.names, "__place")
        else:
            ready = sortable(tables[0], self.order_by, self._schemas[0], break_ties=True)
            number = WindowFunction("row_number", "__place")
            rows, added = Window(keys.on(ready.table), keys.names, ready.by, (number,)), ready.added
        marked = MapRows(rows, AddColumns(((pl.col("__place") > 1).alias(self.output),)))
        return MapRows(marked, DropColumns(("__place", *added, *keys.added_names)))


class KeepDuplicates(EqualRows):
    """Keep only rows that are equal to another in the chosen columns, equal ones beside each other."""

    id = "keep_duplicates"
    title = "Keep only duplicate rows"
    terms = ("show duplicates", "inspect duplicates", "repeated rows", "find duplicates")
    changes_rows = True
    missing = f"{EQUAL} They come last."
    examples = (
        Example(
            params={"columns": ["name"]},
            before={"id": [1, 2, 3, 4, 5], "name": ["Bo", None, "Ann", "Bo", None]},
            after={"id": [1, 4, 2, 5], "name": ["Bo", "Bo", None, None], "occurrences": [2, 2, 2, 2]},
        ),
    )

    columns: Columns = ALL
    """Columns that have to be equal."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    trim: bool = False
    """Take no notice of white space around text."""
    output: NewColumn | None = "occurrences"
    """Name of a column that says how many rows are equal; none when empty."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        keys = self.keys()
        if not keys.names:
            none = MapRows(tables[0], KeepRows(pl.lit(False)))
            count = () if self.output is None else (pl.lit(1, pl.Int64).alias(self.output),)
            return MapRows(none, AddColumns(count))
        counted = with_copies(keys.on(tables[0]), keys.names, self.output or "__copies")
        kept: Relation = MapRows(counted, KeepRows(pl.col(self.output or "__copies") > 1))
        nested = {name for name, dtype in self._schemas[0].items() if dtype.is_nested()}
        order = tuple(Order(name) for name in keys.names if name not in nested)
        kept = Sort(kept, order) if order else kept
        return MapRows(kept, DropColumns((*keys.added_names, *(() if self.output else ("__copies",)))))


class CountDuplicates(EqualRows):
    """Add a column that says how many rows are equal to each in the chosen columns, itself among them."""

    id = "count_duplicates"
    title = "Count occurrences of each row"
    terms = ("number of duplicates", "frequency of row", "group size", "occurrences")
    missing = EQUAL
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [1.5, None, 1.5, float("nan"), 2.0]},
            after={"x": [1.5, None, 1.5, float("nan"), 2.0], "occurrences": [2, 2, 2, 2, 1]},
        ),
    )

    columns: Columns = ALL
    """Columns that have to be equal."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    trim: bool = False
    """Take no notice of white space around text."""
    output: NewColumn = "occurrences"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        keys = self.keys()
        if not keys.names:
            return MapRows(tables[0], AddColumns((pl.lit(1, pl.Int64).alias(self.output),)))
        return MapRows(with_copies(keys.on(tables[0]), keys.names, self.output), DropColumns(keys.added_names))


class DropConsecutiveDuplicates(EqualRows):
    """Keep the first row of each run of rows that are equal in the chosen columns, as in a log of states."""

    id = "drop_consecutive_duplicates"
    title = "Drop consecutive repeats"
    terms = ("run length dedupe", "status changes only", "collapse runs", "repeated readings", "keep changes")
    changes_rows = True
    missing = f"{EQUAL} Missing values to order by come last; missing group values are one group."
    examples = (
        Example(
            params={"columns": ["state"], "order_by": [{"column": "at"}]},
            before={"at": [4, 1, 2, 3, 5, 6], "state": ["on", "on", "on", "off", None, None]},
            after={"at": [4, 1, 3, 5], "state": ["on", "on", "off", None]},
        ),
        Example(
            params={"columns": ["x"], "order_by": [{"column": "at"}], "by": ["id"]},
            before={"id": ["a", "b", "a", "b"], "at": [1, 2, 3, 4], "x": [1.5, 1.5, 1.5, None]},
            after={"id": ["a", "b", "b"], "at": [1, 2, 4], "x": [1.5, 1.5, None]},
        ),
    )

    columns: Columns
    """Columns that have to be equal."""
    order_by: SortKeys
    """Which rows come one after the other; among equal ones the hash of the row decides."""
    by: AnyKeyColumns = ()
    """Look at each group of these columns on its own."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    trim: bool = False
    """Take no notice of white space around text."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if not self.columns:
            return tables[0]
        schema, keys = self._schemas[0], self.keys()
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        groups = group_keys(self.by, schema)
        rows = MapRows(keys.on(ready.table), AddColumns(groups.added))
        shifts = {name: f"__before_{i}" for i, name in enumerate(keys.names)}
        functions = (
            WindowFunction("row_number", "__place"),
            *(WindowFunction("shift", before, name) for name, before in shifts.items()),
        )
        placed = Window(rows, groups.names, ready.by, functions)
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(before)) for name, before in shifts.items())
        helpers = ("__place", *shifts.values(), *ready.added, *keys.added_names, *groups.added_names)
        return MapRows(placed, KeepRows(~same | (pl.col("__place") == 1), helpers))


TRANSFORMS: tuple[type[Transform], ...] = (
    FlagDuplicates,
    KeepDuplicates,
    CountDuplicates,
    DropConsecutiveDuplicates,
)
