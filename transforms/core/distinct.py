"""Python functions over a column, called once for each different value of a piece of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl


def over_distinct(value: pl.Expr, function: Callable[[Any], Any], dtype: pl.DataType) -> pl.Expr:
    """What a function gives for each value; missing values stay missing and are not passed to it.

    Args:
        value: a column without NaN.
        function: takes a value, gives one of ``dtype`` or ``None``, and always the same for the same value.
        dtype: the type of what it gives.
    """

    def mapped(values: pl.Series) -> pl.Series:
        distinct = values.drop_nulls().unique()
        results = pl.Series([function(each) for each in distinct.to_list()], dtype=dtype)
        # Polars puts no lists in the place of values, so each value gets the place of its result first.
        places = pl.int_range(len(distinct), dtype=pl.Int64, eager=True)
        return results.gather(values.replace_strict(distinct, places, default=None, return_dtype=pl.Int64))

    return value.map_batches(mapped, return_dtype=dtype, is_elementwise=True)
