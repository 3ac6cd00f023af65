"""Mathematical functions, value by value.

Whole numbers stay whole where they can, and are computed exactly: a result beyond 64 bits becomes missing and is
counted, it never wraps around. What has no result (the logarithm of 0, the root of a negative number) or
one beyond the range of Float64 becomes missing and is counted. Infinite values are computed with as usual.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumn, NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform

NO_NUMBER = "became missing: the result is no number, or too large"
TOO_LARGE = "became missing: the result is too large for a whole number"


def sound(result: pl.Expr, *operands: pl.Expr) -> pl.Expr:
    """A Float64 result; null where it is NaN, or infinite though all operands are finite."""
    infinite = pl.any_horizontal(each.is_infinite() for each in operands)
    return pl.when(result.is_finite() | (result.is_infinite() & infinite)).then(result)


class NumberFunction(RowTransform):
    """Replaces numbers by a function of them."""

    lost: ClassVar[str] = NO_NUMBER
    """Why values that are present become missing."""

    columns: NumericColumns
    """Columns to change."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The result for numbers of a type; NaN is null already."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes.")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            yield self.function(self.present(name), self.dtype(name)).alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            number = self.present(name)
            lost = number.is_not_null() & self.function(number, self.dtype(name)).is_null()
            yield Failure(column=name, where=lost, what=self.lost)


class AbsoluteValue(NumberFunction):
    """Take the sign off numbers."""

    id = "absolute_value"
    title = "Absolute value"
    terms = ("abs", "magnitude", "remove sign", "without minus")
    missing = (
        "Missing values stay missing. The smallest whole number, -2^63, has no absolute value and becomes missing."
    )
    examples = (
        Example(
            params={"columns": ["x", "y"]},
            before={"x": [-3, 4, None], "y": [-0.5, 0.0, float("nan")]},
            after={"x": [3, 4, None], "y": [0.5, 0.0, None]},
        ),
    )
    lost = TOO_LARGE

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if dtype.is_integer():
            return number.cast(pl.Int128).abs().cast(pl.Int64, strict=False)
        return number.abs() if dtype.is_numeric() else number.cast(pl.Float64)


class RoundNumber(NumberFunction):
    """Round numbers to so many decimals, to the nearest, down, up or towards zero."""

    id = "round_number"
    title = "Round, floor, ceiling, truncate"
    terms = ("round", "floor", "ceiling", "truncate", "decimals", "round up", "round down")
    missing = (
        "Missing values stay missing, infinite ones infinite. Whole numbers stay whole; one that would be rounded "
        "beyond 64 bits becomes missing."
    )
    examples = (
        Example(
            params={"columns": ["x"], "decimals": 2},
            before={"x": [2.675, -2.675, 1.0, None]},
            after={"x": [2.68, -2.68, 1.0, None]},
        ),
        Example(
            params={"columns": ["x"], "mode": "half_even", "suffix": "_rounded"},
            before={"x": [0.5, 1.5, 2.5, None]},
            after={"x": [0.5, 1.5, 2.5, None], "x_rounded": [0.0, 2.0, 2.0, None]},
        ),
        Example(
            params={"columns": ["n"], "decimals": -1, "mode": "floor"},
            before={"n": [19, -19, None]},
            after={"n": [10, -20, None]},
        ),
    )
    lost = TOO_LARGE

    mode: Literal["half_up", "half_even", "floor", "ceil", "truncate"] = "half_up"
    """To the nearest, halves away from zero or to the even digit; down; up; or towards zero.

    Decimals are taken as they are written: 2.675 is a half, though the computer holds a little less."""
    decimals: int = Field(0, ge=-18, le=15)
    """How many decimals to keep; -1 rounds to tens, -2 to hundreds."""

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if dtype.is_integer():
            return self._whole(number) if self.decimals < 0 else number
        value, unit = number.cast(pl.Float64), 10.0 ** abs(self.decimals)
        if self.decimals < 0:
            return self._nearest(quotient(value, unit)) * unit
        # Fifteen digits are what a Float64 holds of any number written in decimals.
        scaled = (value * unit).round_sig_figs(15) if self.decimals else value
        # From 2^52 on there are no decimals; adding 0 makes 0 of -0.
        rounded = quotient(self._nearest(scaled), unit) + 0.0
        return pl.when((value * unit).abs() < 2.0**52).then(rounded).otherwise(value)

    def _nearest(self, value: pl.Expr) -> pl.Expr:
        match self.mode:
            case "half_up":
                return value.round(0, mode="half_away_from_zero")
            case "half_even":
                return value.round(0, mode="half_to_even")
            case "floor":
                return value.floor()
            case "ceil":
                return value.ceil()
            case "truncate":
                return value.truncate(0)

    def _whole(self, number: pl.Expr) -> pl.Expr:
        """Whole numbers to a multiple of ten, hundred ..., exactly."""
        unit = pl.lit(10**-self.decimals, pl.Int128)
        value = number.cast(pl.Int128)
        down, rest = value // unit, value % unit
        negative, twice = value < 0, rest * 2
        match self.mode:
            case "floor":
                up = pl.lit(False)
            case "ceil":
                up = rest > 0
            case "truncate":
                up = negative & (rest > 0)
            case "half_up":
                up = (twice > unit) | ((twice == unit) & ~negative)
            case "half_even":
                up = (twice > unit) | ((twice == unit) & (down % 2 != 0))
        return ((down + up.cast(pl.Int128)) * unit).cast(pl.Int64, strict=False)


