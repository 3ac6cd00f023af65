"""Missing values: drop them, fill them, mark them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl

from transforms.core.columns import ALL, Columns, NumericColumns
from transforms.core.statistics import Ask, Mean
from transforms.core.transform import Example, FittedTransform, Learned, RowTransform


class DropMissingRows(RowTransform):
    """Drop rows that have missing values in the chosen columns."""

    id = "drop_missing_rows"
    title = "Drop rows with missing values"
    terms = ("dropna", "remove nulls", "remove incomplete rows")
    changes_rows = True
    missing = "Null and NaN count as missing; empty text does not."
    examples = (
        Example(
            params={"columns": ["age", "city"], "how": "all"},
            before={"age": [31, None, None], "city": ["Oslo", "Rome", None]},
            after={"age": [31, None], "city": ["Oslo", "Rome"]},
        ),
    )

    columns: Columns = ALL
    """Columns to check."""
    how: Literal["any", "all"] = "any"
    """Drop a row when any of its values is missing, or only when all are."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        missing = [self.present(name).is_null() for name in self.columns]
        if not missing:
            return rows
        return rows.remove(pl.any_horizontal(missing) if self.how == "any" else pl.all_horizontal(missing))


class Fills(Learned):
    """The value that fills each column; none where the column had no value at all."""

    values: dict[str, float | None]


class ImputeMean(FittedTransform):
    """Fill missing numbers with the mean of their column."""

    id = "impute_mean"
    title = "Fill with mean"
    terms = ("fillna mean", "average", "impute")
    missing = "Null and NaN are filled; a column without any value stays as it is. Whole numbers become decimals."
    unseen = "New values are kept; new missing values get the learned mean."
    examples = (
        Example(
            params={"columns": ["age"]},
            before={"age": [20.0, None, 40.0]},
            after={"age": [20.0, 30.0, 40.0]},
        ),
    )

    columns: NumericColumns
    """Columns to fill."""

    def fit(self, ask: Ask) -> Fills:
        means = ask(*(Mean(name) for name in self.columns))
        return Fills(values=dict(zip(self.columns, means, strict=True)))

    def exprs(self, learned: Fills) -> Iterator[pl.Expr]:
        return (
            self.present(name).cast(pl.Float64).fill_null(pl.lit(learned.values[name], pl.Float64))
            for name in self.columns
        )


TRANSFORMS = (DropMissingRows, ImputeMean)
