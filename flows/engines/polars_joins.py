"""Tables put side by side or below each other, in polars."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import polars as pl

from transforms.core.columns import column
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import StepError
from transforms.core.random import draw
from transforms.core.relations import AsofJoin, Join, right_names

ROW = "__engine_row"
DRAW = "__engine_draw"


def joined(left: pl.LazyFrame, right: pl.LazyFrame, relation: Join) -> pl.LazyFrame:
    """The join, rows in the order of the left table (of the right one in a right join)."""
    mine, theirs = left.collect_schema(), right.collect_schema()
    if relation.how == "cross":
        names = right_names(mine.names(), theirs.names(), relation.suffix)
        return left.join(right.rename(names), how="cross", maintain_order="left_right")
    types = key_types(mine, theirs, relation.left_on, relation.right_on)
    left_keys = [f"__engine_left_{i}" for i in range(len(types))]
    right_keys = [f"__engine_right_{i}" for i in range(len(types))]
    left = left.with_columns(_keys(relation.left_on, types, left_keys))
    keys = _keys(relation.right_on, types, right_keys)
    if relation.how in ("semi", "anti"):
        matched = left.join(
            right.select(keys),
            left_on=left_keys,
            right_on=right_keys,
            how=relation.how,
            maintain_order="left",
            nulls_equal=False,
        )
        return matched.drop(left_keys)
    added = [name for name in theirs if name not in relation.right_on]
    names = right_names(mine.names(), added, relation.suffix)
    both = left.join(
        right.select(*keys, *(column(old).alias(new) for old, new in names.items())),
        left_on=left_keys,
        right_on=right_keys,
        how=relation.how,
        maintain_order="right_left" if relation.how == "right" else "left_right",
        nulls_equal=False,
        coalesce=False,
    )
    out: dict[str, pl.Expr] = {name: column(name) for name in mine}
    for name, left_key, right_key in zip(relation.left_on, left_keys, right_keys, strict=True):
        if relation.how == "right":
            out[name] = pl.col(right_key).alias(name)
        elif relation.how == "full":
            out[name] = pl.coalesce(left_key, right_key).alias(name)
    return both.select(*out.values(), *map(column, names.values()))


def joined_asof(left: pl.LazyFrame, right: pl.LazyFrame, relation: AsofJoin) -> pl.LazyFrame:
    """The join, rows in the order of the left table."""
    mine, theirs = left.collect_schema(), right.collect_schema()
    left_on, right_on = (*relation.left_by, relation.left_on), (*relation.right_by, relation.right_on)
    types = key_types(mine, theirs, left_on, right_on)
    left_keys = [f"__engine_left_{i}" for i in range(len(types))]
    right_keys = [f"__engine_right_{i}" for i in range(len(types))]
    added = [name for name in theirs if name not in relation.right_by]
    names = right_names(mine.names(), added, relation.suffix)
    one_of_each = (
        right.with_columns(draw(0, theirs.names()).alias(DRAW), *_keys(right_on, types, right_keys, nan_is_null=True))
        .drop_nulls(right_keys)
        .sort(right_keys[-1], DRAW)
        .unique(right_keys, keep="first", maintain_order=True)
        .select(*right_keys, *(column(old).alias(new) for old, new in names.items()))
    )
    numbered = left.with_row_index(ROW).with_columns(_keys(left_on, types, left_keys, nan_is_null=True))
    both = numbered.sort(left_keys[-1], nulls_last=True).join_asof(
        one_of_each,
        left_on=left_keys[-1],
        right_on=right_keys[-1],
        by_left=left_keys[:-1] or None,
        by_right=right_keys[:-1] or None,
        strategy=relation.strategy,
        coalesce=False,
        check_sortedness=False,
    )
    return both.sort(ROW).select(*map(column, (*mine.names(), *names.values())))


def concatenated(tables: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The rows of all tables, in order.

    Raises:
        StepError: a column has types that do not go together.
    """
    schemas = [each.collect_schema() for each in tables]
    names = list(dict.fromkeys(name for schema in schemas for name in schema))
    types = {name: _common(name, [schema[name] for schema in schemas if name in schema]) for name in names}
    cast = [
        table.with_columns(column(name).cast(types[name]) for name, dtype in schema.items() if dtype != types[name])
        for table, schema in zip(tables, schemas, strict=True)
    ]
    return pl.concat(cast, how="diagonal")


def key_types(
    left: pl.Schema, right: pl.Schema, left_on: Sequence[str], right_on: Sequence[str]
) -> tuple[pl.DataType, ...]:
    """The types in which keys are compared.

    Raises:
        StepError: two keys have types that do not go together.
    """
    found = []
    for mine, theirs in zip(left_on, right_on, strict=True):
        dtype = common_type(left[mine], right[theirs])
        if dtype is None:
            raise StepError(
                f"Column {mine!r} holds {type_name(left[mine])} values and {theirs!r}, on the right, "
                f"{type_name(right[theirs])} values, so they cannot be compared. Change the type of one first."
            )
        found.append(pl.Boolean() if dtype == pl.Null else dtype)
    return tuple(found)


def _keys(
    columns: Sequence[str], types: Sequence[pl.DataType], names: Sequence[str], *, nan_is_null: bool = False
) -> list[pl.Expr]:
    keys = [column(key).cast(dtype).alias(name) for key, dtype, name in zip(columns, types, names, strict=True)]
    if not nan_is_null:
        return keys
    return [key.fill_nan(None) if dtype.is_float() else key for key, dtype in zip(keys, types, strict=True)]


def _common(name: str, types: Sequence[pl.DataType]) -> pl.DataType:
    def both(first: pl.DataType, second: pl.DataType) -> pl.DataType:
        found = common_type(first, second)
        if found is None:
            raise StepError(
                f"Column {name!r} holds {type_name(first)} values in one table and {type_name(second)} values in "
                "another. Change the type of one first."
            )
        return found

    return reduce(both, types)
