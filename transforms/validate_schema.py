"""Rules on the columns of a table, and on values that another table has to have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.columns import UNTOUCHED
from transforms.combine_near import RightKeys, key_problems
from transforms.core.columns import KeyColumns, taken
from transforms.core.dtypes import TypeName, common_type, type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.params import NewColumn, Params
from transforms.core.relations import Aggregate, Join, MapRows, Measure, Relation
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, KeepRows, RefuseRows, SelectColumns
from transforms.core.transform import Example, RowTransform, TableTransform, Transform
from transforms.validate_rules import RESULTS
from transforms.validate_table import passed_if


class SchemaColumn(Params):
    """A column that the table has to have."""

    name: NewColumn
    """Name of the column."""
    type: TypeName | Literal["any"] = "any"
    """Its type."""


def _names_differ(columns: tuple[SchemaColumn, ...]) -> tuple[SchemaColumn, ...]:
    names = [each.name for each in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Column {twice!r} is expected twice. Leave one out.")
    return columns


class AssertSchema(RowTransform):
    """Check that the table has the columns that are expected, of their types, before any row is read."""

    id = "assert_schema"
    title = "Check: columns and types"
    terms = ("data contract", "expect columns", "schema drift", "column types", "data quality rule")
    missing = UNTOUCHED
    examples = (
        Example(
            params={"expected": [{"name": "id", "type": "integer"}, {"name": "city"}], "extra": "fail"},
            before={"id": [1, None], "city": ["Oslo", None]},
            after={"id": [1, None], "city": ["Oslo", None]},
        ),
    )

    expected: Annotated[tuple[SchemaColumn, ...], AfterValidator(_names_differ)] = Field(min_length=1)
    """The columns. One that holds nothing but missing values is of any type."""
    extra: Literal["pass", "fail"] = "pass"
    """Whether other columns keep the rule or break it."""
    ordered: bool = False
    """Whether the columns have to be in this order."""
    on_fail: Literal["stop", "warn"] = "stop"
    """A table that breaks the rule stops the run, or is only remarked on."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        severity: Literal["error", "warning"] = "error" if self.on_fail == "stop" else "warning"
        for found, advice, field in self._differences(schemas[0]):
            yield Problem(found, advice, field, severity=severity)

    def _differences(self, schema: pl.Schema) -> Iterator[tuple[str, str, str]]:
        names = [each.name for each in self.expected]
        for each in self.expected:
            if each.name not in schema:
                yield f"Column {each.name!r} is not in the table.", did_you_mean(each.name, schema), "expected"
            elif each.type != "any" and schema[each.name] != pl.Null and type_name(schema[each.name]) != each.type:
                found = f"Column {each.name!r} holds {type_name(schema[each.name])} values, not {each.type}."
                yield found, "Change its type first, or what is expected.", "expected"
        others = [name for name in schema if name not in names]
        if others and self.extra == "fail":
            found = f"The table has columns that are not expected: {', '.join(map(repr, others[:5]))}."
            yield found, "Drop them, or let others pass.", "extra"
        there = [name for name in schema if name in names]
        if self.ordered and there != [name for name in names if name in schema]:
            yield f"The columns are in another order: {', '.join(map(repr, there))}.", "Reorder them first.", "ordered"

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return tables[0]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """None of them."""
        return frozenset()


