"""A table and a later version of it: taking the changes over, and showing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import Field

from transforms.combine import refuse_repeated
from transforms.core.columns import Columns, KeyColumns
from transforms.core.conversion import as_text
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.relations import Concat, Join, MapRows, Order, Relation, Sort, Window, WindowFunction
from transforms.core.rowwise import DropColumns, RefuseRows, SelectColumns, nan_as_null
from transforms.core.transform import Example, TableTransform, Transform
from transforms.group_matching import key_names, match_keys, same_columns_problems


class TwoVersions(TableTransform):
    """Matches the rows of a table with those of another version of it by keys of the same names."""

    inputs = ("left", "right")
    changes_rows = True

    on: KeyColumns
    """Key columns, of the same names in both tables."""
    columns: Columns | None = None
    """Columns to look at, of the same names in both tables; all that both have, but for the keys, when empty."""

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        if self.columns is not None:
            return self.columns
        return tuple(name for name in self._schemas[0] if name in self._schemas[1] and name not in self.on)

    def common(self, name: str) -> pl.DataType:
        """The type that holds the values of a column in both tables."""
        return common_type(self.dtype(name), self.dtype(name, 1)) or pl.Null()

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.on:
            yield Problem("There is no key to match rows by.", "Choose at least one.", "on")
        both = [name for name in self.values if name in self.on]
        if both:
            yield Problem(f"{both[0]!r} is a key, so it cannot differ.", "Leave it out of the columns.", "columns")
        yield from same_columns_problems(self.on, schemas[0], schemas[1], "on")
        yield from same_columns_problems(self.values, schemas[0], schemas[1], "columns", nested=True)


class UpsertRows(TwoVersions):
    """Update the rows of a table by those of another with the same key, and add those that are new."""

    id = "upsert_rows"
    title = "Update and insert rows"
    terms = ("merge into", "update", "upsert", "apply changes", "slowly changing")
    missing = (
        "Missing keys, NaN among them, match nothing: on the left they stay as they are, on the right they are new "
        "rows; a missing new value leaves the old one, unless chosen otherwise."
    )
    examples = (
        Example(
            params={"on": ["id"]},
            before={"id": [1, 2, None], "name": ["Ann", "Bo", "Cy"], "age": [31, 4, 50]},
            others=({"id": [2, 3], "age": [5, 60], "name": [None, "Di"]},),
            after={"id": [1, 2, None, 3], "name": ["Ann", "Bo", "Cy", "Di"], "age": [31, 5, 50, 60]},
        ),
        Example(
            params={"on": ["id"], "columns": ["name"], "insert_new": False, "null_overwrites": True},
            before={"id": [1, 2], "name": ["Ann", "Bo"], "age": [31, 4]},
            others=({"id": [2, 3], "name": [None, "Di"], "age": [5, 60]},),
            after={"id": [1, 2], "name": ["Ann", None], "age": [31, 4]},
        ),
    )

    insert_new: bool = True
    """Add the rows of the right table whose key the left one does not have; other columns are missing there."""
    null_overwrites: bool = False
    """Let a missing new value replace an old one."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, theirs = self._schemas
        right = refuse_repeated(nan_as_null(tables[1], self.on, theirs), self.on, theirs, "right")
        new = [pl.col(name).cast(self.common(name)).alias(f"__new_{i}") for i, name in enumerate(self.values)]
        changes = MapRows(right, SelectColumns((*map(pl.col, self.on), *new, pl.lit(True).alias("__found"))))
        joined = Join(tables[0], changes, self.on, self.on, "left")
        updated = MapRows(joined, SelectColumns(tuple(self._updated(name) for name in left)))
        if not self.insert_new:
            return updated
        fresh = Join(right, tables[0], self.on, self.on, "anti")
        columns = [pl.col(name).cast(self.common(name)) for name in (*self.on, *self.values)]
        both = Concat((updated, MapRows(fresh, SelectColumns(tuple(columns)))))
        return MapRows(both, SelectColumns(tuple(map(pl.col, left))))

    def _updated(self, name: str) -> pl.Expr:
        if name not in self.values:
            return pl.col(name).cast(self.common(name)) if name in self.on and self.insert_new else pl.col(name)
        new, old = pl.col(f"__new_{self.values.index(name)}"), pl.col(name).cast(self.common(name))
        present = new.is_not_null() & new.is_not_nan() if self.common(name).is_float() else new.is_not_null()
        replaced = pl.col("__found").is_not_null() & (pl.lit(True) if self.null_overwrites else present)
        return pl.when(replaced).then(new).otherwise(old).alias(name)