class PowerRoot(NumberFunction):
    """Raise numbers to a power; an exponent of 0.5 is the square root."""

    id = "power_root"
    title = "Power and root"
    terms = ("square", "square root", "sqrt", "cube root", "exponent")
    missing = (
        "Missing values stay missing. An even root of a negative number, 0 to a negative power and what is too large "
        "become missing."
    )
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [9, 2.25, -1, None]},
            after={"x": [3.0, 1.5, None, None]},
        ),
        Example(
            params={"columns": ["x"], "exponent": 2, "suffix": "_squared"},
            before={"x": [3, -2, None]},
            after={"x": [3, -2, None], "x_squared": [9.0, 4.0, None]},
        ),
    )

    exponent: float = Field(0.5, allow_inf_nan=False)
    """The power; 1/3 (0.333333) is the cube root, which negative numbers have too, as all odd roots."""

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        value, root = number.cast(pl.Float64), _root(self.exponent)
        if root == 2:
            return sound(value.sqrt(), value)
        if root == 3:
            return sound(value.cbrt(), value)
        if root is not None and root % 2:
            return sound(value.abs().pow(1 / root) * value.sign(), value)
        return sound(value.pow(self.exponent), value)


def _root(exponent: float) -> int | None:
    """Which root a power is, if it is one; six digits are enough to tell."""
    degree = round(1 / exponent) if 0.01 < exponent < 1 else 0
    return degree if degree > 1 and abs(exponent - 1 / degree) < 1e-6 else None


def _base(base: float) -> float:
    if not 0 < base < math.inf or base == 1:
        raise ValueError(f"The base is {base:g}. It has to be above 0 and other than 1.")
    return base


class Exponential(NumberFunction):
    """Raise a base, by default e, to the power of each number."""

    id = "exponential"
    title = "Exponential"
    terms = ("exp", "e to the power", "antilog", "undo logarithm")
    missing = "Missing values stay missing; what is too large becomes missing."
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [0, 1, 1000, None]},
            after={"x": [1.0, 2.718281828459045, None, None]},
        ),
        Example(
            params={"columns": ["x"], "base": 10},
            before={"x": [-1.0, 3.0, None]},
            after={"x": [0.1, 1000.0, None]},
        ),
    )

    base: float = math.e
    """What is raised; above 0 and other than 1."""

    @model_validator(mode="after")
    def _base_is_sound(self) -> Self:
        _base(self.base)
        return self

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        value = number.cast(pl.Float64)
        return sound(value.exp() if self.base == math.e else pl.lit(self.base).pow(value), value)