class AssertForeignKey(TableTransform):
    """Check that the values of columns are there in another table, as those of a foreign key have to be."""

    id = "assert_foreign_key"
    title = "Check: values exist in another dataset"
    terms = ("referential integrity", "foreign key", "orphans", "lookup exists", "data quality rule")
    inputs = ("table", "reference")
    changes_rows = True
    missing = "A key with a missing part, NaN among them, keeps the rule, unless missing values are to break it."
    examples = (
        Example(
            params={"columns": ["city"], "reference": ["name"], "on_fail": "quarantine"},
            before={"id": [1, 2, 3], "city": ["Oslo", "Atlantis", None]},
            others=({"name": ["Oslo", "Rome", "Oslo", None]},),
            after={"id": [1, 3], "city": ["Oslo", None]},
        ),
        Example(
            params={"columns": ["city"], "reference": ["name"], "nulls": "fail", "on_fail": "flag"},
            before={"city": ["Oslo", "Atlantis", None]},
            others=({"name": ["Oslo", None]},),
            after={"city": ["Oslo", "Atlantis", None], "is_valid": [True, False, False]},
        ),
    )

    columns: KeyColumns
    """Columns that together have to be found."""
    reference: RightKeys
    """Columns of the other table to find them in, in the same order."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether missing values keep the rule or break it."""
    on_fail: Literal["stop", "quarantine", "drop", "flag"] = "stop"
    """Rows that break the rule stop the run before anything is written, go to the second output (quarantined), are
    dropped, or are marked in a new column."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("table", "quarantined") if self.on_fail == "quarantine" else self.outputs

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])
        for each in key_problems(self.columns, self.reference, *schemas):
            yield Problem(each.found, each.advice, "reference")

    def _keys(self, names: tuple[str, ...], table: int) -> Iterator[pl.Expr]:
        """Keys in types that both tables have, with NaN as null."""
        for i, (mine, theirs) in enumerate(zip(self.columns, self.reference, strict=True)):
            dtype = common_type(self.dtype(mine), self.dtype(theirs, 1)) or pl.Null()
            value = pl.col(names[i]).cast(dtype)
            yield (value.fill_nan(None) if dtype.is_float() else value).alias(f"__key_{i}")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        if not self.columns:
            return (tables[0], MapRows(tables[0], KeepRows(pl.lit(False)))) if len(self.output_names) > 1 else tables[0]
        keys = tuple(f"__key_{i}" for i in range(len(self.columns)))
        different = Aggregate(MapRows(tables[1], SelectColumns(tuple(self._keys(self.reference, 1)))), keys, ())
        known = MapRows(different, AddColumns((pl.lit(value=True).alias("__found"),)))
        rows = MapRows(tables[0], AddColumns(tuple(self._keys(self.columns, 0))))
        looked_up: Relation = Join(rows, known, keys, keys, "left")
        added = (*keys, "__found")
        partial = pl.any_horizontal(pl.col(key).is_null() for key in keys) & pl.lit(self.nulls == "pass")
        valid = pl.col("__found").fill_null(value=False) | partial
        if self.on_fail == "stop":
            return self._stopping(tables[0], MapRows(looked_up, KeepRows(~valid)))
        what = f"are no values of {' and '.join(self.reference)} in the reference{RESULTS[self.on_fail]}"
        looked_up = MapRows(looked_up, CountRows(self.columns[0], ~valid, what))
        match self.on_fail:
            case "quarantine":
                return MapRows(looked_up, KeepRows(valid, added)), MapRows(looked_up, KeepRows(~valid, added))
            case "flag":
                return MapRows(MapRows(looked_up, AddColumns((valid.alias(self.output),))), DropColumns(added))
            case _:
                return MapRows(looked_up, KeepRows(valid, added))

    def _stopping(self, table: Relation, broken: Relation) -> Relation:
        texts = [pl.col(name).cast(pl.String, strict=False).fill_null("(missing)") for name in self.columns]
        shown = MapRows(broken, SelectColumns((pl.concat_str(texts, separator=", ").alias("__shown"),)))
        measures = (Measure("rows", "", "__broken"), Measure("min", "__shown", "__sample"))
        names = tuple(each.output for each in measures)
        what = f"The rule '{' and '.join(self.columns)} is in the other table' is broken: {{!s}}. Nothing was written."
        text = pl.format("{} rows are not, such as {}", "__broken", "__sample")
        return passed_if(table, Aggregate(shown, (), measures), names, RefuseRows(pl.col("__broken") > 0, what, text))

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return {self.output: frozenset(self.columns)} if self.on_fail == "flag" else {}


TRANSFORMS: tuple[type[Transform], ...] = (AssertSchema, AssertForeignKey)
