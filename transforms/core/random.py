"""Randomness that every engine shares: a hash of the row's own values with a seed.

Rows that are equal in every column used draw the same number, so they are kept, dropped or split
together. Hashes are promised to be equal within one polars version, so a Spark job checks that its
workers have the driver's.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def draw(seed: int, columns: Sequence[str] | None = None) -> pl.Expr:
    """A uniform Float64 in [0, 1) for each row, from the chosen columns (all, in table order, by default).

    53 bits of a 64-bit hash, so that each value is exact.
    """
    values = pl.all() if columns is None else pl.col(list(columns))
    return (pl.struct(values).hash(seed) // 2**11).cast(pl.Float64) * 2.0**-53
