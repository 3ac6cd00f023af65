"""Values far from the others: pulled in, replaced, marked, or their rows removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumns, column, taken
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Max, Mean, Min, Quantile, Statistic, Std
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.fitted_groups import FittedNumber, GroupColumns, fitted, group_of, measured
from transforms.missing import holds

Fix = Literal["clip", "remove", "null", "mean", "median", "flag"]
FLAG = "_outlier"
NORMAL_MAD = 1.482602218505602
"""Standard deviation of a normal distribution in units of its median absolute deviation: 1 / quantile(3/4)."""
NO_LIMIT = FittedNumber(overall=None)


class OnlyWhenRemoving:
    """A step that removes rows does so in training only: rows to predict are never left out."""

    def __get__(self, step: Outliers | None, owner: type[Outliers]) -> bool:
        return step is not None and step.fix == "remove"


class Limits(Learned):
    """Smallest and largest value that is no outlier, and what outliers become where they are replaced, by column."""

    low: dict[str, FittedNumber]
    high: dict[str, FittedNumber]
    replacement: dict[str, FittedNumber] = {}


class Outliers(FittedTransform):
    """Finds values outside limits that are learned of their column, and treats them."""

    training_only = OnlyWhenRemoving()
    changes_rows = True
    missing = (
        "Missing values (null and NaN) are no outliers: they are left out of the fit, stay missing, get no flag, and "
        "their rows are kept. Infinite values are left out of the fit and are outliers."
    )
    unseen = "New values go by the learned limits; a column that had no value in the fit has none."

    columns: NumericColumns
    """Columns to look at."""
    fix: Fix = "clip"
    """What becomes of outliers.

    They get the value of the limit, their rows are removed (in training only), they become missing, they get
    the mean or the median of the values that are no outliers, or a boolean column named with _outlier marks them.
    Clip, mean and median make decimals of whole numbers."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.fix == "flag" else ():
            yield from taken(f"{name}{FLAG}", schemas[0], "fix")

    def group(self) -> pl.Expr | None:
        """The key of each row's group, where limits are learned by group."""
        return None

    def limits(self, ask: Ask) -> Limits:
        """The limits of each column."""
        raise NotImplementedError(f"{type(self).__name__} does not say what an outlier is.")

    def fit(self, ask: Ask) -> Limits:
        limits = self.limits(ask)
        if self.fix not in ("mean", "median"):
            return limits
        found = measured(ask, self.columns, self.group(), self._center, lambda name: self._inside(name, limits))
        return limits.model_copy(
            update={"replacement": {name: fitted(each, lambda center: center) for name, each in found.items()}}
        )

    def _center(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return (Mean(values),) if self.fix == "mean" else (Quantile(values, 0.5),)

    def _inside(self, name: str, limits: Limits) -> pl.Expr:
        return pl.when(~self.outside(name, limits)).then(finite(name))

    def outside(self, name: str, learned: Limits) -> pl.Expr:
        """Whether a value is an outlier; never null."""
        value, group = self.present(name).cast(pl.Float64), self.group()
        below = (value < learned.low[name].of(group)).fill_null(False)
        return below | (value > learned.high[name].of(group)).fill_null(False)

    def exprs(self, learned: Limits) -> Iterator[pl.Expr]:
        for name in self.columns:
            outside = self.outside(name, learned)
            match self.fix:
                case "clip":
                    yield self.clipped(name, learned)
                case "null":
                    yield pl.when(~outside).then(self.present(name)).alias(name)
                case "flag":
                    yield outside.alias(f"{name}{FLAG}")
                case "mean" | "median":
                    value = self.present(name).cast(pl.Float64)
                    yield pl.when(outside).then(learned.replacement[name].of(self.group())).otherwise(value).alias(name)

    def clipped(self, name: str, learned: Limits) -> pl.Expr:
        """The values of a column, those beyond a limit at the limit."""
        value, group = self.present(name).cast(pl.Float64), self.group()
        low, high = learned.low[name].of(group), learned.high[name].of(group)
        # Without a limit the comparison is null, which is not true.
        return pl.when(value < low).then(low).when(value > high).then(high).otherwise(value).alias(name)

    def apply(self, rows: pl.LazyFrame, learned: Limits) -> pl.LazyFrame:
        if self.fix != "remove":
            return rows.with_columns(self.exprs(learned))
        outside = [self.outside(name, learned) for name in self.columns]
        return rows.remove(pl.any_horizontal(outside)) if outside else rows

    def lineage(self, learned: Any = None) -> dict[str, frozenset[str]]:
        return {each.meta.output_name(): frozenset(each.meta.root_names()) for each in self.exprs(learned)}

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.fix == "null" and learned is not None:
            for name in self.columns:
                what = "became missing: they are outliers"
                yield Failure(column=name, where=self.outside(name, learned), what=what)


class GroupedOutliers(Outliers):
    """Finds outliers among all rows, or in each group of rows."""

    by: GroupColumns = ()
    """Learn limits of each group of these columns, 200 at most.

    Rows without a group, and those of a group that was not there in the fit, go by the limits of all rows."""

    def group(self) -> pl.Expr | None:
        return group_of(self.by, self._schemas[0])

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        """What the limits of a column are made of."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it measures.")

    def range(self, *found: Any) -> tuple[float | None, float | None]:
        """The limits, given what was measured."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its limits are.")

    def limits(self, ask: Ask) -> Limits:
        found = measured(ask, self.columns, self.group(), self.measures)
        return Limits(
            low={name: fitted(each, lambda *of: self.range(*of)[0]) for name, each in found.items()},
            high={name: fitted(each, lambda *of: self.range(*of)[1]) for name, each in found.items()},
        )


