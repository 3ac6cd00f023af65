"""Rows matched by keys in which a missing value equals a missing value, where a join matches none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.relations import Join, MapRows, Relation
from transforms.core.rowwise import AddColumns, DropColumns, SelectColumns


def key_names(columns: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns that :func:`match_keys` gives."""
    return tuple(f"__{what}_{i}" for i in range(len(columns)) for what in ("absent", "key"))


def match_keys(columns: Sequence[str], types: Sequence[pl.DataType]) -> tuple[pl.Expr, ...]:
    """Two columns for each key, neither ever null: whether it is missing (null or NaN), and its value.

    Args:
        columns: the keys.
        types: the types in which they are compared; those of the columns, or wider.
    """
    made = []
    for i, (name, dtype) in enumerate(zip(columns, types, strict=True)):
        held = pl.Boolean() if dtype == pl.Null else dtype
        value = pl.col(name).cast(held)
        if held.is_float():
            value = value.fill_nan(None)
        nothing = pl.lit("") if held == pl.String else pl.lit(0).cast(held)
        made += [value.is_null().alias(f"__absent_{i}"), value.fill_null(nothing).alias(f"__key_{i}")]
    return tuple(made)


def with_group_columns(
    table: Relation, groups: Relation, by: Sequence[str], columns: Mapping[str, str], schema: pl.Schema
) -> Relation:
    """The rows of a table with columns of the group that each is in; no row is added, lost or, by polars, moved.

    Args:
        table: the rows.
        groups: one row for each group.
        by: columns that make the groups, of the same names and types in both tables; without any, there is one row.
        columns: columns of ``groups`` to add, with the names they get.
        schema: the columns of ``table``.
    """
    wanted = [pl.col(name).alias(f"__group_value_{i}") for i, name in enumerate(columns)]
    named = tuple(pl.col(f"__group_value_{i}").alias(new) for i, new in enumerate(columns.values()))
    helpers = tuple(f"__group_value_{i}" for i in range(len(columns)))
    if not by:
        one = MapRows(groups, SelectColumns(tuple(wanted)))
        return MapRows(MapRows(Join(table, one, (), (), "cross"), AddColumns(named)), DropColumns(helpers))
    keys = match_keys(by, [schema[name] for name in by])
    names = key_names(by)
    left = MapRows(table, AddColumns(keys))
    right = MapRows(groups, SelectColumns((*keys, *wanted)))
    joined = MapRows(Join(left, right, names, names, "left"), AddColumns(named))
    return MapRows(joined, DropColumns((*names, *helpers)))


def same_columns_problems(
    columns: Sequence[str], left: pl.Schema, right: pl.Schema, field: str, *, nested: bool = False
) -> list[Problem]:
    """What is wrong when columns of these names are to be compared in two tables.

    Args:
        columns: their names, all of which the left table has.
        left: the columns of the left table.
        right: the columns of the right table.
        field: the parameter concerned.
        nested: whether lists and objects can be compared too.
    """
    found = []
    for name in columns:
        if name not in right:
            advice = did_you_mean(name, right) or "Rename it, or leave it out."
            found.append(Problem(f"Column {name!r} is not in the right table.", advice, field))
        elif not go_together(left[name], right[name]) or (right[name].is_nested() and not nested):
            held = f"{type_name(left[name])} values in the left table and {type_name(right[name])} values in the right"
            found.append(Problem(f"Column {name!r} holds {held}.", "Change its type first, or leave it out.", field))
    return found


def go_together(first: pl.DataType, second: pl.DataType) -> bool:
    """Whether values can be compared: the types are the same but for their size, so that nothing is rounded."""
    if common_type(first, second) is None:
        return False
    return pl.Null in (first, second) or type_name(first) == type_name(second)
