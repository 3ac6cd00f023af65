"""Rows of a table as a result shows them: plain values, whatever the types of the columns."""

from __future__ import annotations

from typing import Any

import polars as pl

LONGEST = 200
"""Characters of a value that are shown."""


def shown(table: pl.DataFrame) -> pl.DataFrame:
    """The same rows with every value one that a result can hold.

    Lists, objects and bytes are written as text, long text is cut, and NaN is missing. A column of numbers with an
    infinite one is written as text.
    """
    # A series named like a pattern would be taken for one by some of its methods.
    return table.with_columns(_cells(table.get_column(name).alias("value")).alias(name) for name in table.columns)


def _cells(values: pl.Series) -> pl.Series:
    dtype = values.dtype
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        texts = [None if each is None else _cut(str(_plain(each))) for each in values]
        return pl.Series(values.name, texts, dtype=pl.String)
    if dtype.is_float():
        values = values.fill_nan(None)
        return values.cast(pl.String) if values.is_infinite().any() else values
    if dtype == pl.Null:
        return values.cast(pl.String)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        text = pl.col("value")
        cut = pl.when(text.str.len_chars() > LONGEST).then(text.str.head(LONGEST - 1) + "…").otherwise(text)
        return values.cast(pl.String).to_frame().select(cut).to_series()
    return values


def _plain(value: Any) -> Any:
    return value.to_list() if isinstance(value, pl.Series) else value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
