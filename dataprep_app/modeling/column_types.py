"""Types of columns as JSON and back, exactly."""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.core.errors import DataprepError

PLAIN: dict[str, pl.DataType] = {
    str(each): each
    for each in (
        pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Float32(), pl.Float64(), pl.Boolean(), pl.String(),
        pl.Binary(), pl.Date(), pl.Time(), pl.Null(),
    )
}  # fmt: skip


def to_json(dtype: object) -> Any:
    """A portable type as a word, or as a mapping from a word to what it holds."""
    dtype = dtype() if isinstance(dtype, type) else dtype
    match dtype:
        case pl.Datetime(time_zone=zone):
            return {"Datetime": zone}
        case pl.Duration():
            return "Duration"
        case pl.Decimal(precision=precision, scale=scale):
            return {"Decimal": [precision, scale]}
        case pl.List(inner=inner):
            return {"List": to_json(inner)}
        case pl.Struct(fields=fields):
            return {"Struct": {each.name: to_json(each.dtype) for each in fields}}
        case _:
            return str(dtype)


def of_json(value: Any) -> pl.DataType:
    """What :func:`to_json` wrote.

    Raises:
        DataprepError: it did not write that.
    """
    match value:
        case {"Datetime": zone}:
            return pl.Datetime("us", zone)
        case "Duration":
            return pl.Duration("us")
        case {"Decimal": [precision, scale]}:
            return pl.Decimal(precision, scale)
        case {"List": inner}:
            return pl.List(of_json(inner))
        case {"Struct": dict() as fields}:
            return pl.Struct({name: of_json(each) for name, each in fields.items()})
        case str() if value in PLAIN:
            return PLAIN[value]
    raise DataprepError(f"{value!r} is no type of a column.")
