"""Several tables into one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import KEYS, ColumnsField, KeyColumns
from transforms.core.dtypes import common_type_of, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import (
    Aggregate,
    Concat,
    Distinct,
    Join,
    MapRows,
    Measure,
    Order,
    Relation,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, RefuseRows, SelectColumns, nan_as_null
from transforms.core.transform import Example, TableTransform, Transform
from transforms.group_matching import go_together

RightKeys = Annotated[tuple[str, ...], ColumnsField(KEYS, table=1)]
Suffix = Annotated[str, Field(min_length=1)]


class MatchedTables(TableTransform):
    """Two tables whose rows are matched by keys."""

    inputs = ("left", "right")

    left_on: KeyColumns
    """Key columns of the left table."""
    right_on: RightKeys
    """Key columns of the right table, in the same order."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        """Keys go together in number and in type; nothing is converted, so that nothing silently fails to match."""
        if len(self.left_on) != len(self.right_on):
            yield Problem(
                f"There are {len(self.left_on)} key columns on the left and {len(self.right_on)} on the right.",
                "Choose as many on both sides.",
                "right_on",
            )
            return
        for mine, theirs in zip(self.left_on, self.right_on, strict=True):
            first, second = self.dtype(mine), self.dtype(theirs, 1)
            if not go_together(first, second):
                yield Problem(
                    f"Column {mine!r} holds {type_name(first)} values and {theirs!r}, on the right, "
                    f"{type_name(second)} values, so they cannot match.",
                    "Change the type of one of them first.",
                    "right_on",
                )

    def comparable(self, tables: Sequence[Relation], how: str = "left") -> tuple[Relation, Relation]:
        """The tables with NaN as null in the keys of one of them, so that NaN matches nothing, as null does."""
        left, right = tables
        if how == "right":
            return nan_as_null(left, self.left_on, self._schemas[0]), right
        return left, nan_as_null(right, self.right_on, self._schemas[1])


def refuse_repeated(table: Relation, keys: Sequence[str], schema: pl.Schema, side: str) -> Relation:
    """The table, the run being stopped where two rows have the same key, none of it missing."""
    ones = MapRows(table, AddColumns((pl.lit(1, pl.Int64).alias("__one"),)))
    counted = Window(ones, tuple(keys), (), (WindowFunction("group", "__copies", "__one", "sum"),))
    values = [pl.col(name).fill_nan(None) if schema[name].is_float() else pl.col(name) for name in keys]
    repeated = RefuseRows(
        pl.all_horizontal(each.is_not_null() for each in values) & (pl.col("__copies") > 1),
        f"Several rows of the {side} table have the same {', '.join(map(repr, keys))}, such as {{}}. "
        "Remove the duplicates first, or allow them.",
        pl.concat_str([each.cast(pl.String) for each in values], separator=", "),
    )
    return MapRows(MapRows(counted, repeated), DropColumns(("__one", "__copies")))


class JoinDatasets(MatchedTables):
    """Put two tables side by side where their key columns are equal."""

    id = "join_datasets"
    title = "Join"
    terms = ("merge", "inner", "left", "right", "full", "combine tables", "vlookup")
    changes_rows = True
    missing = "Missing keys, NaN among them, match nothing; columns of a side without a match become missing."
    examples = (
        Example(
            params={"left_on": ["city"], "right_on": ["name"], "how": "left"},
            before={"city": ["Oslo", "Rome", None], "sales": [1, 2, 3]},
            others=({"name": ["Oslo", None], "sales": [7.5, 8.5]},),
            after={"city": ["Oslo", "Rome", None], "sales": [1, 2, 3], "sales_right": [7.5, None, None]},
        ),
        Example(
            params={"left_on": ["id"], "right_on": ["id"], "how": "full"},
            before={"id": [1, 2, None], "a": ["x", "y", "z"]},
            others=({"id": [2, 2, 3], "b": ["p", "q", "r"]},),
            after={
                "id": [1, 2, 2, None, 3],
                "a": ["x", "y", "y", "z", None],
                "b": [None, "p", "q", None, "r"],
            },
        ),
    )

    how: Literal["inner", "left", "right", "full"] = "inner"
    """Keep rows with a match only, all of the left table, all of the right one, or all of both."""
    suffix: Suffix = "_right"
    """Added to names of right columns that the left table has already."""
    validate_keys: Literal["none", "1:1", "1:n", "n:1"] = "none"
    """Stop the run where a key occurs twice on the side, left or right, that stands as 1 here."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, right = self.comparable(tables, self.how)
        if self.validate_keys in ("1:1", "1:n"):
            left = refuse_repeated(left, self.left_on, self._schemas[0], "left")
        if self.validate_keys in ("1:1", "n:1"):
            right = refuse_repeated(right, self.right_on, self._schemas[1], "right")
        return Join(left, right, self.left_on, self.right_on, self.how, self.suffix)


