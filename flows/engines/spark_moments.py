"""Covariances and correlations from pieces of a table.

Second moments are kept about the mean of their piece and merged about the common mean (Chan, Golub and
LeVeque 1983); a mean is kept as one of the values and how far it is from there. So large values cost no
digits, and a constant column varies by exactly 0.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.engines.polars_statistics import correlation_matrix, covariance_matrix
from flows.engines.spark_partials import Partial, number
from transforms.core import statistics as stat

Floats = NDArray[np.float64]
CANCELLED = 100.0
"""How much larger than a sum of squared deviations the square of their shift may be: two of 16 digits are lost."""


def to_row(**arrays: Floats) -> pl.DataFrame:
    """Arrays as one row of lists."""
    return pl.DataFrame(
        {name: [each.ravel().tolist()] for name, each in arrays.items()},
        schema={name: pl.List(pl.Float64) for name in arrays},
    )


def from_rows(partials: pl.DataFrame, name: str, *shape: int) -> Floats:
    """One array out of a column of lists; the first axis is the rows."""
    found = partials[name].explode(empty_as_null=False).to_numpy().astype(np.float64)
    return found.reshape(partials.height, *shape)


@dataclass(frozen=True, eq=False)
class CompleteMoments(Partial):
    """Means and products of deviations over complete rows. Answer: a covariance matrix."""

    small = True
    statistic: stat.Covariance
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        values = numbers(self.statistic.columns, rows, self.schema)
        complete = values[~np.isnan(values).any(axis=1)]
        with np.errstate(all="ignore"):
            values, shifts, centred = about_mean(complete)
            return to_row(
                rows=np.array([len(complete)]),
                sums=complete.sum(axis=0),
                values=values,
                shifts=shifts,
                products=centred.T @ centred,
            )

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        rows, sums, values, shifts, products = self._arrays(partials)
        with np.errstate(all="ignore"):
            value, shift, apart = common_mean(rows, values, shifts)
            between = np.einsum("pi,pj->ij", rows * apart, apart)
            return to_row(
                rows=rows.sum(axis=0),
                sums=sums.sum(axis=0),
                values=value,
                shifts=shift,
                products=products.sum(axis=0) + between,
            )

    def answer(self, whole: pl.DataFrame) -> stat.CovarianceMatrix:
        size = len(self.statistic.columns)
        rows, sums, _, _, products = (each[0].tolist() for each in self._arrays(whole))
        count = int(rows[0])
        row: dict[str, Any] = {"rows": count}
        for i in range(size):
            row[f"mean{i}"] = sums[i] / count if count else None
            row |= {f"{i},{j}": products[i][j] / (count - 1) if count > 1 else None for j in range(i, size)}
        return covariance_matrix(row, size)

    def _arrays(self, partials: pl.DataFrame) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        size = len(self.statistic.columns)
        return (
            from_rows(partials, "rows", 1),
            from_rows(partials, "sums", size),
            from_rows(partials, "values", size),
            from_rows(partials, "shifts", size),
            from_rows(partials, "products", size, size),
        )


@dataclass(frozen=True)
class Pairs:
    """Moments of each pair of columns over the rows where both are present; ``[i, j]`` is ``i`` beside ``j``."""

    rows: Floats
    values: Floats
    """A value of ``i``."""
    shifts: Floats
    """How far the mean of ``i`` is from that value."""
    squares: Floats
    """Sum of squared deviations of ``i``."""
    products: Floats
    """Sum of products of the deviations of both."""


@dataclass(frozen=True, eq=False)
class PairMoments(Partial):
    """Moments of every pair of columns. Answer: a correlation matrix."""

    small = True
    statistic: stat.Correlation
    schema: pl.Schema

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        pairs = pair_moments(numbers(self.statistic.columns, rows, self.schema))
        return to_row(**{each.name: getattr(pairs, each.name) for each in fields(Pairs)})

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        size = len(self.statistic.columns)
        pairs = Pairs(*(from_rows(partials, each.name, size, size) for each in fields(Pairs)))
        with np.errstate(all="ignore"):
            value, shift, apart = common_mean(pairs.rows, pairs.values, pairs.shifts)
            return to_row(
                rows=pairs.rows.sum(axis=0),
                values=value,
                shifts=shift,
                squares=pairs.squares.sum(axis=0) + (pairs.rows * apart**2).sum(axis=0),
                products=pairs.products.sum(axis=0) + (pairs.rows * apart * apart.swapaxes(1, 2)).sum(axis=0),
            )

    def answer(self, whole: pl.DataFrame) -> tuple[tuple[float | None, ...], ...]:
        size = len(self.statistic.columns)
        squares, products = (from_rows(whole, name, size, size)[0] for name in ("squares", "products"))
        with np.errstate(all="ignore"):
            found = products / (np.sqrt(squares) * np.sqrt(squares.T))
        found[~np.isfinite(found) | ~np.isfinite(squares * squares.T)] = np.nan
        return correlation_matrix({f"{i},{j}": float(found[i, j]) for i in range(size) for j in range(i, size)}, size)


def numbers(columns: tuple[stat.Measured, ...], rows: pl.LazyFrame, schema: pl.Schema) -> Floats:
    """Measured columns as a matrix, missing values NaN."""
    if not columns:
        return np.empty((0, 0))
    table = rows.select(number(each, schema).alias(str(i)) for i, each in enumerate(columns)).collect()
    return np.column_stack([each.to_numpy().astype(np.float64) for each in table.iter_columns()])


def about_mean(values: Floats) -> tuple[Floats, Floats, Floats]:
    """A value of each column, how far the mean is from it, and the deviations from the mean."""
    if not len(values):
        return np.zeros(values.shape[1]), np.zeros(values.shape[1]), values
    deviations = values - values[0]
    shifts = deviations.mean(axis=0)
    return values[0], shifts, deviations - shifts


def common_mean(rows: Floats, values: Floats, shifts: Floats) -> tuple[Floats, Floats, Floats]:
    """The mean of several pieces, as a value and a shift, and how far the mean of each is from it; 0 without rows."""
    lowest = np.where(rows > 0, values, np.inf).min(axis=0)
    apart = np.where(rows > 0, values - lowest + shifts, 0.0)
    shift = (rows * apart).sum(axis=0) / np.maximum(rows.sum(axis=0), 1.0)
    return lowest, shift, np.where(rows > 0, apart - shift, 0.0)


def pair_moments(values: Floats) -> Pairs:
    """Moments of every pair, by matrix products; pairs for which those would lose digits are measured alone."""
    present = ~np.isnan(values)
    mask = present.astype(np.float64)
    with np.errstate(all="ignore"):
        first = values[present.argmax(axis=0), np.arange(values.shape[1])] if len(values) else np.zeros(values.shape[1])
        first = np.where(present.any(axis=0), first, 0.0)
        deviations = np.where(present, values - first, 0.0)
        shift = deviations.sum(axis=0) / np.maximum(mask.sum(axis=0), 1.0)
        centred = np.where(present, deviations - shift, 0.0)
        rows, sums, squares = mask.T @ mask, centred.T @ mask, (centred**2).T @ mask
        between = sums / np.maximum(rows, 1.0)
        pairs = Pairs(
            rows=rows,
            values=np.broadcast_to(first[:, np.newaxis], rows.shape).copy(),
            shifts=shift[:, np.newaxis] + between,
            squares=squares - sums * between,
            products=centred.T @ centred - sums * between.T,
        )
        lost = ~(sums * between <= CANCELLED * pairs.squares) & (rows > 0)
        for i, j in zip(*np.nonzero(np.triu(lost | lost.T)), strict=True):
            _measure_alone(pairs, values, int(i), int(j))
    return pairs


def _measure_alone(pairs: Pairs, table: Floats, i: int, j: int) -> None:
    both = table[:, [i, j]]
    values, shifts, centred = about_mean(both[~np.isnan(both).any(axis=1)])
    products = centred.T @ centred
    for a, b, k in ((i, j, 0), (j, i, 1)):
        pairs.values[a, b], pairs.shifts[a, b], pairs.squares[a, b] = values[k], shifts[k], products[k, k]
        pairs.products[a, b] = products[0, 1]