def around(center: float | None, spread: float | None, n: float) -> tuple[float | None, float | None]:
    """The limits that lie ``n`` spreads from the center; none where nothing is spread."""
    if center is None or not spread:
        return None, None
    return center - n * spread, center + n * spread


class StdOutliers(GroupedOutliers):
    """Treat values that lie more than so many standard deviations from the mean."""

    id = "outlier_std"
    title = "Outliers: standard deviations"
    terms = ("z-score outliers", "three sigma", "handle outliers", "cap outliers")
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

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Mean(values), Std(values), Min(values), Max(values)

    def range(self, *found: Any) -> tuple[float | None, float | None]:
        mean, std, low, high = found
        # The computed deviation of values that are all equal is not always exactly 0.
        return around(mean, std, self.n) if low != high else (None, None)


class MadOutliers(Outliers):
    """Treat values far from the middle, measured so that the outliers themselves hardly count.

    By the median absolute deviation (Iglewicz and Hoaglin), scaled by 1.4826 so that for normally
    distributed values it is the standard deviation; or by the mean and standard deviation of the values
    between two quantiles.
    """

    id = "outlier_mad"
    title = "Outliers: robust standard deviations"
    terms = ("median absolute deviation", "modified z-score", "robust outliers", "trimmed standard deviation")
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
        found = self._by_mad(ask) if self.estimator == "mad" else self._by_trimmed(ask)
        low, high = ({name: FittedNumber(overall=each[side]) for name, each in found.items()} for side in (0, 1))
        return Limits(low=low, high=high)

    def _by_mad(self, ask: Ask) -> dict[str, tuple[float | None, float | None]]:
        medians = dict(zip(self.columns, ask(*(Quantile(finite(name), 0.5) for name in self.columns)), strict=True))
        distances = ((finite(name) - pl.lit(medians[name], pl.Float64)).abs() for name in self.columns)
        mads = ask(*(Quantile(distance, 0.5) for distance in distances))
        return {
            name: around(medians[name], NORMAL_MAD * (mad or 0.0), self.n)
            for name, mad in zip(self.columns, mads, strict=True)
        }

    def _by_trimmed(self, ask: Ask) -> dict[str, tuple[float | None, float | None]]:
        ends = iter(ask(*(Quantile(finite(name), q) for name in self.columns for q in (self.lower_q, self.upper_q))))
        kept = {name: _between(name, next(ends), next(ends)) for name in self.columns}
        found = iter(ask(*(each(value) for value in kept.values() for each in (Mean, Std, Min, Max))))
        limits = {}
        for name in kept:
            mean, std, low, high = (next(found) for _ in range(4))
            limits[name] = around(mean, std, self.n) if low != high else (None, None)
        return limits


def _between(name: str, low: float | None, high: float | None) -> pl.Expr:
    value = finite(name)
    return pl.when(value.is_between(pl.lit(low, pl.Float64), pl.lit(high, pl.Float64))).then(value)


class IqrOutliers(GroupedOutliers):
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

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Quantile(values, 0.25), Quantile(values, 0.75)

    def range(self, *found: Any) -> tuple[float | None, float | None]:
        first, third = found
        return (None, None) if first is None else (first - self.k * (third - first), third + self.k * (third - first))


class QuantileOutliers(GroupedOutliers):
    """Treat values below a low and above a high quantile of their column."""

    id = "outlier_quantile"
    title = "Outliers: quantiles"
    terms = ("percentiles", "winsorize", "trim tails", "cap outliers")
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

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Quantile(values, self.lower), Quantile(values, self.upper)

    def range(self, *found: Any) -> tuple[float | None, float | None]:
        low, high = found
        return low, high


class ThresholdOutliers(Outliers):
    """Treat values below a smallest and above a largest value that you give."""

    id = "outlier_threshold"
    title = "Outliers: fixed limits"
    terms = ("minimum and maximum", "valid range", "clip values", "cap outliers")
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
        low, high = (FittedNumber(overall=each) for each in (self.min, self.max))
        return Limits(low=dict.fromkeys(self.columns, low), high=dict.fromkeys(self.columns, high))

    def clipped(self, name: str, learned: Limits) -> pl.Expr:
        dtype, limits = self.dtype(name), [each for each in (self.min, self.max) if each is not None]
        if not dtype.is_integer() or not all(holds(pl.Int64(), each) for each in limits):
            return super().clipped(name, learned)
        fits = all(holds(dtype, each) for each in limits)
        value = column(name) if fits else column(name).cast(pl.Int64)
        return value.clip(*(None if each is None else int(each) for each in (self.min, self.max)))


TRANSFORMS: tuple[type[Transform], ...] = (
    StdOutliers,
    MadOutliers,
    IqrOutliers,
    QuantileOutliers,
    ThresholdOutliers,
)
