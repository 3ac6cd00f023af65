"""Drop features that say little by themselves, or nothing that others do not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import polars as pl
from polars import selectors
from pydantic import Field

from transforms.core.columns import Columns, ColumnsField, NumericColumns
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Count, CountWhere, Covariance, Distinct, Max, Mean, Min, Std
from transforms.core.transform import Example, FittedTransform, Learned, Transform
from transforms.fitted_rows import Matrix

NOTHING = 1e-9
"""What of a variance of 1 is 0 within rounding."""
LARGEST_FACTOR = 1e9
"""What stands for an infinite variance inflation factor."""

NumberColumns = Annotated[tuple[str, ...], ColumnsField(("numeric", "boolean"))]


class Selected(Learned):
    """Which columns go, and why."""

    dropped: dict[str, str]
    """Why it goes, by column dropped; in the order in which they were found."""
    scores: dict[str, float | None]
    """What was measured, by column; none where it could not be."""


class Selection(FittedTransform):
    """Drops columns by what was measured of them in the fit."""

    columns_from_data = True
    unseen = "The same columns are dropped, whatever the new values are; none, where all of the table would be."

    def fit(self, ask: Ask) -> Selected:
        raise NotImplementedError(f"{type(self).__name__} does not say which columns go.")

    def selected(self, ask: Ask, dropped: dict[str, str], scores: Mapping[str, float | None]) -> Selected:
        """What is kept of a choice; nothing goes where no column of the table would be left, since no row would be."""
        return Selected(dropped={} if len(dropped) == len(ask.schemas[0]) else dropped, scores=dict(scores))

    def apply(self, rows: pl.LazyFrame, learned: Selected) -> pl.LazyFrame:
        return rows.drop(selectors.by_name(*learned.dropped)) if learned.dropped else rows

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}


class SelectLowVariance(Selection):
    """Drop columns of numbers that hardly vary, or not at all."""

    id = "select_low_variance"
    title = "Drop low variance features"
    terms = ("variance threshold", "constant columns", "quasi constant", "feature selection")
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) are left out; a column without any value is dropped."
    )
    examples = (
        Example(
            params={"columns": ["a", "b", "c"]},
            before={"a": [7, 7, None], "b": [1, 2, None], "c": [None, None, None]},
            after={"b": [1, 2, None]},
            dtypes={"c": pl.Int64},
        ),
        Example(
            params={"columns": ["a", "yes"], "threshold": 0.1},
            before={"a": [1.0, 1.2, 0.8, None], "yes": [True, False, True, None], "t": ["x", "x", None, "x"]},
            after={"yes": [True, False, True, None], "t": ["x", "x", None, "x"]},
        ),
    )

    columns: NumberColumns
    """Columns to look at; true and false count as 1 and 0."""
    threshold: float = Field(0.0, ge=0)
    """Drop columns whose variance (in the square of their unit, divided by their rows) is not larger than this."""

    def fit(self, ask: Ask) -> Selected:
        # Rounding may give a column of equal values a variance; its ends do not lie.
        values = [finite(name) for name in self.columns]
        measured = ask(*(each for value in values for each in (Std(value, 0), Min(value), Max(value))))
        scores, dropped = dict[str, float | None](), dict[str, str]()
        for i, name in enumerate(self.columns):
            std, low, high = measured[3 * i : 3 * i + 3]
            variance = None if std is None else 0.0 if low == high else std**2
            scores[name] = variance
            if variance is None:
                dropped[name] = "It has no value."
            elif variance <= self.threshold:
                dropped[name] = f"Its variance is {variance:.6g}." if variance else "All its values are equal."
        return self.selected(ask, dropped, scores)


class SelectVif(Selection):
    """Drop columns of numbers that the other columns together predict, one by one.

    As long as the largest variance inflation factor, 1 / (1 - R2) of a linear regression on the other columns, is too
    large, its column goes (of several as large the last); then it is measured again among the columns that are left.
    """

    id = "select_vif"
    title = "Drop collinear features (VIF)"
    terms = ("variance inflation factor", "multicollinearity", "redundant features", "feature selection")
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) count as the mean of their column in the fit; a column "
        "that is constant or all missing is predicted by none, and stays."
    )
    examples = (
        Example(
            params={"columns": ["a", "b", "sum"]},
            before={"a": [1, 2, 3, 4, None], "b": [1, 0, 2, 0, 1], "sum": [2, 2, 5, 4, None], "t": list("vwxyz")},
            after={"a": [1, 2, 3, 4, None], "b": [1, 0, 2, 0, 1], "t": list("vwxyz")},
        ),
    )

    columns: NumericColumns
    """Columns to compare."""
    max_vif: float = Field(10.0, ge=1)
    """The largest variance inflation factor of the columns that stay."""

    def fit(self, ask: Ask) -> Selected:
        if not self.columns:
            return Selected(dropped={}, scores={})
        means = ask(*(Mean(finite(name)) for name in self.columns))
        filled = (finite(name).fill_null(mean or 0.0) for name, mean in zip(self.columns, means, strict=True))
        (found,) = ask(Covariance(tuple(filled)))
        covariance = np.nan_to_num(np.array(found.matrix, dtype=np.float64))
        spread = np.sqrt(np.clip(covariance.diagonal(), 0, None))
        left = [i for i in range(len(self.columns)) if spread[i] > 0]
        scores: dict[str, float | None] = dict.fromkeys(self.columns)
        dropped = {}
        while left:
            factors = inflation(covariance[np.ix_(left, left)] / np.outer(spread[left], spread[left]))
            scores |= {self.columns[i]: float(each) for i, each in zip(left, factors, strict=True)}
            # Factors that are equal in exact arithmetic differ in their last digits.
            worst = int(np.flatnonzero(factors >= factors.max() * (1 - NOTHING))[-1])
            if factors[worst] <= self.max_vif:
                break
            name = self.columns[left.pop(worst)]
            exact = factors[worst] >= LARGEST_FACTOR
            told = "exactly" if exact else f"with a variance inflation factor of {factors[worst]:.4g}"
            dropped[name] = f"The columns that were left predict it {told}."
        return self.selected(ask, dropped, scores)


def inflation(correlation: Matrix) -> Matrix:
    """Variance inflation factors: the diagonal of the inverse; 1e9 for columns that others predict exactly."""
    values, vectors = np.linalg.eigh(correlation)
    none = values <= NOTHING * len(values)
    factors: Matrix = (np.square(vectors[:, ~none]) / values[~none]).sum(axis=1)
    exact = np.square(vectors[:, none]).sum(axis=1) > NOTHING
    found: Matrix = np.minimum(np.where(exact, LARGEST_FACTOR, np.maximum(factors, 1.0)), LARGEST_FACTOR)
    return found


class DropSparseFeatures(Selection):
    """Drop columns in which nearly every value is zero, empty or missing."""

    id = "drop_sparse_features"
    title = "Drop sparse features"
    terms = ("mostly zero", "mostly empty", "zero columns", "feature selection")
    missing = "Null and NaN count like zero; in a table without rows, nothing is dropped."
    examples = (
        Example(
            params={"columns": ["a", "b", "note"], "max_zero_or_missing": 0.6},
            before={"a": [0, 0, 5, None], "b": [1, 0, None, 2], "note": ["", " ", None, "x"]},
            after={"b": [1, 0, None, 2]},
        ),
    )

    columns: Columns
    """Columns to look at: zero, false, blank text and empty lists count as nothing."""
    max_zero_or_missing: float = Field(0.95, ge=0, le=1, json_schema_extra={"widget": "share"})
    """Drop columns with a larger share of such rows than this."""

    def fit(self, ask: Ask) -> Selected:
        rows, *counts = ask(Count(), *(CountWhere(self._nothing(name)) for name in self.columns))
        scores: dict[str, float | None] = {
            name: count / rows if rows else None for name, count in zip(self.columns, counts, strict=True)
        }
        dropped = {
            name: f"{share:.4%} of its values are zero, empty or missing."
            for name, share in scores.items()
            if share is not None and share > self.max_zero_or_missing
        }
        return self.selected(ask, dropped, scores)

    def _nothing(self, name: str) -> pl.Expr:
        """Whether a value is zero, empty or missing."""
        dtype, value = self.dtype(name), self.present(name)
        missing = value.is_null()
        if dtype.is_numeric():
            return missing | (value == 0).fill_null(value=False)
        if dtype == pl.Boolean:
            return missing | value.not_().fill_null(value=False)
        if dtype == pl.String:
            return missing | (value.str.strip_chars() == "").fill_null(value=False)
        if dtype == pl.List:
            return missing | (value.list.len() == 0).fill_null(value=False)
        return missing


class DropHighCardinality(Selection):
    """Drop columns of text or whole numbers in which nearly every value is different, as in an identifier.

    Amounts in whole numbers, such as incomes, can look the same: leave them out of the columns.
    """

    id = "drop_high_cardinality"
    title = "Drop id-like columns"
    terms = ("high cardinality", "identifier", "unique values", "drop ids", "key columns")
    missing = "Null values are left out of the share; a column without any value stays."
    examples = (
        Example(
            params={"columns": ["id", "city"], "min_rows": 3},
            before={"id": [1, 2, 3, None], "city": ["Oslo", "Oslo", "Rome", None], "age": [31.5, 40.0, None, 27.0]},
            after={"city": ["Oslo", "Oslo", "Rome", None], "age": [31.5, 40.0, None, 27.0]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("text", "integer"))]
    """Columns to look at; a rule passes over dates and decimals, which may differ in every row and still say a lot."""
    max_distinct_share: float = Field(0.95, ge=0, le=1, json_schema_extra={"widget": "share"})
    """Drop columns with a larger share of different values, among the rows that have one, than this."""
    min_rows: int = Field(20, ge=1)
    """Columns with values in fewer rows than this stay: in few rows all values may differ by chance."""

    def fit(self, ask: Ask) -> Selected:
        present = [CountWhere(pl.col(name).is_not_null()) for name in self.columns]
        found = ask(*present, *(Distinct(name) for name in self.columns))
        counts = zip(self.columns, found[: len(present)], found[len(present) :], strict=True)
        scores, dropped = dict[str, float | None](), dict[str, str]()
        for name, rows, distinct in counts:
            scores[name] = distinct / rows if rows else None
            if rows >= self.min_rows and distinct / rows > self.max_distinct_share:
                dropped[name] = f"It has {distinct:,} different values in {rows:,} rows."
        return self.selected(ask, dropped, scores)


TRANSFORMS: tuple[type[Transform], ...] = (SelectLowVariance, SelectVif, DropSparseFeatures, DropHighCardinality)
