"""Values far from the others: pulled in, replaced, marked, or their rows removed."""

from __future__ import annotations

from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import column
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Mean, Quantile, Std
from transforms.core.transform import Example, Transform
from transforms.fitted_groups import Numbers
from transforms.outlier_limits import Fix, GroupedOutliers, Limits, Outliers, clipped_to, limits_of

EQUAL = 1e-12
"""Values that differ by a smaller share of them are equal: means are known to 12 digits."""
NORMAL_MAD = 1.482602218505602
"""Standard deviation of a normal distribution in units of its median absolute deviation: 1 / quantile(3/4)."""


def around(center: float | None, spread: float | None, n: float) -> Numbers:
    """The limits that lie ``n`` spreads from the center; none where nothing is spread."""
    # The computed deviation of values that are all equal is not always exactly 0.
    if center is None or spread is None or spread <= abs(center) * EQUAL:
        return None, None
    return center - n * spread, center + n * spread


class StdOutliers(GroupedOutliers):
    """Treat values that lie more than so many standard deviations from the mean."""

    id = "outlier_std"
    title = "Outliers: standard deviations"
    terms = ("z-score outliers", "three sigma", "handle outliers", "cap outliers", "numeric outliers")
    examples = (
        Example(
            params={"columns": ["x"], "n": 1, "fix": "flag"},
            before={"x": [1, 2, 3, None, 10]},
            after={"x": [1, 2, 3, None, 10], "x_outlier": [False, False, False, False, True]},
        ),
        Example(
            params={"columns": ["x"], "n": 1, "fix": "remove"},
            before={"x": [1.0, 2.0, 3.0, None, 10.0]},
            after={"x": [1.0, 2.0, 3.0, None]},
        ),
    )

    n: float = Field(3.0, gt=0)
    """How many standard deviations (of a sample, ddof 1) from the mean the limits are."""

    def limits(self, ask: Ask) -> Limits:
        values = {name: finite(name) for name in self.columns}
        found = iter(ask(*(each(value) for value in values.values() for each in (Mean, Std))))
        overall = {name: around(next(found), next(found), self.n) for name in values}
        groups = self.groups.moments(ask, values)
        return limits_of(
            overall,
            {
                name: {key: around(mean, std, self.n) for key, (_, mean, std) in each.items()}
                for name, each in groups.items()
            },
        )


class MadOutliers(Outliers):
    """Treat values far from the middle, measured so that the outliers themselves hardly count.

    By the median absolute deviation (Iglewicz and Hoaglin), scaled by 1.4826 so that for normally
    distributed values it is the standard deviation; or by the mean and standard deviation of the values
    between two quantiles.
    """

    id = "outlier_mad"
    title = "Outliers: robust standard deviations"
    terms = (
        "median absolute deviation",
        "modified z-score",
        "robust outliers",
        "trimmed standard deviation",
        "numeric outliers",
    )
    missing = f"{Outliers.missing} A column half of whose values are equal has a deviation of 0, and then no limits."
    examples = (
        Example(
            params={"columns": ["x"], "fix": "null"},
            before={"x": [1, 2, 3, 4, None, 1000]},
            after={"x": [1, 2, 3, 4, None, None]},
        ),
        Example(
            params={"columns": ["x"], "estimator": "trimmed_sd", "lower_q": 0.2, "upper_q": 0.8, "fix": "median"},
            before={"x": [1.0, 2.0, 3.0, 4.0, 5.0, None, 900.0]},
            after={"x": [1.0, 2.0, 3.0, 4.0, 5.0, None, 3.0]},
        ),
    )

    n: float = Field(3.0, gt=0)
    """How many deviations from the middle the limits are."""
    estimator: Literal["mad", "trimmed_sd"] = "mad"
    """Measure by the median absolute deviation, or by the standard deviation of the values between two quantiles."""
    lower_q: float = Field(0.05, ge=0, lt=0.5, json_schema_extra={"widget": "share"})
    """Share of the values left out at the lower end, for trimmed_sd."""
    upper_q: float = Field(0.95, gt=0.5, le=1, json_schema_extra={"widget": "share"})
    """Share of the values below the upper end that count, for trimmed_sd."""

    def limits(self, ask: Ask) -> Limits:
        return limits_of(self._by_mad(ask) if self.estimator == "mad" else self._by_trimmed(ask))

    def _by_mad(self, ask: Ask) -> dict[str, Numbers]:
        medians = dict(zip(self.columns, ask(*(Quantile(finite(name), 0.5) for name in self.columns)), strict=True))
        distances = ((finite(name) - pl.lit(medians[name], pl.Float64)).abs() for name in self.columns)
        mads = ask(*(Quantile(distance, 0.5) for distance in distances))
        return {
            name: around(medians[name], NORMAL_MAD * (mad or 0.0), self.n)
            for name, mad in zip(self.columns, mads, strict=True)
        }

    def _by_trimmed(self, ask: Ask) -> dict[str, Numbers]:
        ends = iter(ask(*(Quantile(finite(name), q) for name in self.columns for q in (self.lower_q, self.upper_q))))
        kept = [_between(name, next(ends), next(ends)) for name in self.columns]
        found = iter(ask(*(each(value) for value in kept for each in (Mean, Std))))
        return {name: around(next(found), next(found), self.n) for name in self.columns}


def _between(name: str, low: float | None, high: float | None) -> pl.Expr:
    value = finite(name)
    return pl.when(value.is_between(pl.lit(low, pl.Float64), pl.lit(high, pl.Float64))).then(value)


