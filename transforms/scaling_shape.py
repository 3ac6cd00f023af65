"""Numbers whose distribution is made more even: logarithms, roots and powers, chosen by the values there are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import LARGEST, finite, quotient
from transforms.core.statistics import Ask, Mean, Min, Std
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.fitted_rows import matrix, sampled

ROWS = 100_000
"""The most rows by which a power is chosen."""
EQUAL = 1e-12
"""A deviation that is a smaller share of the mean is that of values that are all equal."""


def yeo_johnson(value: pl.Expr, power: float) -> pl.Expr:
    """The power transform of Yeo and Johnson (2000), for numbers of either sign; 1 changes nothing."""
    above, below = value.clip(lower_bound=0.0), (-value).clip(lower_bound=0.0)
    return pl.when(value >= 0).then(_grown(above, power)).otherwise(-_grown(below, 2 - power))


def _grown(value: pl.Expr, power: float) -> pl.Expr:
    return value.log1p() if power == 0 else quotient((value + 1).pow(power) - 1, power)


def box_cox(value: pl.Expr, power: float) -> pl.Expr:
    """The power transform of Box and Cox (1964); null for numbers that are not above zero."""
    positive = pl.when(value > 0).then(value)
    return positive.log() if power == 0 else quotient(positive.pow(power) - 1, power)


def logarithm(value: pl.Expr, offset: float, base: float = math.e) -> pl.Expr:
    """The logarithm of numbers and an offset; null where their sum is not above zero."""
    positive = pl.when(value > -offset).then(value)
    # Near 0 log1p is exact where adding 1 first would not be.
    natural = positive.log1p() if offset == 1 else (positive + offset).log()
    return natural if base == math.e else quotient(natural, math.log(base))


class ShapeChange(FittedTransform):
    """Replaces numbers by a rising function of them that is learned of their column."""

    missing = (
        "Missing values (null and NaN) are left out of the fit and stay missing. Infinite values are left out of the "
        "fit. Values that have no result, or one beyond the range of numbers, become missing, and are counted."
    )
    unseen = "New values go through the learned function; a column that had no value in the fit keeps its values."

    columns: NumericColumns
    """Columns to change."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def shaped(self, name: str, value: pl.Expr, learned: Any) -> pl.Expr:
        """The values of a column after the change."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def exprs(self, learned: Any) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = self.present(name).cast(pl.Float64)
            found = self.shaped(name, value, learned).fill_nan(None)
            sound = pl.when(found.is_finite() | value.is_infinite()).then(found)
            yield sound.alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is None:
            return
        for name, result in zip(self.columns, self.exprs(learned), strict=True):
            where = self.present(name).is_not_null() & result.is_null()
            yield Failure(column=name, where=where, what="became missing: they have no result")


def powers(ask: Ask, columns: Sequence[str], method: Literal["yeo_johnson", "box_cox"]) -> dict[str, float]:
    """The power for each column that makes it most like a normal distribution, by maximum likelihood.

    Exact up to 100,000 rows, and beyond of as many drawn at random; 1 where all values are equal.
    """
    from sklearn.preprocessing import PowerTransformer

    numbers = matrix(sampled(ask, columns, ROWS, 0), columns)
    found = {}
    for i, name in enumerate(columns):
        values = numbers[:, i][~np.isnan(numbers[:, i])]
        # Values that differ by less than their last digits tell nothing, and end the search in errors.
        if len(values) < 2 or values.std() <= abs(values.mean()) * EQUAL:
            found[name] = 1.0
            continue
        chosen = PowerTransformer(method=method.replace("_", "-"), standardize=False).fit(values[:, None])
        found[name] = float(f"{chosen.lambdas_[0]:.12g}")
    return found


class Powers(Learned):
    """The power of each column, and the mean and the deviation of the result where it is standardized."""

    power: dict[str, float]
    mean: dict[str, float]
    scale: dict[str, float]


class PowerTransform(ShapeChange):
    """Make the distribution of numbers more like a normal one, by a power that is chosen for each column."""

    id = "power_transform"
    title = "Power transform (Yeo-Johnson, Box-Cox)"
    terms = ("box-cox", "yeo-johnson", "normalize distribution", "PowerTransformer", "gaussian")
    examples = (
        Example(
            params={"columns": ["x"], "method": "box_cox", "standardize": False, "suffix": "_flat"},
            before={"x": [1.0, math.e, math.e**2, None]},
            after={"x": [1.0, math.e, math.e**2, None], "x_flat": [0.0, 1.0, 2.0, None]},
        ),
        Example(
            params={"columns": ["x"]},
            before={"x": [1.0, 1.0, None]},
            after={"x": [0.0, 0.0, None]},
        ),
    )

    method: Literal["yeo_johnson", "box_cox"] = "yeo_johnson"
    """Yeo-Johnson takes any number, Box-Cox only those above zero."""
    standardize: bool = True
    """Scale the result to a mean of 0 and a standard deviation of 1."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "columns", "This step")
        yield from super().check(*schemas)

    def fit(self, ask: Ask) -> Powers:
        if self.method == "box_cox":
            self._refuse_non_positive(ask)
        learned = Powers(power=powers(ask, self.columns, self.method), mean={}, scale={})
        if not self.standardize:
            return learned
        results = {name: _bounded(self._powered(name, finite(name), learned)) for name in self.columns}
        found = iter(ask(*(each for value in results.values() for each in (Mean(value), Std(value, ddof=0)))))
        moments = {name: (next(found) or 0.0, next(found) or 0.0) for name in self.columns}
        return Powers(
            power=learned.power,
            mean={name: mean for name, (mean, _) in moments.items()},
            scale={name: std if std > abs(mean) * EQUAL else 1.0 for name, (mean, std) in moments.items()},
        )

    def _refuse_non_positive(self, ask: Ask) -> None:
        for name, low in zip(self.columns, ask(*(Min(finite(name)) for name in self.columns)), strict=True):
            if low is not None and low <= 0:
                raise StepError(
                    f"Column {name!r} holds {low:g}, and Box-Cox takes only numbers above zero. Use Yeo-Johnson, or "
                    "leave the column out."
                )

    def _powered(self, name: str, value: pl.Expr, learned: Powers) -> pl.Expr:
        return (yeo_johnson if self.method == "yeo_johnson" else box_cox)(value, learned.power[name])

    def shaped(self, name: str, value: pl.Expr, learned: Powers) -> pl.Expr:
        powered = self._powered(name, value, learned)
        return quotient(powered - learned.mean[name], learned.scale[name]) if learned.scale else powered


