"""Numbers that can be measured, and divided the same way however many rows there are."""

from __future__ import annotations

import polars as pl

LARGEST = 1e150
"""Beyond this the squares of which variances and distances are made, summed over rows, leave the range of Float64."""


def finite(column: str) -> pl.Expr:
    """A numeric or boolean column as Float64; null where it is null, NaN, infinite or beyond 1e150."""
    number = pl.col(column).cast(pl.Float64)
    return pl.when(number.abs() <= LARGEST).then(number).alias(column)


def as_column(number: pl.Expr | float, like: pl.Expr) -> pl.Expr:
    """A number, or an expression of literals, as a column of the type and the length of another; null where that is.

    By a single value polars divides with its reciprocal, by a column exactly, and one row is not told from a single
    value: the last digit of ``price / 100`` would depend on how many rows are divided together.
    """
    spread = like.clip(number, number)
    # A bound that is null bounds nothing.
    return pl.when(number.is_not_null()).then(spread) if isinstance(number, pl.Expr) else spread


def quotient(left: pl.Expr, right: pl.Expr | float) -> pl.Expr:
    """Left divided by right as Float64, rounded once as IEEE 754 has it, also where right is one number.

    A column may be one number to polars as well: that of a literal, or of a window over one group.
    """
    left = left.cast(pl.Float64)
    if not isinstance(right, pl.Expr):
        return left / as_column(float(right), left)
    right = right.cast(pl.Float64)
    # NaN bounds nothing, as null does.
    return pl.when(right.is_nan()).then(right).otherwise(left / as_column(right, left))
