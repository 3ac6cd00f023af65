"""Kinds of columns, as people name them, and the polars types behind them.

Every type here exists in polars, in Arrow and in Spark, so that a column keeps its type whichever
engine runs the flow. Unsigned, 128-bit, categorical and nanosecond columns are changed to their
nearest such type when a table is opened (:func:`portable`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

import polars as pl

Kind = Literal["all", "numeric", "integer", "float", "text", "boolean", "date", "datetime", "temporal", "nested"]
"""A family of column types, used by selectors and by form fields."""

TypeName = Literal["integer", "number", "text", "boolean", "date", "datetime", "time", "duration"]
"""A type a column can be given, by the name people use."""

TYPES: dict[TypeName, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "time": pl.Time(),
    "duration": pl.Duration("us"),
}


def is_kind(dtype: pl.DataType, kind: Kind) -> bool:
    """Whether a column type belongs to a family; a column of nulls only belongs to all of them."""
    if dtype == pl.Null:
        return True
    match kind:
        case "all":
            return True
        case "numeric":
            return dtype.is_numeric()
        case "integer":
            return dtype.is_integer()
        case "float":
            return dtype.is_float()
        case "text":
            return dtype == pl.String
        case "boolean":
            return dtype == pl.Boolean
        case "date":
            return dtype == pl.Date
        case "datetime":
            return dtype == pl.Datetime
        case "temporal":
            return dtype.is_temporal()
        case "nested":
            return dtype.is_nested()
        case _:
            assert_never(kind)


def type_name(dtype: pl.DataType) -> str:
    """The word people use for a column type: ``integer``, ``number``, ``text`` ..."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    for name, each in TYPES.items():
        if isinstance(dtype, type(each)):
            return name
    return "list" if dtype in (pl.List, pl.Array) else "object" if dtype == pl.Struct else str(dtype).lower()


def common_type(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """The type that holds the values of two columns put together; ``None`` when there is none.

    Whole numbers take the wider type, and with other numbers become Float64; decimals keep the larger
    scale; dates become datetimes without a zone; lists go by their items. A column of nulls takes any
    type. Text goes with text only, and true and false are no numbers.
    """
    if first == second or second == pl.Null:
        return first
    if first == pl.Null:
        return second
    if first.is_integer() and second.is_integer():
        return max(portable(first), portable(second), key=lambda each: WIDTHS.get(type(each), 0))
    if first.is_numeric() and second.is_numeric():
        if first.is_float() or second.is_float():
            return pl.Float64()
        scales = [each.scale for each in (first, second) if isinstance(each, pl.Decimal)]
        return pl.Decimal(38, max(scales))
    if {first, second} == {pl.Date(), pl.Datetime("us")}:
        return pl.Datetime("us")
    if isinstance(first, pl.List) and isinstance(second, pl.List):
        inner = common_type(_instance(first.inner), _instance(second.inner))
        return None if inner is None else pl.List(inner)
    return None


def common_type_of(dtypes: Iterable[pl.DataType]) -> pl.DataType | None:
    """The type that holds the values of several columns put together; ``None`` when there is none."""
    found: pl.DataType | None = pl.Null()
    for each in dtypes:
        found = None if found is None else common_type(found, each)
    return found


WIDTHS: dict[type[pl.DataType], int] = {pl.Int8: 8, pl.Int16: 16, pl.Int32: 32, pl.Int64: 64}
"""Bits of the whole numbers that every engine has."""


def portable(dtype: pl.DataType) -> pl.DataType:
    """The nearest type that polars, Arrow and Spark all have.

    Raises nothing: a type that is already portable is returned as it is. Values of UInt64 above
    2**63 - 1 do not fit; opening such a column is refused by the cast, never wrapped.
    """
    match dtype:
        case pl.UInt8() | pl.UInt16() | pl.UInt32() | pl.UInt64() | pl.Int128() | pl.UInt128():
            return pl.Int64()
        case pl.Float16():
            return pl.Float32()
        case pl.Categorical() | pl.Enum():
            return pl.String()
        case pl.Datetime(time_unit=unit, time_zone=zone) if unit != "us":
            return pl.Datetime("us", zone)
        case pl.Duration(time_unit=unit) if unit != "us":
            return pl.Duration("us")
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return pl.List(portable(_instance(inner)))
        case pl.Struct(fields=fields):
            return pl.Struct({each.name: portable(_instance(each.dtype)) for each in fields})
        case _:
            return dtype


def make_portable(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same table with every column in a type that all engines have."""
    schema = rows.collect_schema()
    changed = [name for name, dtype in schema.items() if portable(dtype) != dtype]
    return rows.with_columns(pl.col(name).cast(portable(schema[name])) for name in changed) if changed else rows


def _instance(dtype: object) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[return-value]
