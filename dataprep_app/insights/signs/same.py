"""Columns that equal an earlier one, as they are or in other words."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from transforms.core.columns import column

MOST = 0.5
"""Different values of a column, as a share of its rows, above which that they go one to one is no news."""
LEAST_ROWS, LEAST_OTHER = 50, 5
"""Rows of a table, and rows that do not have the most frequent value, below which chance makes columns go together."""


def same_columns(rows: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Earlier columns with the same value in every row; those with one value only are left out."""
    if rows.height < 2:
        return {}
    flat = [name for name, dtype in rows.schema.items() if not dtype.is_nested() and dtype != pl.Object]
    kinds = {name: str(rows.schema[name]) for name in flat}

    def equal(first: str, second: str) -> bool:
        return rows[first].equals(rows[second], null_equal=True) and rows[first].n_unique() > 1

    return _earlier(rows.select(column(name) for name in flat), kinds, equal)


def renamed_columns(rows: pl.DataFrame, same: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Earlier columns whose values go one to one with those of a column, at least one of the two being text.

    Args:
        rows: the rows; missing values are a value.
        same: columns that equal an earlier one, which are left out.
    """
    if rows.height < LEAST_ROWS:
        return {}
    texts = {name for name, dtype in rows.schema.items() if isinstance(dtype, pl.String | pl.Categorical | pl.Enum)}
    able = [name for name, dtype in rows.schema.items() if name not in same and (name in texts or dtype.is_integer())]
    every = [_first_places(rows[name]) for name in able if texts]
    codes = pl.DataFrame([each for each in every if _telling(each)])

    def one_to_one(first: str, second: str) -> bool:
        return bool({first, second} & texts) and codes[first].equals(codes[second])

    return _earlier(codes, dict.fromkeys(codes.columns, ""), one_to_one)


def _first_places(values: pl.Series) -> pl.Series:
    """For each row the place of the first one with its value."""
    rows = pl.DataFrame({"value": values, "place": pl.int_range(len(values), eager=True)})
    return rows.select(pl.col("place").first().over("value")).to_series().alias(values.name)


def _telling(codes: pl.Series) -> bool:
    """Whether a column has values to go by: several, each in some rows, and not one alone in nearly all of them."""
    counts = codes.value_counts(name="rows")["rows"]
    most = int(counts.max())  # type: ignore[arg-type]
    return 2 <= len(counts) <= MOST * len(codes) and len(codes) - most >= LEAST_OTHER


def _earlier(
    rows: pl.DataFrame, kinds: dict[str, str], equal: Callable[[str, str], bool]
) -> dict[str, tuple[str, ...]]:
    """For each column the earlier ones that equal it; only those of one kind with equal hashes are compared."""
    if not rows.width:
        return {}
    place = pl.int_range(pl.len()).hash(2)
    marks = rows.lazy().select((column(name).hash(1) ^ place).sum().alias(name) for name in rows.columns)
    alike: dict[tuple[object, str], list[str]] = {}
    for name, mark in marks.collect().row(0, named=True).items():
        alike.setdefault((mark, kinds[name]), []).append(name)
    found: dict[str, list[str]] = {}
    for names in alike.values():
        for i, name in enumerate(names):
            for earlier in names[:i]:
                if equal(name, earlier):
                    found.setdefault(name, []).append(earlier)
    return {name: tuple(earlier) for name, earlier in found.items()}
