"""How well two tables go together: which keys to join them on, and how many rows would find a partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.engines.polars_joins import key_types
from transforms.core.dtypes import common_type, type_name

LOOKED_AT = 20_000
"""Rows of each table that suggestions are made from."""
LEAST_OVERLAP = 0.05
"""A pair of columns of different names is suggested only where this share of their values is common."""


@dataclass(frozen=True)
class KeyPair:
    """Two columns that could be keys of a join."""

    left: str
    right: str
    overlap: float
    """Share of the smaller column's different values that the other column has too, on the rows looked at."""


@dataclass(frozen=True)
class MatchRates:
    """How many rows of two tables find a partner."""

    left_rows: int
    left_matched: int
    right_rows: int
    right_matched: int
    left_repeated: int
    """Left rows whose keys occur in the left table more than once."""
    right_repeated: int
    inner_rows: int
    """Rows of an inner join: more than either table has where keys are repeated on both sides."""

    @property
    def left_unmatched(self) -> int:
        """Left rows without a partner, those with a missing key among them."""
        return self.left_rows - self.left_matched

    @property
    def right_unmatched(self) -> int:
        """Right rows without a partner, those with a missing key among them."""
        return self.right_rows - self.right_matched


def suggested_keys(left: pl.DataFrame, right: pl.DataFrame) -> list[KeyPair]:
    """Pairs of columns that could be keys, the best first: equal names before common values, unique before repeated."""
    left, right = left.head(LOOKED_AT), right.head(LOOKED_AT)
    found: list[tuple[tuple[bool, float, float], KeyPair]] = []
    for mine, dtype in left.schema.items():
        for theirs, other in right.schema.items():
            same = _plain(mine) == _plain(theirs)
            if not _comparable(dtype, other) or (not same and dtype.is_float()):
                continue
            overlap, unique = _overlap(left[mine], right[theirs])
            if overlap > (0 if same else LEAST_OVERLAP) and (same or unique > 0.9):
                found.append(((same, unique, overlap), KeyPair(mine, theirs, overlap)))
    return [pair for _, pair in sorted(found, key=lambda each: each[0], reverse=True)]


def match_rates(
    left: pl.LazyFrame, right: pl.LazyFrame, left_on: Sequence[str], right_on: Sequence[str]
) -> pl.LazyFrame:
    """One row of what :class:`MatchRates` holds, to be computed by an engine; only the keys are read."""
    names = [f"key{i}" for i in range(len(left_on))]
    mine, theirs = left.collect_schema(), right.collect_schema()
    types = key_types(mine, theirs, left_on, right_on)
    both = _counted(left, left_on, types, names, "left").join(
        _counted(right, right_on, types, names, "right"), on=names, how="full", coalesce=True, nulls_equal=True
    )
    present = pl.all_horizontal(pl.col(each).is_not_null() for each in names)
    on_left, on_right = pl.col("left").fill_null(0), pl.col("right").fill_null(0)
    matched = present & (on_left > 0) & (on_right > 0)
    return both.select(
        left_rows=on_left.sum(),
        left_matched=on_left.filter(matched).sum(),
        right_rows=on_right.sum(),
        right_matched=on_right.filter(matched).sum(),
        left_repeated=on_left.filter(present & (on_left > 1)).sum(),
        right_repeated=on_right.filter(present & (on_right > 1)).sum(),
        inner_rows=(on_left * on_right).filter(matched).sum(),
    )


def rates_of(row: pl.DataFrame) -> MatchRates:
    """The computed row as a value."""
    return MatchRates(**{name: int(value or 0) for name, value in row.row(0, named=True).items()})


def _counted(
    table: pl.LazyFrame, on: Sequence[str], types: Sequence[pl.DataType], names: Sequence[str], count: str
) -> pl.LazyFrame:
    keys = [
        (pl.col(each).cast(dtype).fill_nan(None) if dtype.is_float() else pl.col(each).cast(dtype)).alias(name)
        for each, dtype, name in zip(on, types, names, strict=True)
    ]
    return table.select(keys).group_by(names).agg(pl.len().cast(pl.Int64).alias(count))


def _comparable(first: pl.DataType, second: pl.DataType) -> bool:
    known = common_type(first, second) is not None and not first.is_nested() and not second.is_nested()
    return known and first != pl.Boolean and type_name(first) == type_name(second)


def _overlap(mine: pl.Series, theirs: pl.Series) -> tuple[float, float]:
    """The share of common values, and how near the more unique column is to having no value twice."""
    first, second = mine.drop_nulls().unique(), theirs.drop_nulls().unique()
    smaller = min(len(first), len(second))
    if not smaller:
        return 0.0, 0.0
    common = first.is_in(second.cast(first.dtype, strict=False).implode()).sum()
    unique = max(len(first) / max(1, mine.count()), len(second) / max(1, theirs.count()))
    return float(common) / smaller, unique


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each.isalnum())
