"""Numbers that can be measured."""

from __future__ import annotations

import polars as pl

LARGEST = 1e150
"""Beyond this the squares of which variances and distances are made, summed over rows, leave the range of Float64."""


def finite(column: str) -> pl.Expr:
    """A numeric or boolean column as Float64; null where it is null, NaN, infinite or beyond 1e150."""
    number = pl.col(column).cast(pl.Float64)
    return pl.when(number.abs() <= LARGEST).then(number).alias(column)