class BetweenQuantiles(GroupedOutliers):
    """Finds outliers by two quantiles; those of groups are exact up to 200,000 rows, else of a sample of as many."""

    @property
    def shares(self) -> tuple[float, float]:
        """Which quantiles."""
        raise NotImplementedError(f"{type(self).__name__} does not say by which quantiles.")

    def between(self, low: float, high: float) -> Numbers:
        """The limits, given the quantiles."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its limits are.")

    def limits(self, ask: Ask) -> Limits:
        values = {name: finite(name) for name in self.columns}
        found = iter(ask(*(Quantile(value, q) for value in values.values() for q in self.shares)))
        overall = {name: self._limits(next(found), next(found)) for name in values}
        groups = self.groups.quantiles(ask, values, self.shares)
        return limits_of(
            overall, {name: {key: self._limits(*each) for key, each in found.items()} for name, found in groups.items()}
        )

    def _limits(self, low: float | None, high: float | None) -> Numbers:
        return (None, None) if low is None or high is None else self.between(low, high)


class IqrOutliers(BetweenQuantiles):
    """Treat values that lie far outside the middle half of their column (Tukey's fences)."""

    id = "outlier_iqr"
    title = "Outliers: interquartile range"
    terms = ("IQR", "tukey fences", "box plot rule", "quartiles", "cap outliers")
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [1, 2, 3, 4, None, 100]},
            after={"x": [1.0, 2.0, 3.0, 4.0, None, 7.0]},
        ),
        Example(
            params={"columns": ["x"], "by": ["g"], "fix": "null"},
            before={"g": ["a"] * 5 + ["b"] * 5 + [None], "x": [1, 2, 3, 4, 50, 50, 51, 52, 53, 4, 52]},
            after={"g": ["a"] * 5 + ["b"] * 5 + [None], "x": [1, 2, 3, 4, None, 50, 51, 52, 53, None, 52]},
        ),
    )

    k: float = Field(1.5, ge=0)
    """How many interquartile ranges below the first and above the third quartile the limits are."""

    @property
    def shares(self) -> tuple[float, float]:
        return 0.25, 0.75

    def between(self, low: float, high: float) -> Numbers:
        return low - self.k * (high - low), high + self.k * (high - low)


class QuantileOutliers(BetweenQuantiles):
    """Treat values below a low and above a high quantile of their column."""

    id = "outlier_quantile"
    title = "Outliers: quantiles"
    terms = ("percentiles", "winsorize", "trim tails", "cap outliers", "numeric outliers")
    examples = (
        Example(
            params={"columns": ["x"], "lower": 0.25, "upper": 0.75},
            before={"x": [1, 2, 3, 4, 5, None]},
            after={"x": [2.0, 2.0, 3.0, 4.0, 4.0, None]},
        ),
    )

    lower: float = Field(0.01, ge=0, lt=0.5, json_schema_extra={"widget": "share"})
    """Share of the values that lie below the lower limit, 0 for none."""
    upper: float = Field(0.99, gt=0.5, le=1, json_schema_extra={"widget": "share"})
    """Share of the values that lie below the upper limit, 1 for all."""

    @property
    def shares(self) -> tuple[float, float]:
        return self.lower, self.upper

    def between(self, low: float, high: float) -> Numbers:
        return low, high


class ThresholdOutliers(Outliers):
    """Treat values below a smallest and above a largest value that you give."""

    id = "outlier_threshold"
    title = "Outliers: fixed limits"
    terms = ("minimum and maximum", "valid range", "clip values", "cap outliers", "min-max numeric outliers")
    missing = "Missing values (null and NaN) are no outliers: they stay missing, get no flag, and their rows are kept."
    unseen = "The limits are given, so new values are treated like any other."
    examples = (
        Example(
            params={"columns": ["age"], "min": 0, "max": 120},
            before={"age": [31, -4, 120, None, 999]},
            after={"age": [31, None, 120, None, None]},
        ),
        Example(
            params={"columns": ["age"], "max": 100, "fix": "mean"},
            before={"age": [20, None, 999, 41]},
            after={"age": [20.0, None, 30.5, 41.0]},
        ),
        Example(
            params={"columns": ["age"], "min": 0, "max": 120, "fix": "clip"},
            before={"age": [31, -4, 120, None, 999]},
            after={"age": [31, 0, 120, None, 120]},
        ),
    )

    fix: Fix = "null"
    """What becomes of outliers.

    They get the value of the limit, their rows are removed (in training only), they become missing, they get
    the mean or the median of the values that are no outliers, or a boolean column named with _outlier marks them.
    Mean and median make decimals of whole numbers, and so does clip where a limit is no whole number."""
    min: int | float | None = Field(None, allow_inf_nan=False)
    """Smallest value that is no outlier; no limit when empty."""
    max: int | float | None = Field(None, allow_inf_nan=False)
    """Largest value that is no outlier; no limit when empty."""

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("There is no limit. Give a minimum, a maximum or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"The minimum {self.min} is above the maximum {self.max}. Swap them.")
        return self

    def limits(self, ask: Ask) -> Limits:
        return limits_of(dict.fromkeys(self.columns, (self.min, self.max)))

    def clipped(self, name: str, learned: Limits) -> pl.Expr:
        whole = clipped_to(column(name), self.dtype(name), self.min, self.max)
        return super().clipped(name, learned) if whole is None else whole


TRANSFORMS: tuple[type[Transform], ...] = (
    StdOutliers,
    MadOutliers,
    IqrOutliers,
    QuantileOutliers,
    ThresholdOutliers,
)
