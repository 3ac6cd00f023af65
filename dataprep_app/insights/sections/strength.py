"""How strongly two columns go together, without what chance alone would give, and how likely chance gives as much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri, fdtrc

from dataprep_app.insights.sections.readings import Codes, Floats

DENSE = 1_000_000
"""Cells of a table of counts that is held whole; a larger one is kept as its cells that are not empty."""


@dataclass(frozen=True)
class Strength:
    """A measure of two columns."""

    value: float | None
    """None where one of the two has a single value."""
    chance: float = 1.0
    """Probability that columns that do not go together seem to do so as strongly."""


def by_chance(freedom: int, chance: float) -> float:
    """The chi-squared statistic that chance exceeds with this probability."""
    return float(chdtri(freedom, chance))


def cramers_v(first: Codes, second: Codes) -> Strength:
    """Cramer's V of two columns of categories with the bias correction of Bergsma (2013); -1 is missing."""
    counts, left, right, rows = _table(first, second)
    if len(left) < 2 or len(right) < 2:
        return Strength(None)
    expected = left[counts.first] * right[counts.second] / rows
    chi2 = max(0.0, float((counts.rows**2 / expected).sum()) - rows)
    freedom = (len(left) - 1) * (len(right) - 1)
    phi2 = max(0.0, chi2 / rows - freedom / (rows - 1))
    sides = [len(each) - (len(each) - 1) ** 2 / (rows - 1) for each in (left, right)]
    least = min(sides) - 1
    value = float(min(1.0, np.sqrt(phi2 / least))) if least > 0 else 0.0
    return Strength(value, float(chdtrc(freedom, chi2)))


def correlation_ratio(categories: Codes, numbers: Floats) -> Strength:
    """The correlation ratio of a number on categories, with the bias correction of Kelley (1935): epsilon.

    Without it a column of many categories would seem to go with any number. Rows where either is missing are left out.
    """
    known = (categories >= 0) & np.isfinite(numbers)
    groups, values = _dense(categories[known]), numbers[known]
    counts = np.bincount(groups)
    rows, many = len(values), len(counts)
    if many < 2 or rows <= many:
        return Strength(None)
    values = values - values.mean()
    total = float((values**2).sum())
    if total <= 0:
        return Strength(None)
    between = float((np.bincount(groups, values) ** 2 / counts).sum())
    within = max(0.0, total - between)
    epsilon2 = 1 - (within / (rows - many)) / (total / (rows - 1))
    ratio = (between / (many - 1)) / (within / (rows - many)) if within > 1e-12 * total else np.inf
    chance = float(fdtrc(many - 1, rows - many, ratio)) if np.isfinite(ratio) else 0.0
    return Strength(float(min(1.0, np.sqrt(max(0.0, epsilon2)))), chance)


def uncertainty(first: Codes, second: Codes) -> Strength:
    """The symmetric uncertainty coefficient (Theil): mutual information as a share of the mean entropy of the two.

    The mutual information is corrected for its bias as Miller and Madow (1955) have it; -1 is missing.
    """
    counts, left, right, rows = _table(first, second)
    if len(left) < 2 or len(right) < 2:
        return Strength(None)
    shares = counts.rows / rows
    information = float((shares * np.log(counts.rows * rows / (left[counts.first] * right[counts.second]))).sum())
    bias = (len(counts.rows) - len(left) - len(right) + 1) / (2 * rows)
    entropies = [float(-(each / rows * np.log(each / rows)).sum()) for each in (left, right)]
    value = float(np.clip((information - max(0.0, bias)) * 2 / sum(entropies), 0.0, 1.0))
    freedom = (len(left) - 1) * (len(right) - 1)
    return Strength(value, float(chdtrc(freedom, max(0.0, 2 * rows * information))))


@dataclass(frozen=True)
class _Cells:
    """The cells of a table of counts that are not empty."""

    first: Codes
    second: Codes
    rows: Floats


def _table(first: Codes, second: Codes) -> tuple[_Cells, Floats, Floats, int]:
    """Counts of two columns where both are present: the cells, the sums of both sides, and all rows."""
    known = (first >= 0) & (second >= 0)
    left, right = _dense(first[known]), _dense(second[known])
    wide = int(right.max()) + 1 if len(right) else 1
    keys = left * wide + right
    if len(keys) and (int(left.max()) + 1) * wide <= DENSE:
        every = np.bincount(keys)
        cells = np.flatnonzero(every)
        counts = every[cells]
    else:
        cells, counts = np.unique(keys, return_counts=True)
    sides = [np.bincount(each).astype(np.float64) for each in (left, right)]
    return _Cells(cells // wide, cells % wide, counts.astype(np.float64)), sides[0], sides[1], len(keys)


def _dense(codes: Codes) -> Codes:
    """Codes numbered anew, so that each occurs."""
    if not len(codes):
        return codes
    there = np.bincount(codes) > 0
    return codes if there.all() else (np.cumsum(there) - 1)[codes]