class SemiJoin(MatchedTables):
    """Keep the rows of a table whose keys are found in another table."""

    id = "semi_join"
    title = "Keep rows that match"
    terms = ("exists", "in", "filter by table", "intersect by key")
    changes_rows = True
    missing = "Missing keys, NaN among them, match nothing, so such rows go."
    examples = (
        Example(
            params={"left_on": ["id"], "right_on": ["customer"]},
            before={"id": [1, 2, None], "name": ["Ann", "Bo", "Cy"]},
            others=({"customer": [2, 2, None]},),
            after={"id": [2], "name": ["Bo"]},
        ),
    )

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return Join(*self.comparable(tables), self.left_on, self.right_on, "semi")


class AntiJoin(MatchedTables):
    """Keep the rows of a table whose keys are not found in another table."""

    id = "anti_join"
    title = "Keep rows without match"
    terms = ("not exists", "not in", "exclude", "except by key")
    changes_rows = True
    missing = "Missing keys, NaN among them, match nothing, so such rows are kept."
    examples = (
        Example(
            params={"left_on": ["id"], "right_on": ["customer"]},
            before={"id": [1, 2, None], "name": ["Ann", "Bo", "Cy"]},
            others=({"customer": [2, None]},),
            after={"id": [1, None], "name": ["Ann", "Cy"]},
        ),
    )

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return Join(*self.comparable(tables), self.left_on, self.right_on, "anti")


class CrossJoin(TableTransform):
    """Pair every row of a table with every row of another."""

    id = "cross_join"
    title = "Cross join"
    terms = ("cartesian product", "all combinations", "grid")
    inputs = ("left", "right")
    changes_rows = True
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={},
            before={"size": ["S", None]},
            others=({"color": ["red", "blue"]},),
            after={"size": ["S", "S", None, None], "color": ["red", "blue", "red", "blue"]},
        ),
    )

    suffix: Suffix = "_right"
    """Added to names of right columns that the left table has already."""
    max_rows: int = Field(10_000_000, ge=1)
    """Stop the run, before anything is paired, when more rows than this would come out."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, right = tables
        sizes = Join(row_count(left, "__left"), row_count(right, "__right"), (), (), "cross")
        pairs = pl.col("__left").cast(pl.Float64) * pl.col("__right")
        bounded = RefuseRows(
            pairs > self.max_rows,
            f"Every row with every row makes {{}} rows, more than the {self.max_rows:,} allowed. "
            "Filter a table first, join by a key, or allow more.",
            pl.col("__left").cast(pl.Int128) * pl.col("__right"),
        )
        sized = MapRows(Join(left, sizes, (), (), "cross"), bounded)
        return Join(MapRows(sized, DropColumns(("__left", "__right"))), right, (), (), "cross", self.suffix)


def row_count(table: Relation, name: str) -> Relation:
    """One row with the number of rows of a table in a column of this name."""
    return Aggregate(table, (), (Measure("rows", "", name),))


class UnionRows(TableTransform):
    """Put tables below each other, columns matched by name."""

    id = "union_rows"
    title = "Append rows (union)"
    terms = ("append", "concatenate", "stack", "union all")
    inputs = ("table", "*")
    changes_rows = True
    missing = (
        "Columns that a table lacks are missing in its rows; in distinct rows, null equals null and NaN equals NaN."
    )
    examples = (
        Example(
            params={"source_column": "year", "labels": ["2023", "2024"]},
            before={"id": [1, None], "city": ["Oslo", "Rome"]},
            others=({"id": [2.5], "score": [9]},),
            after={
                "id": [1.0, None, 2.5],
                "city": ["Oslo", "Rome", None],
                "score": [None, None, 9],
                "year": ["2023", "2023", "2024"],
            },
        ),
        Example(
            params={"how": "common", "distinct": True},
            before={"id": [1, 1, None], "a": [1, 2, 3]},
            others=({"id": [2, None, 1], "b": [1, 2, 3]},),
            after={"id": [1, None, 2]},
        ),
    )

    how: Literal["all", "common", "same"] = "all"
    """Keep all columns, or those that every table has; or refuse tables that do not have the same columns."""
    types: Literal["common", "text"] = "common"
    """Columns of different types that do not go together, numbers and text: refuse them, or turn them into text."""
    source_column: NewColumn | None = None
    """Column that says which table a row comes from; none when empty."""
    labels: tuple[str, ...] = ()
    """What the source column says for each table, in order; 1, 2, 3 ... where nothing is given."""
    distinct: bool = False
    """Keep rows that are equal in every column once, with the source of the first."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        names = [set(each) for each in schemas]
        if self.source_column is not None and any(self.source_column in each for each in names):
            yield Problem(f"There is a column {self.source_column!r} already.", "Choose another name.", "source_column")
        every, some = set.intersection(*names), set.union(*names)
        if self.how == "same" and every != some:
            lacking = ", ".join(map(repr, sorted(some - every)))
            yield Problem(f"Not every table has the columns {lacking}.", "Keep all or the common columns.", "how")
        if self.how == "common" and not every:
            yield Problem("The tables have no column in common.", "Rename columns first, or keep all.", "how")
        for name in sorted(every if self.how == "common" else some):
            held = _types(name, schemas)
            nested = any(each.is_nested() for each in held)
            if common_type_of(held) is None and (self.types == "common" or nested):
                found = " and ".join(dict.fromkeys(map(type_name, held)))
                yield Problem(
                    f"Column {name!r} holds {found} values in different tables.",
                    "Change its type first." if nested else "Change its type first, or turn such columns into text.",
                    "types",
                )

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        names = list(dict.fromkeys(name for schema in self._schemas for name in schema))
        if self.how == "common":
            names = [name for name in names if all(name in schema for schema in self._schemas)]
        as_text = {name for name in names if common_type_of(_types(name, self._schemas)) is None}
        parts = []
        for i, (table, schema) in enumerate(zip(tables, self._schemas, strict=True)):
            columns = [_text(name) if name in as_text else pl.col(name) for name in names if name in schema]
            parts.append(MapRows(table, SelectColumns((*columns, pl.lit(i, pl.Int64).alias("__table")))))
        # A table may lack columns that come earlier in another, so the order is put right after.
        rows: Relation = Concat(tuple(parts))
        if self.distinct:
            rows = Distinct(rows, tuple(names), "first", (Order("__table"),))
        return MapRows(rows, SelectColumns((*map(pl.col, names), *self._source(len(tables)))))

    def _source(self, tables: int) -> list[pl.Expr]:
        if self.source_column is None:
            return []
        labels = [self.labels[i] if i < len(self.labels) else str(i + 1) for i in range(tables)]
        label = pl.col("__table").replace_strict(list(range(tables)), labels, return_dtype=pl.String)
        return [label.alias(self.source_column)]