class Logarithm(NumberFunction):
    """Take the logarithm of numbers, to base e by default."""

    id = "logarithm"
    title = "Logarithm"
    terms = ("log", "ln", "log10", "log2", "log1p", "natural logarithm")
    missing = "Missing values stay missing. Zero and negative numbers become missing or stop the run, as chosen."
    examples = (
        Example(
            params={"columns": ["x"], "base": 10},
            before={"x": [1000, 0.1, 0, -5, None]},
            after={"x": [3.0, -1.0, None, None, None]},
        ),
        Example(
            params={"columns": ["x"], "shift": 1, "suffix": "_log"},
            before={"x": [0, 1, None]},
            after={"x": [0, 1, None], "x_log": [0.0, 0.6931471805599453, None]},
        ),
    )
    lost = "became missing: zero and negative numbers have no logarithm"

    base: float = math.e
    """Base of the logarithm; above 0 and other than 1."""
    shift: float = Field(0.0, allow_inf_nan=False)
    """Added to the numbers first; 1 lets in zeros (log1p)."""
    non_positive: Literal["null", "error"] = "null"
    """Numbers that are not above zero, the shift added, become missing or stop the run."""

    @model_validator(mode="after")
    def _base_is_sound(self) -> Self:
        _base(self.base)
        return self

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        value = number.cast(pl.Float64)
        positive = pl.when(value > -self.shift).then(value)
        if self.shift == 1:
            # Near 0 this is exact where adding 1 first would not be.
            natural = positive.log1p()
            return natural if self.base == math.e else quotient(natural, math.log(self.base))
        return (positive + self.shift).log(self.base)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for each in super().failures(learned):
            stop = self.non_positive == "error"
            what = "have no logarithm: they are zero or negative" if stop else each.what
            yield Failure(column=each.column, where=each.where, what=what, stop=stop)


class Trigonometry(RowTransform):
    """Take the sine, the cosine or another trigonometric function of numbers."""

    id = "trigonometry"
    title = "Trigonometric functions"
    terms = ("sin", "cos", "tan", "arcsine", "arctangent", "atan2", "hyperbolic", "angle")
    missing = "Missing values stay missing; values outside the domain of the function become missing."
    examples = (
        Example(
            params={"column": "angle", "function": "cos", "unit": "degrees"},
            before={"angle": [0, 60, None]},
            after={"angle": [1.0, 0.5, None]},
        ),
        Example(
            params={"column": "y", "function": "atan2", "second": "x", "unit": "degrees", "output": "direction"},
            before={"y": [1.0, 0.0, None], "x": [1.0, -1.0, 1.0]},
            after={"y": [1.0, 0.0, None], "x": [1.0, -1.0, 1.0], "direction": [45.0, 180.0, None]},
        ),
    )

    column: NumericColumn
    """Column to take values from; for atan2 the y, the side opposite to the angle."""
    function: Literal["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "atan2"] = "sin"
    """The function; those that begin with a give angles back."""
    second: NumericColumn | None = None
    """The x for atan2, the side beside the angle."""
    unit: Literal["radians", "degrees"] = "radians"
    """What angles are measured in; sinh, cosh and tanh take no angle."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _second_goes_with_atan2(self) -> Self:
        if (self.function == "atan2") != (self.second is not None):
            raise ValueError("'atan2' and 'second' go together: give both, or neither.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def _result(self) -> pl.Expr:
        value, degrees = self.present(self.column).cast(pl.Float64), self.unit == "degrees"
        angle = value.radians() if degrees else value
        match self.function:
            case "sin" | "cos" | "tan":
                result = getattr(angle, self.function)()
            case "sinh" | "cosh" | "tanh":
                result = getattr(value, self.function)()
            case "asin" | "acos" | "atan":
                found = getattr(value, f"arc{self.function[1:]}")()
                result = found.degrees() if degrees else found
            case "atan2":
                found = pl.arctan2(value, self.present(self.second or "").cast(pl.Float64))
                result = found.degrees() if degrees else found
        return sound(result, value)

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        present = [self.present(name).is_not_null() for name in (self.column, self.second) if name is not None]
        lost = pl.all_horizontal(present) & self._result().is_null()
        yield Failure(column=self.column, where=lost, what=NO_NUMBER)


TRANSFORMS: tuple[type[Transform], ...] = (
    AbsoluteValue,
    RoundNumber,
    PowerRoot,
    Exponential,
    Logarithm,
    Trigonometry,
)