class Offsets(Learned):
    """What is added to each column before its logarithm is taken."""

    offset: dict[str, float]


class LogTransform(ShapeChange):
    """Take the logarithm of numbers, moved above zero first where that is needed."""

    id = "log_transform"
    title = "Log transform"
    terms = ("log", "log1p", "natural logarithm", "compress long tail", "LogTransformer")
    examples = (
        Example(
            params={"columns": ["x"], "base": 10},
            before={"x": [1, 100, 1000, None]},
            after={"x": [0.0, 2.0, 3.0, None]},
        ),
        Example(
            params={"columns": ["x"], "base": 2, "suffix": "_log"},
            before={"x": [-3.0, 0.0, 4.0, None]},
            # The smallest becomes 1 first.
            after={"x": [-3.0, 0.0, 4.0, None], "x_log": [0.0, 2.0, 3.0, None]},
        ),
    )

    base: float = Field(math.e, gt=0, allow_inf_nan=False)
    """Base of the logarithm, other than 1."""
    offset: Literal["auto", "none", "number"] = "auto"
    """Add what makes the smallest value 1 where it is not above zero, add nothing, or add a number."""
    number: float = Field(1.0, allow_inf_nan=False)
    """What to add, for number; 1 lets in zeros."""

    @model_validator(mode="after")
    def _base_is_sound(self) -> Self:
        if self.base == 1:
            raise ValueError("There is no logarithm to base 1. Choose another base, such as 2 or 10.")
        return self

    def fit(self, ask: Ask) -> Offsets:
        if self.offset == "auto":
            lows = ask(*(Min(finite(name)) for name in self.columns))
            return Offsets(offset={name: lifting(low) for name, low in zip(self.columns, lows, strict=True)})
        return Offsets(offset=dict.fromkeys(self.columns, self.number if self.offset == "number" else 0.0))

    def shaped(self, name: str, value: pl.Expr, learned: Offsets) -> pl.Expr:
        return logarithm(value, learned.offset[name], self.base)


def lifting(low: float | None) -> float:
    """What has to be added to a smallest value for the logarithm: nothing where it is above zero."""
    return 0.0 if low is None or low > 0 else 1.0 - low


Shape = Literal["log", "sqrt", "yeo_johnson"]


