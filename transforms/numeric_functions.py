"""Further functions of one number: signs, steps, significant digits, angles, even and odd."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnsField, NumericColumn, taken
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.numeric import TOO_LARGE, NumberFunction, sound

EXACT = 2**53
"""Whole numbers up to this are exact as Float64."""


class NegateValue(NumberFunction):
    """Turn the sign of numbers, and true into false."""

    id = "negate_value"
    title = "Negate"
    terms = ("change sign", "minus", "opposite", "invert", "not")
    missing = "Missing values stay missing. The smallest whole number, -2^63, has no opposite and becomes missing."
    examples = (
        Example(
            params={"columns": ["x", "paid"]},
            before={"x": [3, -4, 0, None], "paid": [True, False, None, True]},
            after={"x": [-3, 4, 0, None], "paid": [False, True, None, False]},
        ),
        Example(
            params={"columns": ["x"], "suffix": "_negative"},
            before={"x": [0.5, 0.0, float("nan"), None]},
            after={"x": [0.5, 0.0, float("nan"), None], "x_negative": [-0.5, 0.0, None, None]},
        ),
    )
    lost = TOO_LARGE

    columns: Annotated[tuple[str, ...], ColumnsField(("numeric", "boolean"))]
    """Columns to change; numbers get the other sign, true becomes false."""

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if dtype == pl.Boolean:
            return ~number
        if dtype.is_integer():
            return (0 - number.cast(pl.Int128)).cast(pl.Int64, strict=False)
        if dtype.is_decimal():
            return -number
        return 0.0 - number.cast(pl.Float64)  # so that 0 stays 0, not -0


class SignOfNumber(NumberFunction):
    """Tell negative numbers, zero and positive numbers apart: -1, 0 and 1."""

    id = "sign_of_number"
    title = "Sign"
    terms = ("signum", "positive or negative", "direction")
    missing = "Missing values stay missing; infinite ones have a sign."
    examples = (
        Example(
            params={"columns": ["x"], "suffix": "_sign"},
            before={"x": [-2.5, 0.0, 7.0, None]},
            after={"x": [-2.5, 0.0, 7.0, None], "x_sign": [-1, 0, 1, None]},
        ),
    )

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        return pl.when(number > 0).then(1).when(number < 0).then(-1).when(number == 0).then(0).cast(pl.Int64)


class ReciprocalValue(NumberFunction):
    """Divide one by each number."""

    id = "reciprocal_value"
    title = "Reciprocal"
    terms = ("1/x", "inverse", "one over")
    missing = "Missing values stay missing; zero has no reciprocal and becomes missing."
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [4, -2, 0, None]},
            after={"x": [0.25, -0.5, None, None]},
        ),
    )

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        value = number.cast(pl.Float64)
        return sound(quotient(pl.lit(1.0), pl.when(value != 0).then(value)), value)


class DegreesRadians(NumberFunction):
    """Turn angles from degrees into radians, or back."""

    id = "degrees_radians"
    title = "Degrees and radians"
    terms = ("angle", "deg2rad", "rad2deg", "convert angle")
    examples = (
        Example(
            params={"columns": ["angle"]},
            before={"angle": [180, -90, None]},
            after={"angle": [3.141592653589793, -1.5707963267948966, None]},
        ),
        Example(
            params={"columns": ["angle"], "to": "degrees", "suffix": "_degrees"},
            before={"angle": [0.0, 3.141592653589793, None]},
            after={"angle": [0.0, 3.141592653589793, None], "angle_degrees": [0.0, 180.0, None]},
        ),
    )

    to: Literal["radians", "degrees"] = "radians"
    """What the angles are measured in afterwards; 180 degrees are pi radians."""

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        value = number.cast(pl.Float64)
        return sound(value.radians() if self.to == "radians" else value.degrees(), value)


class RoundToMultiple(NumberFunction):
    """Round numbers to steps of a chosen size, such as 0.05 or 25."""

    id = "round_to_multiple"
    title = "Round to multiple"
    terms = ("mround", "price steps", "nearest five", "round to step", "snap")
    missing = (
        "Missing values stay missing, infinite ones infinite. Whole numbers stay whole where the step is; one that "
        "would be rounded beyond 64 bits becomes missing."
    )
    examples = (
        Example(
            params={"columns": ["price"], "multiple": 0.05},
            before={"price": [2.32, 2.325, -2.325, None]},
            after={"price": [2.3, 2.35, -2.35, None]},
        ),
        Example(
            params={"columns": ["n"], "multiple": 25, "direction": "up", "suffix": "_boxed"},
            before={"n": [1, 25, -30, None]},
            after={"n": [1, 25, -30, None], "n_boxed": [25, 25, -25, None]},
        ),
    )

    multiple: float = Field(gt=0, allow_inf_nan=False)
    """Size of a step."""
    direction: Literal["nearest", "up", "down"] = "nearest"
    """To the nearest step, halves away from zero; or up; or down.

    Decimals are taken as they are written: 2.325 is half a step of 0.05 above 2.3, though the computer holds less."""

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if dtype.is_integer() and self.multiple.is_integer():
            return self._whole(number.cast(pl.Int128))
        value = number.cast(pl.Float64)
        written = Fraction(repr(self.multiple))
        top, bottom = float(written.numerator), float(written.denominator)
        if max(top, bottom) > EXACT:
            top, bottom = self.multiple, 1.0
        steps = quotient(value * bottom, top)
        # From 2^52 steps on, a Float64 is a multiple already or cannot be told from one.
        rounded = sound(quotient(self._counted(steps) * top, bottom), value) + 0.0
        return pl.when(steps.abs() < 2.0**52).then(rounded).otherwise(value)

    def _counted(self, steps: pl.Expr) -> pl.Expr:
        """The whole number of steps; what is within the error of the division counts as being there."""
        slack = (steps.abs() * 2.0**-50).clip(upper_bound=2.0**-5)
        match self.direction:
            case "up":
                return (steps - slack).ceil()
            case "down":
                return (steps + slack).floor()
            case "nearest":
                return (steps.abs() + slack + 0.5).floor() * steps.sign()

    def _whole(self, value: pl.Expr) -> pl.Expr:
        """Whole numbers to a multiple of a whole number, exactly."""
        if self.multiple >= 2.0**63:
            return pl.when(value == 0).then(value).cast(pl.Int64)
        step = pl.lit(int(self.multiple), pl.Int128)
        down, rest = value // step, value % step
        match self.direction:
            case "up":
                up = rest > 0
            case "down":
                up = pl.lit(False)
            case "nearest":
                up = (rest * 2 > step) | ((rest * 2 == step) & (value >= 0))
        return ((down + up.cast(pl.Int128)) * step).cast(pl.Int64, strict=False)


class RoundSignificant(NumberFunction):
    """Round numbers to so many significant digits, wherever the decimal point is."""

    id = "round_significant"
    title = "Round to significant digits"
    terms = ("significant figures", "sig figs", "precision", "three digits")
    missing = (
        "Missing values stay missing, infinite ones infinite. Whole numbers stay whole; one that would be rounded "
        "beyond 64 bits becomes missing."
    )
    examples = (
        Example(
            params={"columns": ["x"]},
            before={"x": [123456.0, 0.0012345, -9.995, None]},
            after={"x": [123000.0, 0.00123, -10.0, None]},
        ),
        Example(
            params={"columns": ["n"], "digits": 1, "suffix": "_rounded"},
            before={"n": [1500, -97, 3, None]},
            after={"n": [1500, -97, 3, None], "n_rounded": [2000, -100, 3, None]},
        ),
    )
    lost = TOO_LARGE

    digits: int = Field(3, ge=1, le=15)
    """How many digits to keep, counted from the first that is not 0; halves are rounded away from zero.

    Decimals are taken as they are written, by the shortest text that means the number."""

    def function(self, number: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        made = pl.Int64() if dtype.is_integer() else pl.Float64()
        # A batch at a time, since an expression would match the pattern anew for each part that it uses.
        written = number.cast(pl.Float64 if dtype == pl.Null else dtype).cast(pl.String)
        rounded = written.map_batches(
            partial(_significant, digits=self.digits, dtype=made), return_dtype=made, is_elementwise=True
        )
        negative = pl.when(number < 0).then(-rounded).otherwise(rounded)
        short = number.cast(made)
        return pl.when(written.str.len_chars() > self.digits).then(negative).otherwise(short)


NUMBER = r"^-?(?P<whole>[0-9]+)\.?(?P<part>[0-9]*)(?:e\+?(?P<exponent>-?[0-9]+))?$"


def _significant(text: pl.Series, digits: int, dtype: pl.DataType) -> pl.Series:
    """The size of numbers, written as text, with so many digits; infinite ones as they are."""
    whole, part, exponent = (pl.col(name) for name in ("whole", "part", "exponent"))
    every, leading, kept, place = (pl.col(name) for name in ("every", "leading", "kept", "place"))
    parts = text.str.extract_groups(NUMBER).struct.unnest().with_columns(pl.concat_str(whole, part).alias("every"))
    parts = parts.with_columns(every.str.strip_chars_start("0").alias("leading"))
    zeros = every.str.len_chars().cast(pl.Int64) - leading.str.len_chars().cast(pl.Int64)
    first = whole.str.len_chars().cast(pl.Int64) + exponent.cast(pl.Int64).fill_null(0) - zeros
    up = leading.str.slice(digits, 1).cast(pl.Int64, strict=False).fill_null(0) >= 5
    parts = parts.with_columns(
        (leading.str.slice(0, digits).str.pad_end(digits, "0").cast(pl.Int64) + up.cast(pl.Int64)).alias("kept"),
        # Where the last digit that is kept stands: 2 for hundreds, -2 for hundredths.
        (first - digits).alias("place"),
    )
    if dtype.is_integer():
        size = (kept.cast(pl.Int128) * pl.lit(10, pl.Int64).pow(place.clip(0, 18))).cast(pl.Int64, strict=False)
    else:
        infinite = pl.when(text.str.ends_with("inf")).then(float("inf"))
        size = pl.coalesce(pl.concat_str(kept, pl.lit("e"), place).cast(pl.Float64), infinite)
    return parts.select(size).to_series()


class EvenOddFlag(RowTransform):
    """Mark even numbers, or odd ones."""

    id = "even_odd_flag"
    title = "Even or odd flag"
    terms = ("parity", "is even", "is odd", "divisible by two")
    missing = "Missing and infinite values, and numbers that are not whole, give a missing value."
    examples = (
        Example(
            params={"column": "n"},
            before={"n": [4, -3, 0, None]},
            after={"n": [4, -3, 0, None], "n_is_even": [True, False, True, None]},
        ),
        Example(
            params={"column": "x", "flag": "odd", "output": "odd"},
            before={"x": [3.0, 2.5, None]},
            after={"x": [3.0, 2.5, None], "odd": [True, None, None]},
        ),
    )

    column: NumericColumn
    """Column of whole numbers."""
    flag: Literal["even", "odd"] = "even"
    """Which numbers are true."""
    output: NewColumn | None = None
    """Name of the new column; left empty, that of the column with ``_is_even`` or ``_is_odd`` behind it."""

    @property
    def new_column(self) -> str:
        """The name of the new column."""
        return self.output or f"{self.column}_is_{self.flag}"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.new_column, schemas[0])

    def _result(self) -> pl.Expr:
        number, dtype = self.present(self.column), self.dtype(self.column)
        if dtype.is_integer():
            even = number.cast(pl.Int64) % 2 == 0
        else:
            value = number.cast(pl.Float64)
            half = value * 0.5
            whole = value.is_finite() & (value == value.floor())
            even = pl.when(whole).then(half == half.floor())
        return even if self.flag == "even" else ~even

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.new_column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        where = self.present(self.column).is_not_null() & self._result().is_null()
        yield Failure(column=self.column, where=where, what="are neither even nor odd: they are no whole numbers")


TRANSFORMS: tuple[type[Transform], ...] = (
    NegateValue,
    SignOfNumber,
    ReciprocalValue,
    RoundToMultiple,
    RoundSignificant,
    DegreesRadians,
    EvenOddFlag,
)
