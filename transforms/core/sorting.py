"""Sort keys as settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transforms.core.columns import KeyColumn
from transforms.core.params import Params
from transforms.core.random import draw
from transforms.core.relations import MapRows, Order, Relation
from transforms.core.rowwise import AddColumns


class SortKey(Params):
    """One column to sort by."""

    column: KeyColumn
    """Column to sort by."""
    descending: bool = False
    """Largest first."""


def orders(keys: Sequence[SortKey], *, nulls_last: bool = True) -> tuple[Order, ...]:
    """Sort keys as an engine takes them."""
    return tuple(Order(each.column, each.descending, nulls_last) for each in keys)


@dataclass(frozen=True, eq=False)
class Sortable:
    """A table with what it takes to sort it."""

    table: Relation
    by: tuple[Order, ...]
    added: tuple[str, ...]
    """Columns to take away again in the end."""


def sortable(
    table: Relation,
    keys: Sequence[SortKey],
    schema: pl.Schema,
    *,
    nulls_last: bool = True,
    ignore_case: bool = False,
    break_ties: bool = False,
) -> Sortable:
    """A table ready to be sorted with NaN among the missing values.

    Args:
        table: the rows.
        keys: what to sort by.
        schema: the columns of the table.
        nulls_last: where missing values go, whichever the direction.
        ignore_case: take capitals and small letters as equal.
        break_ties: let the hash of the row decide among rows equal in every key, so that every engine
            finds the same order (but for rows equal in all columns).
    """
    by, added = [], []
    for i, key in enumerate(keys):
        dtype, name, value = schema[key.column], f"__sort_{i}", pl.col(key.column)
        if dtype.is_float():
            added.append(value.fill_nan(None).alias(name))
        elif ignore_case and dtype == pl.String:
            added.append(value.str.to_lowercase().alias(name))
        else:
            name = key.column
        by.append(Order(name, key.descending, nulls_last))
    if break_ties:
        added.append(draw(0, schema.names()).alias("__ties"))
        by.append(Order("__ties"))
    ready = MapRows(table, AddColumns(tuple(added))) if added else table
    return Sortable(ready, tuple(by), tuple(each.meta.output_name() for each in added))


@dataclass(frozen=True, eq=False)
class GroupKeys:
    """What rows are grouped by where their own columns have to stay as they are."""

    names: tuple[str, ...]
    """The columns that make the groups, some of them added."""
    added: tuple[pl.Expr, ...]
    """Columns to add first: those in which NaN is null."""

    @property
    def added_names(self) -> tuple[str, ...]:
        """Columns to take away again in the end."""
        return tuple(each.meta.output_name() for each in self.added)


def group_keys(columns: Sequence[str], schema: pl.Schema) -> GroupKeys:
    """Columns to group by with NaN among the missing values."""
    floats = {name: f"__group_{i}" for i, name in enumerate(columns) if schema[name].is_float()}
    added = tuple(pl.col(name).fill_nan(None).alias(key) for name, key in floats.items())
    return GroupKeys(tuple(floats.get(name, name) for name in columns), added)