def _types(name: str, schemas: Sequence[pl.Schema]) -> list[pl.DataType]:
    return [schema[name] for schema in schemas if name in schema]


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


class LookupColumns(MatchedTables):
    """Add columns of another table, looked up by key; no row is added or lost."""

    id = "lookup_columns"
    title = "Look up columns (VLOOKUP)"
    terms = ("vlookup", "xlookup", "map values from table", "enrich")
    missing = "Missing keys, NaN among them, find nothing; what is not found is missing."
    examples = (
        Example(
            params={"left_on": ["code"], "right_on": ["id"], "columns": ["country"]},
            before={"code": ["no", "it", None, "xx"]},
            others=({"id": ["it", "no", None], "country": ["Italy", "Norway", "None"], "zone": [1, 2, 3]},),
            after={"code": ["no", "it", None, "xx"], "country": ["Norway", "Italy", None, None]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(table=1)]
    """Columns of the right table to add."""
    suffix: Suffix = "_right"
    """Added to names of columns that the left table has already."""
    if_many: Literal["error", "first", "null"] = "error"
    """When the right table has a key several times: stop the run, take one of its rows, or find nothing.

    One of the rows is taken by the hash of its values, the same on every engine.
    """
    if_none: Literal["null", "error"] = "null"
    """When a key is not found: leave the columns missing, or stop the run."""

    @model_validator(mode="after")
    def _no_key_is_looked_up(self) -> Self:
        both = [name for name in self.right_on if name in self.columns] if isinstance(self.columns, tuple) else []
        if isinstance(self.right_on, tuple) and both:
            raise ValueError(f"{both[0]!r} is the key, so it need not be looked up. Leave it out of the columns.")
        return self

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, right = self.comparable(tables)
        wanted = [name for name in self.columns if name not in self.right_on]
        found = pl.lit(True).alias("__found")
        right = MapRows(right, SelectColumns((*map(pl.col, (*self.right_on, *wanted)), found)))
        match self.if_many:
            case "error":
                right = refuse_repeated(right, self.right_on, self._schemas[1], "right")
            case "first":
                right = Distinct(right, self.right_on, "first")
            case "null":
                right = Distinct(right, self.right_on, "none")
        joined = Join(left, right, self.left_on, self.right_on, "left", self.suffix)
        lost = pl.col("__found").is_null()
        if self.if_none == "null":
            lost &= pl.all_horizontal(self.present(name).is_not_null() for name in self.left_on)
            counted = CountRows(self.left_on[0], lost, "have no row in the right table: its columns are missing")
            return MapRows(MapRows(joined, counted), DropColumns(("__found",)))
        missed = RefuseRows(
            lost,
            f"The right table has no row with {', '.join(map(repr, self.right_on))} equal to {{}}, which is in "
            f"{', '.join(map(repr, self.left_on))}. "
            "Leave what is not found missing, or filter such rows first.",
            pl.concat_str([_text(name).fill_null("missing") for name in self.left_on], separator=", "),
        )
        return MapRows(MapRows(joined, missed), DropColumns(("__found",)))


TRANSFORMS: tuple[type[Transform], ...] = (
    JoinDatasets,
    UnionRows,
    LookupColumns,
    SemiJoin,
    AntiJoin,
    CrossJoin,
)
