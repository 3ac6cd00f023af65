"""Ratios, differences in percent and weighted sums of columns of the same row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnKeys, NumericColumn, taken
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.numeric import NO_NUMBER, sound

ZERO = "became missing: they are divided by zero"
Scale = Literal["ratio", "percent"]


def share(top: pl.Expr, bottom: pl.Expr, scale: Scale) -> pl.Expr:
    """One number as a share of another, Float64: 0.25 or 25; null where the other is 0."""
    over = pl.when(bottom != 0).then(bottom)
    return quotient(top * 100.0 if scale == "percent" else top, over)


def difference(left: pl.Expr, right: pl.Expr, *, whole: bool) -> pl.Expr:
    """Left less right as Float64; whole numbers are subtracted exactly first."""
    dtype: Any = pl.Int128 if whole else pl.Float64
    return (left.cast(dtype) - right.cast(dtype)).cast(pl.Float64)


class SafeRatio(RowTransform):
    """Add a column with the ratio of two columns, where dividing by zero is no accident."""

    id = "safe_ratio"
    title = "Ratio of two columns"
    terms = ("divide columns", "quotient", "share", "rate", "percentage of", "safe divide")
    missing = "Where a value is missing (null or NaN) so is the ratio; dividing by zero gives what is chosen."
    examples = (
        Example(
            params={"numerator": "won", "denominator": "games", "output": "rate"},
            before={"won": [3, 1, 2, None], "games": [4, 0, None, 5]},
            after={"won": [3, 1, 2, None], "games": [4, 0, None, 5], "rate": [0.75, None, None, None]},
        ),
        Example(
            params={
                "numerator": "won",
                "denominator": "games",
                "scale": "percent",
                "on_zero_divide": "zero",
                "output": "percent",
            },
            before={"won": [7, 0, None], "games": [25, 0, 5]},
            after={"won": [7, 0, None], "games": [25, 0, 5], "percent": [28.0, 0.0, None]},
        ),
    )

    numerator: NumericColumn
    """Column that is divided."""
    denominator: NumericColumn
    """Column to divide by."""
    scale: Scale = "ratio"
    """A quarter is 0.25, or 25 percent."""
    on_zero_divide: Literal["null", "zero", "error"] = "null"
    """Dividing by zero gives a missing value, gives 0, or stops the run."""
    output: NewColumn = "ratio"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _sides(self) -> tuple[pl.Expr, pl.Expr]:
        top, bottom = (self.present(name).cast(pl.Float64) for name in (self.numerator, self.denominator))
        return top, bottom

    def _result(self) -> pl.Expr:
        top, bottom = self._sides()
        found = sound(share(top, bottom, self.scale), top, bottom)
        if self.on_zero_divide == "zero":
            return pl.when(top.is_not_null() & (bottom == 0)).then(0.0).otherwise(found)
        return found

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        top, bottom = self._sides()
        present, by_zero = top.is_not_null() & bottom.is_not_null(), bottom == 0
        if self.on_zero_divide != "zero":
            stop = self.on_zero_divide == "error"
            what = "are divided by zero" if stop else ZERO
            yield Failure(column=self.numerator, where=present & by_zero, what=what, stop=stop)
        lost = present & ~by_zero & self._result().is_null()
        yield Failure(column=self.numerator, where=lost, what=NO_NUMBER)


class PercentDifference(RowTransform):
    """Add a column that says by which part of one column another is larger or smaller."""

    id = "percent_difference"
    title = "Percent difference between columns"
    terms = ("relative change", "growth", "percent change", "variance to budget", "increase")
    missing = "Where a value is missing (null or NaN), or the one compared with is 0, the difference is missing."
    examples = (
        Example(
            params={"base": "budget", "column": "actual", "scale": "percent", "output": "over"},
            before={"budget": [80, -50, 0, None], "actual": [100, -75, 5, 1]},
            after={"budget": [80, -50, 0, None], "actual": [100, -75, 5, 1], "over": [25.0, -50.0, None, None]},
        ),
        Example(
            params={"base": "old", "column": "new"},
            before={"old": [2.0, 4.0, None], "new": [3.0, 1.0, 1.0]},
            after={"old": [2.0, 4.0, None], "new": [3.0, 1.0, 1.0], "difference": [0.5, -0.75, None]},
        ),
    )

    base: NumericColumn
    """Column that is compared with: the whole, by its size without the sign."""
    column: NumericColumn
    """Column that is compared; the difference is above 0 where it is larger."""
    scale: Scale = "ratio"
    """A quarter more is 0.25, or 25 percent."""
    output: NewColumn = "difference"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _result(self) -> pl.Expr:
        whole = self.dtype(self.base).is_integer() and self.dtype(self.column).is_integer()
        base, value = self.present(self.base), self.present(self.column)
        more = difference(value, base, whole=whole)
        size = base.cast(pl.Float64).abs()
        return sound(share(more, size, self.scale), value.cast(pl.Float64), size)

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        base, value = self.present(self.base), self.present(self.column)
        present, by_zero = base.is_not_null() & value.is_not_null(), base.cast(pl.Float64) == 0
        yield Failure(column=self.base, where=present & by_zero, what=ZERO)
        lost = present & ~by_zero & self._result().is_null()
        yield Failure(column=self.base, where=lost, what=NO_NUMBER)


Finite = Annotated[float, Field(allow_inf_nan=False)]


class WeightedSum(RowTransform):
    """Add a column with the sum of several columns, each multiplied by its weight."""

    id = "weighted_sum"
    title = "Weighted sum of columns"
    terms = ("score", "linear combination", "index", "sumproduct", "weighted score", "linear model")
    missing = "One missing value (null or NaN) makes the sum missing, or counts as 0, as chosen."
    examples = (
        Example(
            params={"weights": {"exam": 0.75, "homework": 0.25}, "output": "grade"},
            before={"exam": [80, 60, None], "homework": [100, None, 90]},
            after={"exam": [80, 60, None], "homework": [100, None, 90], "grade": [85.0, None, None]},
        ),
        Example(
            params={"weights": {"a": 2, "b": -1}, "intercept": 10, "on_missing": "zero", "output": "score"},
            before={"a": [1.0, None, None], "b": [4.0, 3.0, None]},
            after={"a": [1.0, None, None], "b": [4.0, 3.0, None], "score": [8.0, 7.0, 10.0]},
        ),
    )

    weights: Annotated[dict[str, Finite], Field(min_length=1), ColumnKeys(("numeric",))]
    """The weight of each column."""
    intercept: Finite = 0.0
    """Added to the sum."""
    on_missing: Literal["null", "zero"] = "null"
    """A missing value makes the whole sum missing, or counts as 0."""
    output: NewColumn = "weighted_sum"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _values(self) -> list[pl.Expr]:
        values = [self.present(name).cast(pl.Float64) for name in self.weights]
        return [each.fill_null(0.0) for each in values] if self.on_missing == "zero" else values

    def _result(self) -> pl.Expr:
        values = self._values()
        terms = [each * weight for each, weight in zip(values, self.weights.values(), strict=True)]
        return sound(reduce(pl.Expr.add, terms) + self.intercept, *values)

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        present = pl.all_horizontal(each.is_not_null() for each in self._values())
        yield Failure(column=next(iter(self.weights)), where=present & self._result().is_null(), what=NO_NUMBER)


TRANSFORMS: tuple[type[Transform], ...] = (SafeRatio, PercentDifference, WeightedSum)
