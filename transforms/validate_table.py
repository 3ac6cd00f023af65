"""Rules that a table has to keep as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import KeyColumns, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import Aggregate, Join, MapRows, Measure, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, KeepRows, RefuseRows
from transforms.core.sorting import group_keys
from transforms.core.transform import Example, TableTransform, Transform
from transforms.validate_rules import RESULTS


def passed_if(table: Relation, facts: Relation, names: tuple[str, ...], refused: RefuseRows) -> Relation:
    """The table as it is, unless the one row of facts about it is refused, which stops the run.

    Args:
        table: the rows.
        facts: one row, of which no column is named like one of the table.
        names: its columns.
        refused: when to stop and what to say.
    """
    checked = MapRows(facts, refused)
    return MapRows(Join(table, checked, (), (), "cross"), DropColumns(names))


class AssertUnique(TableTransform):
    """Check that no two rows are equal in the chosen columns."""

    id = "assert_unique"
    title = "Check: unique"
    terms = ("expect unique", "primary key", "no duplicates", "data quality rule")
    changes_rows = True
    missing = "Missing values, NaN among them, equal each other and nothing else."
    examples = (
        Example(
            params={"columns": ["id"], "on_fail": "quarantine"},
            before={"id": [1, 2, 2, None], "name": ["Ann", "Bo", "Cy", None]},
            after={"id": [1, None], "name": ["Ann", None]},
        ),
        Example(
            params={"columns": ["id"], "on_fail": "flag"},
            before={"id": [1, 2, 2, None]},
            after={"id": [1, 2, 2, None], "is_valid": [True, False, False, True]},
        ),
    )

    columns: KeyColumns
    """Columns that together tell rows apart."""
    on_fail: Literal["stop", "quarantine", "drop", "flag"] = "stop"
    """Rows that are equal, all of them, stop the run before anything is written, go to the second output
    (quarantined), are dropped, or are marked in a new column."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("table", "quarantined") if self.on_fail == "quarantine" else self.outputs

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        if not self.columns:
            return tables[0]
        if self.on_fail == "stop":
            return self._stopping(tables[0])
        keys = group_keys(self.columns, self._schemas[0])
        rows = MapRows(tables[0], AddColumns((*keys.added, pl.lit(1, pl.Int64).alias("__one"))))
        counted: Relation = Window(rows, keys.names, (), (WindowFunction("group", "__rows", "__one", "count"),))
        added, unique = (*keys.added_names, "__one", "__rows"), pl.col("__rows") == 1
        result = "are not unique" + RESULTS[self.on_fail]
        counted = MapRows(counted, CountRows(self.columns[0], ~unique, result))
        kept = MapRows(counted, KeepRows(unique, added))
        match self.on_fail:
            case "quarantine":
                return kept, MapRows(counted, KeepRows(~unique, added))
            case "flag":
                return MapRows(MapRows(counted, AddColumns((unique.alias(self.output),))), DropColumns(added))
            case _:
                return kept

    def _stopping(self, table: Relation) -> Relation:
        keys = group_keys(self.columns, self._schemas[0])
        rows = MapRows(table, AddColumns(keys.added)) if keys.added else table
        groups = Aggregate(rows, keys.names, (Measure("rows", "", "__rows"),))
        repeated = MapRows(groups, KeepRows(pl.col("__rows") > 1))
        texts = [pl.col(name).cast(pl.String, strict=False).fill_null("(missing)") for name in keys.names]
        shown = MapRows(repeated, AddColumns((pl.concat_str(texts, separator=", ").alias("__shown"),)))
        measures = (
            Measure("rows", "", "__keys"),
            Measure("sum", "__rows", "__repeated"),
            Measure("min", "__shown", "__sample"),
        )
        facts = Aggregate(shown, (), measures)
        text = pl.format("{} rows share a value with another, such as {}", "__repeated", "__sample")
        what = f"The rule '{' and '.join(self.columns)} is unique' is broken: {{!s}}. Nothing was written."
        names = tuple(each.output for each in measures)
        return passed_if(table, facts, names, RefuseRows(pl.col("__keys") > 0, what, text))

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return {self.output: frozenset(self.columns)} if self.on_fail == "flag" else {}


class AssertRowCount(TableTransform):
    """Check that the table has enough rows and not too many; otherwise the run stops before anything is written."""

    id = "assert_row_count"
    title = "Check: row count"
    terms = ("expect row count", "minimum rows", "empty table", "data quality rule")
    missing = "Rows count whatever they hold."
    examples = (
        Example(
            params={"max": 5},
            before={"id": [1, None], "name": ["Ann", None]},
            after={"id": [1, None], "name": ["Ann", None]},
        ),
    )

    min: int | None = Field(None, ge=0)
    """The fewest rows allowed; no limit when empty."""
    max: int | None = Field(None, ge=0)
    """The most rows allowed; no limit when empty."""

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("No number of rows is refused. Give a minimum, a maximum or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"The minimum {self.min} is above the maximum {self.max}. Swap them.")
        return self

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        rows = pl.col("__rows")
        facts = Aggregate(tables[0], (), (Measure("rows", "", "__rows"),))
        outside = (rows < (self.min or 0)) | (rows > (2**63 - 1 if self.max is None else self.max))
        limits = [
            "" if self.min is None else f"at least {self.min:,}",
            "" if self.max is None else f"at most {self.max:,}",
        ]
        what = f"The table is to have {' and '.join(filter(None, limits))} rows, found {{!s}}. Nothing was written."
        return passed_if(tables[0], facts, ("__rows",), RefuseRows(outside, what, rows))

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return {}


TRANSFORMS: tuple[type[Transform], ...] = (AssertUnique, AssertRowCount)