class Shapes(Learned):
    """What is done to each column."""

    chosen: dict[str, Literal["none", "log", "sqrt", "yeo_johnson"]]
    skewness: dict[str, dict[str, float]]
    """Skewness of each column as it is (none) and after each change; without those that have none."""
    low: dict[str, float]
    """The smallest value, which decides what is added before a logarithm or a root is taken."""
    power: dict[str, float]


class FixSkewness(ShapeChange):
    """Make lopsided distributions more even: of logarithm, root and power, take what leaves the least skewness."""

    id = "fix_skewness"
    title = "Fix skewness (choose the best change)"
    terms = ("skewed", "long tail", "symmetric", "normalize distribution", "automatic transform")
    missing = f"{ShapeChange.missing} Whole numbers become decimals."
    examples = (
        Example(
            params={"columns": ["x", "y"], "candidates": ["log", "sqrt"]},
            before={"x": [1.0, 10.0, 100.0, None], "y": [1, 2, 3, None]},
            after={"x": [0.0, math.log(10), math.log(100), None], "y": [1.0, 2.0, 3.0, None]},
        ),
        Example(
            params={"columns": ["x"], "candidates": ["sqrt"], "threshold": 0, "suffix": "_even"},
            before={"x": [-1.0, 0.0, 3.0, None]},
            # The smallest becomes 0 first.
            after={"x": [-1.0, 0.0, 3.0, None], "x_even": [0.0, 1.0, 2.0, None]},
        ),
    )

    candidates: tuple[Shape, ...] = Field(("log", "sqrt", "yeo_johnson"), min_length=1)
    """What may be done: the logarithm or the square root (of numbers moved above zero where needed), or a power."""
    threshold: float = Field(0.5, ge=0, allow_inf_nan=False)
    """Leave columns alone whose skewness is no larger than this, either sign."""

    def fit(self, ask: Ask) -> Shapes:
        lows = ask(*(Min(finite(name)) for name in self.columns))
        low = {name: 0.0 if each is None else each for name, each in zip(self.columns, lows, strict=True)}
        known = "yeo_johnson" in self.candidates
        power = powers(ask, self.columns, "yeo_johnson") if known else {}
        shapes = Shapes(chosen={}, skewness={}, low=low, power=power)
        kinds: tuple[Any, ...] = ("none", *self.candidates)
        results = {
            (name, kind): _bounded(self._changed(name, kind, finite(name), shapes))
            for name in self.columns
            for kind in kinds
        }
        found = dict(zip(results, _skewness(ask, list(results.values())), strict=True))
        skewness: dict[str, dict[str, float]] = {name: {} for name in self.columns}
        for (name, kind), each in found.items():
            if each is not None:
                skewness[name][kind] = each
        chosen = {name: self._least(each) for name, each in skewness.items()}
        return Shapes(chosen=chosen, skewness=skewness, low=low, power=power)

    def _least(self, skewness: dict[str, float]) -> Any:
        sizes = {kind: abs(each) for kind, each in skewness.items()}
        if sizes.get("none", 0.0) <= self.threshold:
            return "none"
        return min(sizes, key=lambda kind: sizes[kind])

    def _changed(self, name: str, kind: str, value: pl.Expr, learned: Shapes) -> pl.Expr:
        low = learned.low[name]
        match kind:
            case "log":
                return logarithm(value, lifting(low))
            case "sqrt":
                above = value - min(low, 0.0)
                return pl.when(above >= 0).then(above).sqrt()
            case "yeo_johnson":
                return yeo_johnson(value, learned.power[name])
            case _:
                return value

    def shaped(self, name: str, value: pl.Expr, learned: Shapes) -> pl.Expr:
        return self._changed(name, learned.chosen[name], value, learned)


def _bounded(value: pl.Expr) -> pl.Expr:
    """Numbers whose squares and cubes can be summed up; null elsewhere."""
    return pl.when(value.abs() <= LARGEST).then(value)


def _skewness(ask: Ask, values: Sequence[pl.Expr]) -> list[float | None]:
    """The third standardized moment (of the population) of each; ``None`` where nothing differs."""
    found = iter(ask(*(each for value in values for each in (Mean(value), Std(value, ddof=0)))))
    moments = [(next(found), next(found)) for _ in values]
    spread = [
        None if mean is None or not std or std <= abs(mean) * EQUAL else quotient(value - mean, std)
        for value, (mean, std) in zip(values, moments, strict=True)
    ]
    cubes = iter(ask(*(Mean(each**3) for each in spread if each is not None)))
    return [None if each is None else next(cubes) for each in spread]


TRANSFORMS: tuple[type[Transform], ...] = (PowerTransform, LogTransform, FixSkewness)