class CompareDatasets(TwoVersions):
    """Make a table of what differs between two tables: rows added, rows removed, and values changed."""

    id = "compare_datasets"
    title = "Compare two datasets"
    terms = ("diff", "what changed", "reconcile", "data comparison", "delta")
    missing = "Missing values, NaN among them, equal each other, in keys too, and nothing else."
    examples = (
        Example(
            params={"on": ["id"]},
            before={"id": [1, 2, 3, None], "name": ["Ann", "Bo", "Cy", None], "age": [31, 4, None, 7]},
            others=({"id": [1, 2, 4, None], "age": [31, 5, 60, 7], "name": ["Ann", None, "Di", None]},),
            after={
                "id": [2, 2, 3, 4],
                "change": ["changed", "changed", "removed", "added"],
                "column": ["name", "age", None, None],
                "before": ["Bo", "4", None, None],
                "after": [None, "5", None, None],
            },
        ),
    )

    tolerance: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Numbers that differ by no more than this count as equal."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        for name in ("change", "column", "before", "after"):
            if name in self.on:
                yield Problem(f"Two columns of the result would be named {name!r}.", "Rename the key first.", "on")
        for name in self.values:
            if name in schemas[1] and schemas[0][name].is_nested():
                found = f"Column {name!r} holds {type_name(schemas[0][name])} values, which are not compared."
                yield Problem(found, "Leave it out, or turn it into text first.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        names = key_names(self.on)
        both: Relation = Join(self._side(tables, 0), self._side(tables, 1), names, names, "full")
        order = [pl.coalesce(f"__left_on_{i}", f"__right_on_{i}").alias(name) for i, name in enumerate(self.on)]
        cells = pl.concat_list(list(self._cells())).list.drop_nulls().alias("__cells")
        found = MapRows(MapRows(both, SelectColumns((*order, cells))), Unpacked("__cells"))
        ordered = Sort(found, (*map(Order, self.on), Order("__order")))
        return MapRows(ordered, DropColumns(("__order",)))

    def _side(self, tables: tuple[Relation, ...], table: int) -> Relation:
        """The keys and values of a table, whose rows all have different keys."""
        side = ("left", "right")[table]
        keys = match_keys(self.on, [self.common(name) for name in self.on])
        known = [self._value(name, table).alias(f"__{side}_on_{i}") for i, name in enumerate(self.on)]
        values = [self._value(name, table).alias(f"__{side}_{i}") for i, name in enumerate(self.values)]
        here = pl.lit(1, pl.Int64).alias(f"__{side}")
        rows = MapRows(tables[table], SelectColumns((*keys, *known, *values, here)))
        count = WindowFunction("group", "__rows", f"__{side}", "count")
        repeated = RefuseRows(
            pl.col("__rows") > 1,
            f"Several rows of the {side} table have the same {', '.join(map(repr, self.on))}, such as {{}}, so that it "
            "is not clear which to compare. Remove the duplicates first, or add a column to the keys.",
            pl.concat_str(
                [pl.col(each.meta.output_name()).cast(pl.String).fill_null("missing") for each in known], separator=", "
            ),
        )
        return MapRows(MapRows(Window(rows, key_names(self.on), (), (count,)), repeated), DropColumns(("__rows",)))

    def _value(self, name: str, table: int) -> pl.Expr:
        value = pl.col(name).cast(self.common(name))
        return value.fill_nan(None) if self.common(name).is_float() else value

    def _cells(self) -> Iterator[pl.Expr]:
        """What is said of a row: an object each, null where there is nothing to say."""
        added, removed = pl.col("__left").is_null(), pl.col("__right").is_null()
        change = pl.when(added).then(pl.lit("added")).otherwise(pl.lit("removed"))
        none = pl.lit(None, pl.String)
        yield pl.when(added | removed).then(_cell(-1, change, none, none, none))
        for i, name in enumerate(self.values):
            old, new = pl.col(f"__left_{i}"), pl.col(f"__right_{i}")
            dtype = self.common(name)
            texts = (as_text(each, dtype).cast(pl.String) for each in (old, new))
            cell = _cell(i, pl.lit("changed"), pl.lit(name), *texts)
            yield pl.when(~added & ~removed & self._differs(old, new, dtype)).then(cell)

    def _differs(self, old: pl.Expr, new: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        equal = old == new
        if self.tolerance and dtype.is_numeric():
            equal |= (old.cast(pl.Float64) - new.cast(pl.Float64)).abs() <= self.tolerance
        return (old.is_null() != new.is_null()) | (~equal).fill_null(False)


def _cell(place: int, change: pl.Expr, column: pl.Expr, before: pl.Expr, after: pl.Expr) -> pl.Expr:
    return pl.struct(
        pl.lit(place, pl.Int64).alias("__order"),
        change.alias("change"),
        column.alias("column"),
        before.alias("before"),
        after.alias("after"),
    )


@dataclass(frozen=True)
class Unpacked:
    """Makes of each row, which holds a list of objects, one for each of them with its fields as columns."""

    column: str

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        some = rows.filter(pl.col(self.column).list.len() > 0)
        return some.explode(self.column, empty_as_null=False).unnest(self.column)


TRANSFORMS: tuple[type[Transform], ...] = (UpsertRows, CompareDatasets)
