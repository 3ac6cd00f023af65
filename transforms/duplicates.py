"""Rows that occur more than once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from transforms.core import rowwise
from transforms.core.columns import ALL, Columns
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.relations import Distinct, MapRows, Relation
from transforms.core.sorting import SortKey, sortable
from transforms.core.transform import Example, TableTransform, Transform


@dataclass(frozen=True, eq=False)
class Keys:
    """What rows are compared by."""

    names: tuple[str, ...]
    """The columns that are compared, some of them added."""
    added: tuple[pl.Expr, ...]
    """Columns to add first, where it is not the value itself that is compared."""

    @property
    def added_names(self) -> tuple[str, ...]:
        """Columns to take away again in the end."""
        return tuple(each.meta.output_name() for each in self.added)

    def on(self, table: Relation) -> Relation:
        """The table with the columns that are compared."""
        return MapRows(table, rowwise.AddColumns(self.added)) if self.added else table


class EqualRows(TableTransform):
    """Compares rows by some of their columns."""

    if TYPE_CHECKING:  # declared by each member, so that a form begins with what matters most
        columns: tuple[str, ...]
        ignore_case: bool
        trim: bool

    def keys(self) -> Keys:
        """What rows are compared by: NaN as null, and text as it is asked for."""
        compared = {name: self._key(name) for name in self.columns}
        added = {name: f"__key_{i}" for i, (name, key) in enumerate(compared.items()) if key is not None}
        exprs = tuple(key.alias(added[name]) for name, key in compared.items() if key is not None)
        return Keys(tuple(added.get(name, name) for name in self.columns), exprs)

    def _key(self, name: str) -> pl.Expr | None:
        """What is compared where it is not the value itself."""
        dtype = self.dtype(name)
        if dtype.is_float():
            return self.present(name)
        if dtype != pl.String or not (self.ignore_case or self.trim):
            return None
        text = exactly(name)
        text = text.str.strip_chars() if self.trim else text
        return text.str.to_lowercase() if self.ignore_case else text


class DropDuplicates(EqualRows):
    """Keep one row of those that are equal in the chosen columns.

    Which one is decided by a hash of the row's values, the same on every engine, unless an order is given.
    """

    id = "drop_duplicates"
    title = "Drop duplicate rows"
    terms = ("distinct", "unique rows", "dedupe", "remove duplicates")
    training_only = True
    changes_rows = True
    missing = "Missing values, NaN among them, equal each other and nothing else; missing values to order by come last."
    examples = (
        Example(
            params={},
            before={"city": ["Oslo", "Oslo", None, None, "Rome"], "n": [1.0, 1.0, None, float("nan"), 2.0]},
            after={"city": ["Oslo", None, "Rome"], "n": [1.0, float("nan"), 2.0]},
        ),
        Example(
            params={
                "columns": ["email"],
                "keep": "last",
                "order_by": [{"column": "seen"}],
                "ignore_case": True,
                "trim": True,
            },
            before={"email": ["a@x.no", "A@X.no ", "b@x.no", None], "seen": [1, 2, 3, None]},
            after={"email": ["A@X.no ", "b@x.no", None], "seen": [2, 3, None]},
        ),
    )

    columns: Columns = ALL
    """Columns that have to be equal."""
    keep: Literal["any", "first", "last", "none"] = "any"
    """Keep any one of them, the first or the last in the order given, or only rows that have no duplicate."""
    order_by: tuple[SortKey, ...] = ()
    """What first and last follow."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    trim: bool = False
    """Take no notice of white space around text."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.keep in ("first", "last") and not self.order_by:
            found = f"Rows of a table have no order of their own, so which row is {self.keep} is decided by a hash."
            yield Problem(found, "Say what to order by, or keep any.", "order_by", severity="warning")
        if self.keep in ("any", "none") and self.order_by:
            yield Problem(f"An order has no use when {self.keep!r} is kept.", "Keep the first or the last.", "order_by")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if not self.columns:
            return tables[0]
        ready, keys = sortable(tables[0], self.order_by, self._schemas[0]), self.keys()
        keep: Literal["first", "last", "none"] = "first" if self.keep == "any" else self.keep
        kept = Distinct(keys.on(ready.table), keys.names, keep, ready.by)
        gone = (*ready.added, *keys.added_names)
        return MapRows(kept, rowwise.DropColumns(gone)) if gone else kept


TRANSFORMS: tuple[type[Transform], ...] = (DropDuplicates,)
