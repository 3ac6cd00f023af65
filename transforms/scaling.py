"""Numbers on another scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.numbers import finite, quotient
from transforms.core.statistics import Ask, Max, Mean, Min, Quantile, Statistic, Std
from transforms.core.transform import Example, FittedTransform, Learned, Transform
from transforms.fitted_groups import FittedNumber, GroupColumns, Groups


class Scales(Learned):
    """What is taken off the values of each column, and what they are divided by then."""

    offset: dict[str, FittedNumber]
    divisor: dict[str, FittedNumber]


class Scaler(FittedTransform):
    """Takes a number off each column and divides it by another, both learned of the column."""

    missing = (
        "Missing values (null and NaN) are left out of the fit and stay missing. Infinite values are left out of the "
        "fit and stay infinite."
    )
    unseen = "New values go by what was learned; a column that had no value in the fit keeps its values."

    columns: NumericColumns
    """Columns to scale."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    @property
    def groups(self) -> Groups:
        """The groups that have scales of their own."""
        return Groups((), self._schemas[0])

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        """What has to be known of a column."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it measures.")

    def offset_and_divisor(self, *found: Any) -> tuple[float, float]:
        """What is taken off a column that has values, and what it is divided by, given what was measured."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it scales.")

    def by_group(self, ask: Ask) -> dict[str, dict[str, tuple[float, float]]]:
        """Offset and divisor of each column in each group that has values."""
        return {name: {} for name in self.columns}

    def fit(self, ask: Ask) -> Scales:
        wanted = {name: self.measures(finite(name)) for name in self.columns}
        found = iter(ask(*(each for statistics in wanted.values() for each in statistics)))
        scales = {name: self._of_all([next(found) for _ in statistics]) for name, statistics in wanted.items()}
        groups = self.by_group(ask)
        offset, divisor = (
            {
                name: FittedNumber(
                    overall=scales[name][part], groups={key: each[part] for key, each in groups[name].items()}
                )
                for name in self.columns
            }
            for part in (0, 1)
        )
        return Scales(offset=offset, divisor=divisor)

    def _of_all(self, found: list[Any]) -> tuple[float, float]:
        """Offset and divisor of all rows; those that change nothing where there is no value."""
        return (0.0, 1.0) if found[0] is None else self.offset_and_divisor(*found)

    def scaled(self, name: str, learned: Scales) -> pl.Expr:
        """The values of a column on the new scale."""
        value, group = self.present(name).cast(pl.Float64), self.groups.key
        return quotient(value - learned.offset[name].of(group), learned.divisor[name].of(group))

    def exprs(self, learned: Scales) -> Iterator[pl.Expr]:
        return (self.scaled(name, learned).alias(f"{name}{self.suffix}") for name in self.columns)


class StandardScale(Scaler):
    """Scale numbers to a mean of 0 and a standard deviation of 1."""

    id = "scale_standard"
    title = "Standard scale (z-score)"
    terms = ("standardize", "z-score", "normalize", "StandardScaler", "center")
    missing = f"{Scaler.missing} Where all values are equal they become 0."
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [1, 3, None]},
            after={"x": [-1.0, 1.0, None]},
        ),
        Example(
            params={"columns": ["x"], "by": ["g"], "suffix": "_z"},
            before={"g": ["a", "a", "b", "b", None], "x": [1.0, 3.0, 10.0, 30.0, 11.0]},
            after={
                "g": ["a", "a", "b", "b", None],
                "x": [1.0, 3.0, 10.0, 30.0, 11.0],
                "x_z": [-1.0, 1.0, -1.0, 1.0, 0.0],
            },
        ),
    )

    center: bool = True
    """Take the mean off."""
    scale: bool = True
    """Divide by the standard deviation, that of all there is (ddof 0) as scikit-learn does."""
    by: GroupColumns = ()
    """Learn means and deviations of each group of these columns, 1,000 at most.

    Rows without a group, and those of a group that had no value in the fit, go by all rows."""

    @model_validator(mode="after")
    def _something_is_done(self) -> Self:
        if not (self.center or self.scale):
            raise ValueError("Nothing is left to do. Turn on 'center', 'scale' or both.")
        return self

    @property
    def groups(self) -> Groups:
        return Groups(self.by, self._schemas[0])

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Mean(values), Std(values, ddof=0), Min(values), Max(values)

    def offset_and_divisor(self, *found: Any) -> tuple[float, float]:
        mean, std, low, high = found
        # The computed mean of values that are all equal is not always exactly that value.
        return self._chosen(low, 0.0) if low == high else self._chosen(mean, std)

    def by_group(self, ask: Ask) -> dict[str, dict[str, tuple[float, float]]]:
        found = self.groups.moments(ask, {name: finite(name) for name in self.columns})
        return {
            name: {
                key: self._chosen(mean or 0.0, math.sqrt((rows - 1) / rows) * (std or 0.0))
                for key, (rows, mean, std) in each.items()
                if rows is not None
            }
            for name, each in found.items()
        }

    def _chosen(self, mean: float, std: float) -> tuple[float, float]:
        """What is taken off and divided by; nothing is divided by the deviation of values that are all equal."""
        # Their computed deviation is not always exactly 0, but is less than the digits of the mean.
        divisor = std if std > abs(mean) * 1e-12 else 1.0
        return mean if self.center else 0.0, divisor if self.scale else 1.0


