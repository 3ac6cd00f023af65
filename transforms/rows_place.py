"""Rows chosen by their place: the last, a range, every so many, the top ones; and rows added by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import SortKeys
from transforms.core.columns import AnyKeyColumns
from transforms.core.conditions import typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.params import Scalar
from transforms.core.relations import Concat, Limit, MapRows, Order, Relation, Sort, Values, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform
from transforms.rows import fits


class RowsByPlace(TableTransform):
    """Keeps rows by their place in an order, or in the table as it comes; a member says which in :meth:`kept`.

    The order of a table as it comes is defined right after a sort or where the source has an order. Rows equal in
    every key of an order are placed by a hash of their values, the same on every engine.
    """

    training_only = True
    changes_rows = True
    missing = "Missing values to order by, NaN among them, come last; others do not matter and stay missing."

    order_by: tuple[SortKey, ...]

    def kept(self, place: pl.Expr, total: pl.Expr) -> pl.Expr:
        """Whether a row stays, by its place from 1 and the number of rows."""
        raise NotImplementedError(f"{type(self).__name__} does not say which rows it keeps.")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        ready = sortable(tables[0], self.order_by, self._schemas[0], break_ties=bool(self.order_by))
        kept = self.kept(pl.col("__place"), pl.col("__rows"))
        helpers, functions = ["__place", *ready.added], [WindowFunction("row_number", "__place")]
        rows = ready.table
        if "__rows" in kept.meta.root_names():
            rows = MapRows(rows, AddColumns((pl.lit(1, pl.Int64).alias("__one"),)))
            functions.append(WindowFunction("group", "__rows", "__one", "count"))
            helpers += ["__one", "__rows"]
        placed = Window(rows, (), ready.by, tuple(functions))
        return MapRows(placed, KeepRows(kept, tuple(helpers)))


class KeepLastRows(RowsByPlace):
    """Keep the last rows, in an order or of the table as it comes."""

    id = "keep_last_rows"
    title = "Keep last rows"
    terms = ("tail", "bottom rows", "latest rows", "last n")
    examples = (
        Example(
            params={"rows": 2, "order_by": [{"column": "day"}]},
            before={"day": [3, 1, None, 2], "name": ["c", "a", "d", "b"]},
            after={"day": [3, None], "name": ["c", "d"]},
        ),
        Example(
            params={"rows": 1},
            before={"id": [1, None, 3], "name": ["a", "b", "c"]},
            after={"id": [3], "name": ["c"]},
        ),
    )

    rows: int = Field(1000, ge=0)
    """How many rows to keep; all, where there are fewer."""
    order_by: tuple[SortKey, ...] = ()
    """What the places follow; left empty, the table as it comes."""

    def kept(self, place: pl.Expr, total: pl.Expr) -> pl.Expr:
        return place > total - self.rows


class RemoveFirstLastRows(RowsByPlace):
    """Remove the first and the last rows, such as the titles and totals of a report."""

    id = "remove_first_last_rows"
    title = "Remove first or last rows"
    terms = ("skip rows", "drop header rows", "drop footer", "remove total row", "trim rows")
    examples = (
        Example(
            params={"first": 1, "last": 1},
            before={"item": ["Report", "a", "b", "Total"], "n": [None, 1, 2, 3]},
            after={"item": ["a", "b"], "n": [1, 2]},
        ),
        Example(
            params={"last": 1, "order_by": [{"column": "n", "descending": True}]},
            before={"n": [1, 3, None, 2]},
            after={"n": [1, 3, 2]},
        ),
    )

    first: int = Field(0, ge=0)
    """How many rows to remove at the beginning."""
    last: int = Field(0, ge=0)
    """How many rows to remove at the end."""
    order_by: tuple[SortKey, ...] = ()
    """What the places follow; left empty, the table as it comes."""

    def kept(self, place: pl.Expr, total: pl.Expr) -> pl.Expr:
        after = place > self.first
        return after & (place <= total - self.last) if self.last else after


class KeepRowRange(RowsByPlace):
    """Keep the rows from one place to another."""

    id = "keep_row_range"
    title = "Keep a range of rows"
    terms = ("slice", "offset and limit", "rows from to", "page of rows", "row numbers")
    examples = (
        Example(
            params={"start": 2, "rows": 2},
            before={"id": [10, None, 30, 40]},
            after={"id": [None, 30]},
        ),
        Example(
            params={"start": 3, "order_by": [{"column": "id"}]},
            before={"id": [40, 10, None, 30]},
            after={"id": [40, None]},
        ),
    )

    start: int = Field(1, ge=1)
    """Place of the first row to keep, 1 being the first of all."""
    rows: int | None = Field(None, ge=0)
    """How many rows to keep; left empty, all up to the end."""
    order_by: tuple[SortKey, ...] = ()
    """What the places follow; left empty, the table as it comes."""

    def kept(self, place: pl.Expr, total: pl.Expr) -> pl.Expr:
        after = place >= self.start
        return after if self.rows is None else after & (place < self.start + self.rows)


class KeepEveryNthRow(RowsByPlace):
    """Keep one row of every so many."""

    id = "keep_every_nth_row"
    title = "Keep every n-th row"
    terms = ("systematic sample", "alternate rows", "every second row", "thin out", "step")
    examples = (
        Example(
            params={"n": 2, "offset": 1},
            before={"id": [1, 2, 3, None, 5]},
            after={"id": [2, None]},
        ),
        Example(
            params={"n": 3, "order_by": [{"column": "id", "descending": True}]},
            before={"id": [1, 2, 3, None, 5]},
            after={"id": [1, 5]},
        ),
    )

    n: int = Field(2, ge=1)
    """Keep one row of so many."""
    offset: int = Field(0, ge=0)
    """How many rows come before the first that is kept."""
    order_by: tuple[SortKey, ...] = ()
    """What the places follow; left empty, the table as it comes."""

    def kept(self, place: pl.Expr, total: pl.Expr) -> pl.Expr:
        passed = place - 1 - self.offset
        return (passed >= 0) & (passed % self.n == 0)


class KeepTopRows(TableTransform):
    """Keep the first rows in an order, such as the largest values, in the whole table or in each group.

    The rows come out in that order, group by group.
    """

    id = "keep_top_rows"
    title = "Keep top N rows"
    terms = ("top n", "largest", "smallest", "nlargest", "first per group", "best rows")
    training_only = True
    changes_rows = True
    missing = "Rows without a value to order by, NaN among them, come last; missing groups are one group."
    examples = (
        Example(
            params={"by": [{"column": "score", "descending": True}], "rows": 2},
            before={"name": ["a", "b", "c", "d"], "score": [7, 9, None, 8]},
            after={"name": ["b", "d"], "score": [9, 8]},
        ),
        Example(
            params={"by": [{"column": "x"}], "rows": 1, "group_by": ["g"], "ties": "keep_all"},
            before={"g": ["b", "a", "a", None, "b"], "x": [2.0, 1.0, 1.0, None, 3.0]},
            after={"g": ["a", "a", "b", None], "x": [1.0, 1.0, 2.0, None]},
        ),
    )

    by: SortKeys
    """What rows are ordered by; descending for the largest first."""
    rows: int = Field(10, ge=1)
    """How many rows to keep, of each group if there are groups."""
    group_by: AnyKeyColumns = ()
    """Keep so many rows of each combination of these columns."""
    ties: Literal["cut", "keep_all"] = "cut"
    """Of rows that are equal in every key, keep as many as fit, by the hash of the row, or all of them; of rows
    without a value in any key only as many as fit."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        ready = sortable(tables[0], self.by, schema, break_ties=True)
        if not self.group_by and self.ties == "cut":
            return MapRows(Limit(Sort(ready.table, ready.by), self.rows), DropColumns(ready.added))
        groups = group_keys(self.group_by, schema)
        rows = MapRows(ready.table, AddColumns(groups.added))
        ranked: Relation = Window(rows, groups.names, ready.by, (WindowFunction("row_number", "__place"),))
        place, added = pl.col("__place"), ["__place"]
        if self.ties == "keep_all":
            # The last key is the hash, by which rows that are equal in the others differ.
            ranked = Window(ranked, groups.names, ready.by[:-1], (WindowFunction("rank", "__rank"),))
            valued = pl.any_horizontal(self.present(key.column).is_not_null() for key in self.by)
            place, added = pl.when(valued).then(pl.col("__rank")).otherwise(place), [*added, "__rank"]
        kept = MapRows(ranked, KeepRows(place <= self.rows))
        ordered = Sort(kept, (*map(Order, groups.names), *ready.by))
        return MapRows(ordered, DropColumns((*added, *ready.added, *groups.added_names)))


