"""Numbers by their place among the values of their column."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import NumericColumns, taken
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, CountWhere, Quantile
from transforms.core.transform import Example, FittedTransform, Learned, Transform
from transforms.fitted_rows import Matrix

NEAREST = 1e-7
"""How near to 0 and 1 a share may be before it becomes a number of the normal distribution, as in scikit-learn."""


class Quantiles(Learned):
    """Equally spaced quantiles of each column, from the smallest value to the largest; none where it had no value."""

    quantiles: dict[str, list[float]]


class PlaceAmongValues(FittedTransform):
    """Replaces numbers by the share of the values of their column that are smaller."""

    missing = (
        "Missing values (null and NaN) are left out of the fit and stay missing. Infinite values are left out of the "
        "fit and come first or last."
    )
    unseen = (
        "New values between learned ones lie between their shares, on a straight line; those beyond get the first or "
        "last share. Where a column had no value in the fit, all become missing."
    )

    columns: NumericColumns
    """Columns to change."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @property
    def most(self) -> int:
        """The most quantiles that are learned of a column."""
        return 1_001

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def fit(self, ask: Ask) -> Quantiles:
        values = {name: finite(name) for name in self.columns}
        counts = ask(
            *(CountWhere(each.is_not_null()) for each in values.values()),
            *(CountWhere(self.present(name).is_not_null()) for name in self.columns),
        )
        rows = dict(zip(self.columns, counts, strict=False))
        present = dict(zip(self.columns, counts[len(self.columns) :], strict=True))
        shares = {name: _shares(min(self.most, rows[name])) for name in self.columns}
        # Quantiles of a column as it is share one sort, those of an expression each have their own.
        wanted = (
            Quantile(name if rows[name] == present[name] else values[name], float(q))
            for name in self.columns
            for q in shares[name]
        )
        found = iter(ask(*wanted))
        return Quantiles(quantiles={name: [next(found) for _ in shares[name]] for name in self.columns})

    def share(self, name: str, learned: Quantiles) -> pl.Expr:
        """The share of the values of the fit that are smaller, the middle of all shares where values are equal."""
        known = np.array(learned.quantiles[name])
        value = self.present(name).cast(pl.Float64)
        if not len(known):
            return pl.when(value.is_not_null()).then(pl.lit(None, pl.Float64))

        def places(values: pl.Series) -> pl.Series:
            numbers = values.to_numpy()
            # From the left and from the right, which differ where quantiles are equal.
            shares = _shares(len(known))
            found: Matrix = (np.interp(numbers, known, shares) - np.interp(-numbers, -known[::-1], -shares[::-1])) / 2
            return pl.Series(values.name, found)

        found = value.map_batches(places, return_dtype=pl.Float64(), is_elementwise=True)
        return pl.when(value.is_not_null()).then(found)


def _shares(count: int) -> Matrix:
    """So many shares from 0 to 1; of one value, the middle."""
    return np.linspace(0.0, 1.0, count) if count != 1 else np.array([0.5])


class PercentileRank(PlaceAmongValues):
    """Replace numbers by their rank among the values of their column: 0 for the smallest, 1 for the largest.

    Equal values share the mean of their ranks.
    """

    id = "scale_percentile_rank"
    title = "Percentile rank"
    terms = ("percentile", "rank transform", "empirical distribution", "ECDF")
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [10, 500, None, 20]},
            after={"x": [0.0, 1.0, None, 0.5]},
        ),
        Example(
            params={"columns": ["x"], "unit": "percent", "suffix": "_rank"},
            before={"x": [1.0, 2.0, 2.0, None, 9.0, float("inf")]},
            after={
                "x": [1.0, 2.0, 2.0, None, 9.0, float("inf")],
                "x_rank": [0.0, 50.0, 50.0, None, 100.0, 100.0],
            },
        ),
    )

    unit: Literal["share", "percent"] = "share"
    """Count from 0 to 1, or from 0 to 100."""

    def exprs(self, learned: Quantiles) -> Iterator[pl.Expr]:
        factor = 100.0 if self.unit == "percent" else 1.0
        for name in self.columns:
            yield (self.share(name, learned) * factor).alias(f"{name}{self.suffix}")


class QuantileTransform(PlaceAmongValues):
    """Give numbers another distribution, uniform or normal, that keeps their order.

    Equal values share the middle of their places, also where they are the smallest or the largest, which scikit-learn
    puts at the very ends.
    """

    id = "quantile_transform"
    title = "Quantile transform"
    terms = ("QuantileTransformer", "rank gauss", "gaussianize", "uniform distribution", "normal scores")
    examples = (
        Example(
            params={"columns": ["x"], "quantiles": 3},
            before={"x": [1, 2, 3, 4, 100, None]},
            after={"x": [0.0, 0.25, 0.5, 0.5 + 0.5 / 97, 1.0, None]},
        ),
        Example(
            params={"columns": ["x"], "distribution": "normal", "suffix": "_normal"},
            before={"x": [1.0, 5.0, 100.0, None]},
            after={"x": [1.0, 5.0, 100.0, None], "x_normal": [-5.199337582187471, 0.0, 5.199337582187471, None]},
        ),
    )

    distribution: Literal["uniform", "normal"] = "uniform"
    """Spread the values evenly from 0 to 1, or normally with mean 0 and standard deviation 1, at most 5.2."""
    quantiles: int = Field(1_000, ge=2, le=10_000)
    """How many quantiles stand for the values; no more than there are values."""

    @property
    def most(self) -> int:
        return self.quantiles

    def exprs(self, learned: Quantiles) -> Iterator[pl.Expr]:
        for name in self.columns:
            share = self.share(name, learned)
            if self.distribution == "normal":
                ends = share.clip(NEAREST, 1 - NEAREST)
                share = over_distinct(ends, NormalDist().inv_cdf, pl.Float64())
            yield share.alias(f"{name}{self.suffix}")


TRANSFORMS: tuple[type[Transform], ...] = (PercentileRank, QuantileTransform)
