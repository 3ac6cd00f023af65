"""Arithmetic on two columns, or on a column and a number.

Whole numbers are computed exactly, in 128 bits; a result beyond 64 bits becomes missing and is counted, it
never wraps around.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumn, taken
from transforms.core.errors import Problem
from transforms.core.numbers import as_column
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.numeric import NO_NUMBER, TOO_LARGE, sound


class Arithmetic(RowTransform):
    """Add a column computed from two columns, or from a column and a number."""

    id = "arithmetic"
    title = "Arithmetic"
    terms = ("add", "subtract", "multiply", "divide", "modulo", "plus", "minus", "times", "sum of two columns")
    missing = "Where a value is missing (null or NaN) so is the result; dividing by zero gives what is chosen."
    examples = (
        Example(
            params={"left": "price", "op": "multiply", "right": "pieces", "output": "total"},
            before={"price": [2, 3, None], "pieces": [10, 20, 30]},
            after={"price": [2, 3, None], "pieces": [10, 20, 30], "total": [20, 60, None]},
        ),
        Example(
            params={"left_value": 100, "op": "divide", "right": "x", "output": "y"},
            before={"x": [8, 0, None]},
            after={"x": [8, 0, None], "y": [12.5, None, None]},
        ),
        Example(
            params={"left": "x", "op": "modulo", "right_value": 3, "output": "rest"},
            before={"x": [7, -7, None]},
            after={"x": [7, -7, None], "rest": [1, 2, None]},
        ),
    )

    left: NumericColumn | None = None
    """Column on the left of the sign."""
    left_value: int | float | None = Field(None, allow_inf_nan=False)
    """Number on the left of the sign, instead of a column."""
    op: Literal["add", "subtract", "multiply", "divide", "floor_divide", "modulo", "power"] = "add"
    """What to compute.

    The result is a whole number where both sides are, except that divide and power give decimals.
    floor_divide rounds down, and modulo, its remainder, has the sign of the right side."""
    right: NumericColumn | None = None
    """Column on the right of the sign."""
    right_value: int | float | None = Field(None, allow_inf_nan=False)
    """Number on the right of the sign, instead of a column."""
    output: NewColumn
    """Name of the new column."""
    on_zero_divide: Literal["null", "inf", "error"] = "null"
    """Dividing by zero gives a missing value, infinity (for divide; 0 / 0 is missing), or stops the run."""

    @model_validator(mode="after")
    def _sides_are_given(self) -> Self:
        for side, column, value in (("left", self.left, self.left_value), ("right", self.right, self.right_value)):
            if (column is None) == (value is None):
                found = "neither" if column is None else "both"
                raise ValueError(f"The {side} side is a column or a number, found {found}. Give one of them.")
        if self.left is None and self.right is None:
            raise ValueError("Both sides are numbers. Choose a column for one of them.")
        if self.on_zero_divide == "inf" and self.op in ("floor_divide", "modulo"):
            raise ValueError(f"{self.op!r} by zero has no infinite result. Choose 'null' or 'error'.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _whole(self) -> bool:
        """Whether the result is a whole number."""
        sides = ((self.left, self.left_value), (self.right, self.right_value))
        whole = (
            isinstance(value, int) and -(2**63) <= value < 2**63 if name is None else self.dtype(name).is_integer()
            for name, value in sides
        )
        return self.op not in ("divide", "power") and all(whole)

    def _sides(self, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
        """Both sides as columns of a type."""
        left, right = (None if name is None else self.present(name).cast(dtype) for name in (self.left, self.right))
        if left is None and right is not None:
            left = as_column(pl.lit(self.left_value, dtype), right)
        if right is None and left is not None:
            right = as_column(pl.lit(self.right_value, dtype), left)
        assert left is not None
        assert right is not None
        return left, right

    def _result(self) -> pl.Expr:
        whole = self._whole()
        left, right = self._sides(pl.Int128() if whole else pl.Float64())
        divides = self.op in ("divide", "floor_divide", "modulo")
        divisor = pl.when(right != 0).then(right) if divides and self.on_zero_divide != "inf" else right
        match self.op:
            case "add":
                result = left + right
            case "subtract":
                result = left - right
            case "multiply":
                result = left * right
            case "divide":
                result = left / divisor
            case "floor_divide":
                result = left // divisor
            case "modulo":
                result = left % divisor
            case "power":
                result = left.pow(right)
        if whole:
            return result.cast(pl.Int64, strict=False)
        by_zero = self.op == "divide" and self.on_zero_divide == "inf"
        # An infinite right side stands for the zero that makes an infinite result of finite values.
        return sound(result, left, pl.when(right == 0).then(math.inf).otherwise(right) if by_zero else right)

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        left, right = self._sides(pl.Float64())
        shown = self.left or self.right or ""
        by_zero = pl.lit(False)
        if self.op in ("divide", "floor_divide", "modulo") and self.on_zero_divide != "inf":
            by_zero, stop = right == 0, self.on_zero_divide == "error"
            what = "are divided by zero" if stop else "became missing: they are divided by zero"
            yield Failure(column=shown, where=left.is_not_null() & by_zero, what=what, stop=stop)
        lost = left.is_not_null() & right.is_not_null() & ~by_zero & self._result().is_null()
        yield Failure(column=shown, where=lost, what=TOO_LARGE if self._whole() else NO_NUMBER)


TRANSFORMS: tuple[type[Transform], ...] = (Arithmetic,)
