"""The number of a group of rows: how many there are, or the mean of a column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import polars as pl

from transforms.core.errors import Problem

Function = Literal["count", "mean", "median", "sum", "min", "max"]


def number(function: Function, value: str = "value") -> pl.Expr:
    """The number of the rows of a group; null where there is no value, or where it is too large to be written.

    Args:
        function: what is computed; count counts rows.
        value: the column of numbers, null where a row has none.
    """
    if function == "count":
        return pl.len().cast(pl.Float64)
    numbers = pl.col(value)
    if function == "sum":  # of no values there is no sum
        found = pl.when(numbers.count() > 0).then(numbers.cast(pl.Float64).sum())
    else:
        found = getattr(numbers, function)().cast(pl.Float64)
    return pl.when(found.is_finite()).then(found)


def called(function: Function, measure: str | None) -> str:
    """What the number is called on an axis: ``Rows``, ``Mean of income``."""
    return "Rows" if function == "count" else f"{function.capitalize()} of {measure}"


def needs_measure(function: Function, field: str) -> Iterable[Problem]:
    """The problem of a number without a column to take it of."""
    yield Problem(f"A {function} needs a column to measure.", "Choose a measure, or count rows.", field)
