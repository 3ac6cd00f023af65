"""How much is missing: counted in each row, and reason enough to drop a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from polars import selectors
from pydantic import Field

from transforms.core.columns import ALL, Columns, taken
from transforms.core.conversion import blank
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn, Share
from transforms.core.statistics import Ask, Count, CountWhere
from transforms.core.transform import Example, FittedTransform, Learned, RowTransform, Transform


class MissingShares(Learned):
    """How much of each column is missing, and which columns go for it."""

    shares: dict[str, float]
    dropped: list[str]


class DropMissingColumns(FittedTransform):
    """Drop columns of which more than a share of the values is missing.

    A table keeps at least one column: where all would go, the one with the fewest missing values stays.
    """

    id = "drop_missing_columns"
    title = "Drop columns with many missing values"
    terms = ("remove empty columns", "dropna columns", "missing share", "sparse columns")
    columns_from_data = True
    missing = "Null and NaN count as missing, and blank text too where that is chosen."
    unseen = "The same columns are dropped, however much of them is missing in new rows."
    examples = (
        Example(
            params={},
            before={"id": [1, 2, 3], "age": [31.0, None, float("nan")], "city": ["Oslo", None, ""]},
            after={"id": [1, 2, 3], "city": ["Oslo", None, ""]},
        ),
        Example(
            params={"columns": ["city", "note"], "max_missing": 0.9, "treat_blank": True},
            before={"id": [None, None], "city": ["Oslo", " "], "note": ["", None]},
            after={"id": [None, None], "city": ["Oslo", " "]},
        ),
    )

    columns: Columns = ALL
    """Columns that may be dropped."""
    max_missing: Share = Field(0.5, lt=1)
    """A column is dropped when a larger share of its values is missing; 0 drops all that have any."""
    treat_blank: bool = False
    """Count text that is empty or white space only as missing, too."""

    def fit(self, ask: Ask) -> MissingShares:
        conditions = (is_missing(self, name, treat_blank=self.treat_blank) for name in self.columns)
        rows, *counts = ask(Count(), *map(CountWhere, conditions))
        shares = {name: count / rows if rows else 0.0 for name, count in zip(self.columns, counts, strict=True)}
        dropped = [name for name in shares if shares[name] > self.max_missing]
        if len(dropped) == len(ask.schemas[0]) > 0:
            dropped.remove(min(dropped, key=lambda name: shares[name]))
        return MissingShares(shares=shares, dropped=dropped)

    def apply(self, rows: pl.LazyFrame, learned: MissingShares) -> pl.LazyFrame:
        return rows.drop(selectors.by_name(*learned.dropped)) if learned.dropped else rows

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}


class CountMissingPerRow(RowTransform):
    """Add a column with the number of values that are missing in each row."""

    id = "count_missing_per_row"
    title = "Count missing values per row"
    terms = ("missing count", "null count", "completeness", "row quality")
    missing = "Null and NaN count as missing, and blank text too where that is chosen."
    examples = (
        Example(
            params={},
            before={"age": [31.0, float("nan"), None], "city": ["Oslo", "", None]},
            after={"age": [31.0, float("nan"), None], "city": ["Oslo", "", None], "missing_count": [0, 1, 2]},
        ),
        Example(
            params={"columns": ["city", "zip"], "as_share": True, "treat_blank": True, "output": "empty"},
            before={"city": ["Oslo", "", None], "zip": ["0150", "00100", None]},
            after={"city": ["Oslo", "", None], "zip": ["0150", "00100", None], "empty": [0.0, 0.5, 1.0]},
        ),
    )

    columns: Columns = ALL
    """Columns to look at."""
    output: NewColumn = "missing_count"
    """Name of the new column."""
    as_share: bool = False
    """Divide by the number of columns looked at: 0 for a row without any missing value, 1 for one of nothing else."""
    treat_blank: bool = False
    """Count text that is empty or white space only as missing, too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        missing = (
            is_missing(self, name, treat_blank=self.treat_blank).cast(pl.Int64).fill_null(0) for name in self.columns
        )
        count = pl.sum_horizontal(pl.lit(0, pl.Int64), *missing)
        yield (quotient(count, float(max(len(self.columns), 1))) if self.as_share else count).alias(self.output)


def is_missing(step: Transform, name: str, *, treat_blank: bool) -> pl.Expr:
    """Whether a value of a bound step's column is null, NaN or, if that counts, blank text; never null."""
    value = step.present(name)
    is_blank = treat_blank and step.dtype(name) == pl.String
    return value.is_null() | blank(value).fill_null(True) if is_blank else value.is_null()


TRANSFORMS: tuple[type[Transform], ...] = (DropMissingColumns, CountMissingPerRow)
