"""Randomness that every engine shares: a hash of the row's own values with a seed.

Rows that are equal in every column used draw the same number, so they are kept, dropped or split
together. Hashes are promised to be equal within one polars version, so a Spark job checks that its
workers have the driver's.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.core.columns import column


def draw(seed: int, columns: Sequence[str]) -> pl.Expr:
    """A uniform Float64 in [0, 1) for each row, from columns that are named, so that lineage knows of them.

    53 bits of a 64-bit hash, so that each value is exact.
    """
    return (pl.struct(map(column, columns)).hash(seed) // 2**11).cast(pl.Float64) * 2.0**-53
