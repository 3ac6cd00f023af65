"""How far columns of numbers are sums of each other, from their standardised values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.analyses.values import axis_values, counted, listed, share
from transforms.core.errors import DataprepError

Matrix = NDArray[np.float64]
INFINITE = math.inf
NOTHING = 1e-10
"""An eigenvalue of a correlation matrix, whose mean is 1, that is 0 but for rounding."""
TAKES_PART = 1e-6
"""The squared weight from which on a column takes part in a sum that does not vary."""
MOSTLY_MISSING = 0.5
"""Columns with a larger share of missing values are left out, so that enough rows are complete."""


@dataclass(frozen=True)
class Standardised:
    """Complete rows, each column with mean 0 and standard deviation 1 (ddof 0)."""

    names: tuple[str, ...]
    values: Matrix
    kept: NDArray[np.bool_]
    """Which rows of the table they are."""
    notes: tuple[str, ...]
    """What was left out, in sentences."""


@dataclass(frozen=True)
class Inflation:
    """How well all other columns together tell a column."""

    column: str
    vif: float
    """1 / (1 - R2) of the column by a linear model of the others; infinite where it is an exact sum of them."""
    partner: str
    """The column it is correlated with most."""
    correlation: float

    @property
    def infinite(self) -> bool:
        """Whether it is an exact sum of others."""
        return math.isinf(self.vif)

    @property
    def share(self) -> float:
        """R2: the share of its variance that the others tell."""
        return 1 - 1 / self.vif


@dataclass(frozen=True)
class Components:
    """Singular values of standardised columns, the largest first."""

    singular: list[float]
    shares: list[float]
    """Of the variance of all columns."""
    together: list[float]
    smallest: list[float]
    """Weights of the columns in the last component."""
    condition: float
    """The largest singular value over the smallest."""


def standardised(table: pl.DataFrame, names: Sequence[str], keep: NDArray[np.bool_] | None = None) -> Standardised:
    """Complete rows of the columns that vary.

    Args:
        table: the rows.
        names: columns of numbers.
        keep: true for the rows that may be used; all without it.

    Raises:
        DataprepError: fewer than two columns vary, or too few rows are complete.
    """
    columns = {name: axis_values(table, name).cast(pl.Float64).fill_null(math.nan).to_numpy() for name in names}
    rows = np.ones(table.height, dtype=bool) if keep is None else keep
    gaps = {name: float(np.isnan(values[rows]).mean()) if rows.any() else 1.0 for name, values in columns.items()}
    hollow = [name for name in names if gaps[name] > MOSTLY_MISSING]
    used = [name for name in names if name not in hollow]
    for name in used:
        rows = rows & ~np.isnan(columns[name])
    # Dividing by the largest first keeps the squares of very large numbers finite.
    scaled = {name: _scaled(columns[name][rows]) for name in used}
    still = [name for name in used if scaled[name] is None]
    found = {name: values for name, values in scaled.items() if values is not None}
    complete = int(rows.sum())
    if len(found) < 2 or complete <= len(found) + 1:
        reasons = [f"mostly missing: {listed(hollow)}"] if hollow else []
        reasons += [f"without variation: {listed(still)}"] if still else []
        raise DataprepError(
            f"{counted(len(found), 'column')} that vary in {counted(complete, 'row')} without gaps are too few to "
            f"compare{f' ({chr(59).join(reasons)})' if reasons else ''}."
        )
    notes = []
    if hollow:
        notes.append(f"Left out, since more than half of their values are missing: {listed(hollow)}.")
    if still:
        notes.append(f"Left out, since they do not vary: {listed(still)}.")
    if complete < table.height:
        notes.append(f"Computed on {complete:,} of {table.height:,} rows ({share(complete, table.height)}), those "
                     "without gaps.")  # fmt: skip
    return Standardised(tuple(found), np.column_stack(list(found.values())), rows, tuple(notes))


def inflations(rows: Standardised) -> list[Inflation]:
    """The variance inflation of each column, the largest first.

    The diagonal of the inverted correlation matrix, by its eigenvalues, so that exact sums are seen as such.
    """
    correlations = rows.values.T @ rows.values / len(rows.values)
    values, vectors = np.linalg.eigh(correlations)
    none = values <= NOTHING * len(values)
    weights = vectors**2
    finite = (weights[:, ~none] / values[~none]).sum(axis=1)
    exact = weights[:, none].sum(axis=1) > TAKES_PART
    others = np.abs(correlations - np.eye(len(values)))
    partners = others.argmax(axis=1)
    found = [
        Inflation(
            name,
            INFINITE if exact[i] else max(1.0, float(finite[i])),
            rows.names[partners[i]],
            float(np.clip(correlations[i, partners[i]], -1, 1)),
        )
        for i, name in enumerate(rows.names)
    ]
    return sorted(found, key=lambda each: (-each.vif, -abs(each.correlation), each.column))


def components(rows: Standardised) -> Components:
    """The principal components of standardised columns."""
    _, singular, vectors = np.linalg.svd(rows.values, full_matrices=False)
    shares = singular**2 / (singular**2).sum()
    smallest = vectors[-1] * (1 if vectors[-1][np.abs(vectors[-1]).argmax()] > 0 else -1)
    nothing = (singular[-1] / singular[0]) ** 2 <= NOTHING
    return Components(
        singular.tolist(),
        shares.tolist(),
        np.minimum(np.cumsum(shares), 1.0).tolist(),
        smallest.tolist(),
        INFINITE if nothing else float(singular[0] / singular[-1]),
    )


def _scaled(values: Matrix) -> Matrix | None:
    """Standardised values; none where they do not vary."""
    if not len(values) or np.ptp(values) == 0:
        return None
    small = values / np.abs(values).max()
    centred = small - small.mean()
    deviation = float(np.sqrt((centred**2).mean()))
    return centred / deviation if deviation > 0 else None