class MinMaxScale(Scaler):
    """Scale numbers so that the smallest and the largest of a column become two given numbers, such as 0 and 1."""

    id = "scale_minmax"
    title = "Min-max scale"
    terms = ("normalize 0-1", "rescale", "MinMaxScaler", "range")
    missing = f"{Scaler.missing} Where all values are equal they become the new smallest number."
    unseen = (
        "New values beyond the learned ones leave the range, unless they are clipped to it; a column that had no value "
        "in the fit is scaled as if it went from 0 to 1."
    )
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [10, 20, None, 15]},
            after={"x": [0.0, 1.0, None, 0.5]},
        ),
        Example(
            params={"columns": ["x"], "min": -1, "max": 1, "clip": True, "suffix": "_scaled"},
            before={"x": [10.0, 20.0, None, float("inf")]},
            after={"x": [10.0, 20.0, None, float("inf")], "x_scaled": [-1.0, 1.0, None, 1.0]},
        ),
    )

    min: float = Field(0.0, allow_inf_nan=False)
    """What the smallest value becomes."""
    max: float = Field(1.0, allow_inf_nan=False)
    """What the largest value becomes."""
    clip: bool = False
    """Keep later values that are smaller or larger inside the range."""

    @model_validator(mode="after")
    def _range_in_order(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"The minimum {self.min} is not below the maximum {self.max}.")
        return self

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Min(values), Max(values)

    def offset_and_divisor(self, *found: Any) -> tuple[float, float]:
        low, high = found
        return low, (high - low) or 1.0

    def scaled(self, name: str, learned: Scales) -> pl.Expr:
        value = super().scaled(name, learned) * (self.max - self.min) + self.min
        return value.clip(self.min, self.max) if self.clip else value


class MaxAbsScale(Scaler):
    """Scale numbers by the largest of their column, its sign aside, so that zeros and signs stay."""

    id = "scale_maxabs"
    title = "Max-abs scale"
    terms = ("maximum absolute value", "MaxAbsScaler", "sparse")
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [-4.0, 2.0, None, 0.0]},
            after={"x": [-1.0, 0.5, None, 0.0]},
        ),
    )

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Min(values), Max(values)

    def offset_and_divisor(self, *found: Any) -> tuple[float, float]:
        return 0.0, max(map(abs, found)) or 1.0


class MeanNormalize(Scaler):
    """Scale numbers to a mean of 0 and a range of 1: less their mean, divided by largest less smallest."""

    id = "scale_mean_normalize"
    title = "Mean normalization"
    terms = ("mean normalization", "center and range", "MeanNormalizationScaler")
    missing = f"{Scaler.missing} Where all values are equal they become 0."
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [0, 10, 20, None]},
            after={"x": [-0.5, 0.0, 0.5, None]},
        ),
        Example(
            params={"columns": ["x"], "suffix": "_scaled"},
            before={"x": [7.0, 7.0, None]},
            after={"x": [7.0, 7.0, None], "x_scaled": [0.0, 0.0, None]},
        ),
    )

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Mean(values), Min(values), Max(values)

    def offset_and_divisor(self, *found: Any) -> tuple[float, float]:
        mean, low, high = found
        # The computed mean of values that are all equal is not always exactly that value.
        return (low, 1.0) if low == high else (mean, high - low)


class RobustScale(Scaler):
    """Scale numbers by their median and the range between two quantiles, which outliers hardly change."""

    id = "scale_robust"
    title = "Robust scale (median and quartiles)"
    terms = ("median scaler", "IQR", "RobustScaler", "interquartile range")
    missing = f"{Scaler.missing} Where the two quantiles are equal, only the median is taken off."
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [1, 2, 3, 4, None, 5]},
            after={"x": [-1.0, -0.5, 0.0, 0.5, None, 1.0]},
        ),
    )

    lower: float = Field(0.25, ge=0, lt=0.5, json_schema_extra={"widget": "share"})
    """Share of the values below the lower end of the range."""
    upper: float = Field(0.75, gt=0.5, le=1, json_schema_extra={"widget": "share"})
    """Share of the values below the upper end of the range."""

    def measures(self, values: pl.Expr) -> tuple[Statistic, ...]:
        return Quantile(values, 0.5), Quantile(values, self.lower), Quantile(values, self.upper)

    def offset_and_divisor(self, *found: Any) -> tuple[float, float]:
        median, low, high = found
        return median, (high - low) or 1.0


TRANSFORMS: tuple[type[Transform], ...] = (
    StandardScale,
    MinMaxScale,
    MaxAbsScale,
    RobustScale,
    MeanNormalize,
)
