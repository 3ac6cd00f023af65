"""Columns whose values stand for categories, and the text by which each category is known.

What a step learns about categories is kept as text, so that it can be read, edited and compared:
``"Oslo"``, ``"true"``, ``"3"``, ``"2024-05-01"``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import polars as pl

from transforms.core.columns import ColumnField, ColumnsField
from transforms.core.dtypes import Kind
from transforms.core.params import legal_name

CATEGORY: tuple[Kind, ...] = ("text", "boolean", "numeric", "date", "datetime")

CategoryColumn = Annotated[str, ColumnField(CATEGORY)]
"""One column whose values are categories."""
CategoryColumns = Annotated[tuple[str, ...], ColumnsField(CATEGORY)]
"""One or more columns whose values are categories."""


def category(column: str, dtype: pl.DataType) -> pl.Expr:
    """The category of each row as text; null where the value is null or NaN.

    Whole decimals are written as whole numbers, so that 3 and 3.0 are one category.
    """
    if dtype == pl.String:
        return pl.col(column)
    if dtype.is_float():
        text = pl.col(column).fill_nan(None).cast(pl.String).str.strip_suffix(".0")
        # -0.0 and 0.0 are equal, so they are one category.
        return text.replace("-0", "0")
    return pl.col(column).cast(pl.String)


def in_value_order(categories: Iterable[str], dtype: pl.DataType) -> list[str]:
    """Categories by size where the column holds numbers, else by code point, which puts dates in order too."""
    return sorted(categories, key=float) if dtype.is_numeric() else sorted(categories)


def category_name(column: str, text: str) -> str:
    """The name of the column that stands for one category of a column: ``city_new_york``, ``score_minus_1``."""
    readable = f"minus {text[1:]}" if text[:1] == "-" and text[1:2].isdigit() else text
    return f"{column}_{legal_name(readable, 'value' if text.strip() else 'empty')}"


def free_names(wanted: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The names wanted, those already taken (by a column, or by a name before) numbered from 2."""
    used = set(taken)
    names = []
    for name in wanted:
        free, number = name, 2
        while free in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free)
        names.append(free)
    return names
