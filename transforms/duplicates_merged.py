"""One record for each key: the best of its rows, or one made of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl

from transforms.aggregate import function_problem
from transforms.core.columns import ColumnKeys, KeyColumns
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.relations import Aggregate, AggregateFunction, Distinct, MapRows, Measure, Order, Relation
from transforms.core.rowwise import AddColumns, DropColumns, SelectColumns, nan_as_null
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform

Rule = Literal["first", "last", "max", "min", "longest", "most_frequent", "concat"]
RuleByColumn = Annotated[dict[str, Rule], ColumnKeys()]
FUNCTIONS: dict[Rule, AggregateFunction] = {
    "first": "first",
    "last": "last",
    "max": "max",
    "min": "min",
    "longest": "max",
    "most_frequent": "mode",
    "concat": "list",
}
WIDTH = 10
"""Digits of the length of a text, more than any text has characters."""


class KeepBestDuplicate(TableTransform):
    """Keep one row for each key: the one that is best by the order given, then the one with the fewest missing values.

    Among rows that are equally good a hash of their values decides, the same on every engine.
    """

    id = "keep_best_duplicate"
    title = "Keep the best row per key"
    terms = ("latest record per key", "newest row per customer", "dedupe by key", "most complete record")
    changes_rows = True
    missing = "Missing keys, NaN among them, are one key; rows without a value that is preferred come last."
    examples = (
        Example(
            params={"by": ["id"], "prefer": [{"column": "seen", "descending": True}]},
            before={
                "id": ["a", "a", "a", "b", None],
                "seen": [1, 2, 2, None, 5],
                "phone": ["1", None, "3", "4", None],
            },
            after={"id": ["a", "b", None], "seen": [2, None, 5], "phone": ["3", "4", None]},
        ),
    )

    by: KeyColumns
    """Columns that make the key."""
    prefer: tuple[SortKey, ...] = ()
    """Which row is best: the first in this order."""
    then_most_complete: bool = True
    """Among rows that are equal in that, prefer the one with the fewest missing values."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.prefer and not self.then_most_complete:
            found = "Nothing says which row of a key is the best."
            yield Problem(found, "Choose what to prefer, or prefer the most complete row.", "prefer")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if not self.by:
            return tables[0]
        schema = self._schemas[0]
        ready, groups = sortable(tables[0], self.prefer, schema), group_keys(self.by, schema)
        gaps = pl.sum_horizontal(self.present(name).is_null().cast(pl.Int64) for name in schema)
        added = (*groups.added, *((gaps.alias("__gaps"),) if self.then_most_complete else ()))
        order = (*ready.by, *((Order("__gaps"),) if self.then_most_complete else ()))
        kept = Distinct(MapRows(ready.table, AddColumns(added)), groups.names, "first", order)
        return MapRows(kept, DropColumns((*ready.added, *(each.meta.output_name() for each in added))))


class MergeDuplicates(TableTransform):
    """Make one record of all rows with the same key, each column by a rule of its own."""

    id = "merge_duplicates"
    title = "Merge duplicates into one record"
    terms = ("golden record", "survivorship", "consolidate", "master record", "combine rows of a key")
    changes_rows = True
    missing = (
        "Missing keys, NaN among them, are one key. Missing values are passed over, so that a value is missing only "
        "where no row has one; missing values to order by come last."
    )
    examples = (
        Example(
            params={
                "by": ["id"],
                "rules": {"spent": "max", "tags": "concat", "name": "longest"},
                "order_by": [{"column": "seen", "descending": True}],
            },
            before={
                "id": [1, 1, 1, None],
                "seen": [1, 3, 2, 1],
                "name": ["Ann Lee", "Ann", None, "Bo"],
                "phone": ["111", None, "333", None],
                "spent": [5.0, None, 7.5, 2.0],
                "tags": ["a", "b", "a", None],
            },
            after={
                "id": [1, None],
                "seen": [3, 1],
                "name": ["Ann Lee", "Bo"],
                "phone": ["333", None],
                "spent": [7.5, 2.0],
                "tags": ["b, a", None],
            },
        ),
    )

    by: KeyColumns
    """Columns that make the key."""
    rules: RuleByColumn = {}
    """How to choose, by column: the first or the last value that is present, the largest, the smallest, the longest
    text, the most frequent value (the smallest of several), or all different values joined into one text."""
    default: Rule = "first"
    """The rule for columns that are not named."""
    order_by: tuple[SortKey, ...] = ()
    """What first, last and joined values follow; among equal rows the hash of the row decides."""
    separator: str = ", "
    """Put between values that are joined."""

    def _rule_of(self) -> dict[str, Rule]:
        """The rule of each column that is no key."""
        return {name: self.rules.get(name, self.default) for name in self._schemas[0] if name not in self.by}

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.rules:
            if name in self.by:
                yield Problem(f"{name!r} is part of the key, so it needs no rule.", "Leave it out.", "rules")
        rules = self._rule_of()
        for name, rule in rules.items():
            field, dtype = ("rules" if name in self.rules else "default"), self.dtype(name)
            if rule == "longest" and dtype not in (pl.String, pl.Null):
                found = f"{rule!r} takes text, and column {name!r} holds {type_name(dtype)} values."
                yield Problem(found, "Choose another rule for it.", field)
            elif rule == "concat" and dtype.is_nested():
                yield Problem(f"Column {name!r} holds no single values to join.", "Choose another rule for it.", field)
            else:
                problem = function_problem(FUNCTIONS[rule], name, dtype, field)
                if problem:
                    yield problem
        if {"first", "last", "concat"} & set(rules.values()) and not self.order_by:
            found = "Rows of a table have no order of their own, so which comes first is decided by a hash."
            yield Problem(found, "Say what to order by.", "order_by", severity="warning")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if not self.by:
            return tables[0]
        schema, rules = self._schemas[0], self._rule_of()
        ready = sortable(nan_as_null(tables[0], self.by, schema), self.order_by, schema, break_ties=True)
        made = {name: f"__value_{i}" for i, name in enumerate(rules)}
        values = tuple(self._value(name, rule).alias(made[name]) for name, rule in rules.items())
        measures = tuple(Measure(FUNCTIONS[rule], made[name], made[name]) for name, rule in rules.items())
        merged = Aggregate(MapRows(ready.table, AddColumns(values)), self.by, measures, ready.by)
        chosen = (
            self._chosen(made[name], rules[name]).alias(name) if name in rules else exactly(name) for name in schema
        )
        return MapRows(merged, SelectColumns(tuple(chosen)))

    def _value(self, name: str, rule: Rule) -> pl.Expr:
        """What the rule looks at."""
        if rule == "longest":
            text = exactly(name).cast(pl.String)
            return text.str.len_chars().cast(pl.String).str.zfill(WIDTH) + text
        return as_text(exactly(name), self.dtype(name)).cast(pl.String) if rule == "concat" else exactly(name)

    def _chosen(self, name: str, rule: Rule) -> pl.Expr:
        """The value of the record, read off what was measured."""
        if rule == "longest":
            return pl.col(name).str.slice(WIDTH)
        if rule != "concat":
            return pl.col(name)
        values = pl.col(name).list.unique(maintain_order=True)
        return pl.when(values.list.len() > 0).then(values.list.join(self.separator))


TRANSFORMS: tuple[type[Transform], ...] = (KeepBestDuplicate, MergeDuplicates)