class AppendRows(TableTransform):
    """Add rows that are written by hand."""

    id = "append_rows"
    title = "Add rows by hand"
    terms = ("insert rows", "new rows", "manual rows", "type in data", "add records")
    changes_rows = True
    missing = "Columns for which a row names no value are missing in it; the table's own values stay as they are."
    examples = (
        Example(
            params={"rows": [{"id": 3, "name": "Cy"}, {"name": "Di"}]},
            before={"id": [1, None], "name": ["Ann", "Bo"]},
            after={"id": [1, None, 3, None], "name": ["Ann", "Bo", "Cy", "Di"]},
        ),
        Example(
            params={"rows": [{"x": 1}], "position": "start"},
            before={"x": [0.5, None], "t": ["a", "b"]},
            after={"x": [1.0, 0.5, None], "t": [None, "a", "b"]},
        ),
    )

    rows: tuple[dict[str, Scalar | None], ...] = Field(min_length=1)
    """The rows, each a value by column, dates as ISO text."""
    position: Literal["end", "start"] = "end"
    """Add them behind the rows of the table or before them, where it has an order."""

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.rows) > 10_000:
            raise ValueError(f"{len(self.rows):,} rows are too many to write by hand. Append them as a table.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        schema = schemas[0]
        for i, row in enumerate(self.rows):
            for name, value in row.items():
                if name not in schema:
                    advice = did_you_mean(name, schema) or "Leave it out, or add the column first."
                    yield Problem(f"Row {i + 1} has a value for {name!r}, which is no column.", advice, "rows")
                elif value is not None and (schema[name] == pl.Null or not fits(value, schema[name])):
                    found = f"Row {i + 1} has {value!r} for {name!r}, which holds {type_name(schema[name])} values."
                    yield Problem(found, "Write the value in the column's type, or change the type first.", "rows")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        made = Values(pl.DataFrame([self._column(name, dtype) for name, dtype in self._schemas[0].items()]))
        return Concat((made, tables[0]) if self.position == "start" else (tables[0], made))

    def _column(self, name: str, dtype: pl.DataType) -> pl.Series:
        given = [row.get(name) for row in self.rows]
        values = [None if each is None else typed(each, dtype) for each in given]
        if dtype.is_integer():
            return pl.Series(name, [None if each is None else int(each) for each in values], dtype=dtype)
        return (
            pl.Series(name, values, dtype=pl.Float64).cast(dtype)
            if dtype.is_numeric()
            else pl.Series(name, values, dtype=dtype)
        )


TRANSFORMS: tuple[type[Transform], ...] = (
    KeepLastRows,
    RemoveFirstLastRows,
    KeepRowRange,
    KeepEveryNthRow,
    KeepTopRows,
    AppendRows,
)
