"""Rows that code gave, in the types that were declared for them, or an error that names a value that does not fit."""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.code.source import FUNCTION
from transforms.core.dtypes import portable, type_name
from transforms.core.errors import StepError


def conformed(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The declared columns, in their order.

    Values change their type only where nothing of them is lost: whole numbers are numbers, numbers without a fraction
    whole numbers, dates datetimes, and a column of nulls is of any type.

    Raises:
        StepError: a column is missing or is not declared, or holds values of another type.
    """
    lacking = [name for name in schema if name not in rows.columns]
    if lacking:
        raise StepError(
            f"The Python function {FUNCTION!r} gave no column {lacking[0]!r}, which is declared. It gave: "
            f"{', '.join(map(repr, rows.columns)) or 'none'}. Change the code, or the columns that come out."
        )
    extra = [name for name in rows.columns if name not in schema]
    if extra:
        raise StepError(
            f"The Python function {FUNCTION!r} gave a column {extra[0]!r} that is not declared. Add it to the columns "
            "that come out, or drop it in the code."
        )
    return pl.DataFrame({name: _fitted(rows[name], dtype) for name, dtype in schema.items()})


def _fitted(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    if values.dtype == dtype:
        return values
    fitted = _cast(values, dtype)
    if isinstance(fitted, pl.Series):
        return fitted
    raise StepError(
        f"The Python function {FUNCTION!r} gave values of type {type_name(values.dtype)} in column {values.name!r}, "
        f"such as {fitted!r}, where {type_name(dtype)} is declared. Change the code, or the declared type."
    )


def _cast(values: pl.Series, dtype: pl.DataType) -> pl.Series | Any:
    """The values in another type, or one of them that does not fit."""
    found = values.dtype
    if found.is_float() and dtype.is_integer():
        values = values.fill_nan(None)
    numbers = found.is_numeric() and dtype.is_numeric()
    nearly = found == pl.Null or portable(found) == dtype or (found == pl.Date and dtype == pl.Datetime("us"))
    if not numbers and not nearly:
        return values.drop_nulls().first()
    cast = values.cast(dtype, strict=False)
    lost = cast.is_null() & values.is_not_null()
    if numbers and not dtype.is_float():
        lost = lost | (values != cast.cast(found)).fill_null(value=False)
    return values.filter(lost).first() if lost.any() else cast
