"""One column computed from several of the same row, and columns of random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import BooleanColumns, Columns, taken
from transforms.core.dtypes import common_type_of, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Seed
from transforms.core.random import draw
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.numeric import NO_NUMBER, TOO_LARGE, sound

ARITHMETIC = ("sum", "mean", "median", "std", "var", "range", "product")
COUNTS = ("count_present", "count_distinct")
EXACT = ("sum", "range", "product")
"""Functions whose result is a whole number where all values are."""


class RowAggregate(RowTransform):
    """Add a column with the sum, the mean or another summary of several columns of the same row."""

    id = "row_aggregate"
    title = "Aggregate across columns"
    terms = ("sum of columns", "row total", "row mean", "greatest", "least", "horizontal", "max of columns")
    missing = (
        "Missing values (null and NaN) are left out, or make the result missing, as chosen; counts leave them out. "
        "Where all are missing so is the result, the sum too, and counts are 0."
    )
    examples = (
        Example(
            params={"columns": ["q1", "q2"], "output": "total"},
            before={"q1": [1, 2, None], "q2": [10, None, None]},
            after={"q1": [1, 2, None], "q2": [10, None, None], "total": [11, 2, None]},
        ),
        Example(
            params={"columns": ["q1", "q2"], "function": "mean", "ignore_missing": False, "output": "average"},
            before={"q1": [1, 2, None], "q2": [10.0, None, None]},
            after={"q1": [1, 2, None], "q2": [10.0, None, None], "average": [5.5, None, None]},
        ),
        Example(
            params={"columns": ["mail", "phone"], "function": "count_present", "output": "contacts"},
            before={"mail": ["a@b.no", None, None], "phone": ["1", "2", None]},
            after={"mail": ["a@b.no", None, None], "phone": ["1", "2", None], "contacts": [2, 1, 0]},
        ),
    )

    columns: Columns
    """Columns to summarize."""
    function: Literal[
        "sum", "mean", "min", "max", "median", "std", "var", "range", "product", "count_present", "count_distinct",
        "first_present"
    ] = "sum"  # fmt: skip
    """What to compute; std and var are those of a sample (ddof 1), and missing for a single value."""
    ignore_missing: bool = True
    """Leave missing values out; otherwise one of them makes the result missing, but for counts and first_present."""
    output: NewColumn
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        dtypes = {name: self.dtype(name) for name in self.columns}
        if not dtypes:
            yield Problem("No column is chosen.", "Choose the columns to summarize.", "columns")
        for name, dtype in dtypes.items():
            numbers = dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)
            if self.function in ARITHMETIC and not numbers:
                found = f"{self.function!r} takes numbers, and column {name!r} holds {type_name(dtype)} values."
                yield Problem(found, "Leave the column out, or change its type first.", "columns")
            if dtype.is_nested() and self.function not in ("count_present", "first_present"):
                found = f"{self.function!r} takes single values, and column {name!r} holds {type_name(dtype)} values."
                yield Problem(found, "Leave the column out.", "columns")
        if self.function not in (*ARITHMETIC, "count_present") and common_type_of(dtypes.values()) is None:
            held = ", ".join(f"{name!r} {type_name(dtype)}" for name, dtype in dtypes.items())
            yield Problem(f"The columns have no common type: {held}.", "Change the type of some first.", "columns")

    def _whole(self) -> bool:
        """Whether the result is a whole number because all values are."""
        dtypes = [dtype for name in self.columns if (dtype := self.dtype(name)) != pl.Null]
        whole = all(dtype.is_integer() or dtype == pl.Boolean for dtype in dtypes)
        return self.function in EXACT and bool(dtypes) and whole

    def _result(self) -> pl.Expr:
        values = [self.present(name) for name in self.columns]
        if self.function == "count_present":
            return _count(values)
        if self.function in ARITHMETIC:
            result = self._exact(values) if self._whole() else self._number(values)
        else:
            result = self._any([each.cast(common_type_of(map(self.dtype, self.columns)) or pl.Null) for each in values])
        return result if self.ignore_missing or self.function in COUNTS else self._strict(values, result)

    def _strict(self, values: list[pl.Expr], result: pl.Expr) -> pl.Expr:
        if self.function == "first_present":
            return result
        return pl.when(pl.all_horizontal(each.is_not_null() for each in values)).then(result)

    def _any(self, values: list[pl.Expr]) -> pl.Expr:
        """Functions of values of any one type."""
        match self.function:
            case "min":
                return pl.min_horizontal(values)
            case "max":
                return pl.max_horizontal(values)
            case "count_distinct":
                # Nulls together are one of the distinct values.
                some_missing = pl.any_horizontal(each.is_null() for each in values)
                return pl.concat_arr(values).arr.n_unique().cast(pl.Int64) - some_missing.cast(pl.Int64)
            case _:
                return pl.coalesce(values)

    def _exact(self, values: list[pl.Expr]) -> pl.Expr:
        """Functions of whole numbers, in twice as many bits; null where the result is too large for 64."""
        numbers = [each.cast(pl.Int64).cast(pl.Int128) for each in values]
        match self.function:
            case "sum":
                result = reduce(pl.Expr.add, (each.fill_null(0) for each in numbers))
            case "range":
                result = pl.max_horizontal(numbers) - pl.min_horizontal(numbers)
            case _:
                result = reduce(_product, (each.fill_null(1) for each in numbers))
        return pl.when(_count(values) > 0).then(result.cast(pl.Int64, strict=False))

    def _number(self, values: list[pl.Expr]) -> pl.Expr:
        """Functions of numbers with decimals."""
        numbers = [each.cast(pl.Float64) for each in values]
        count, side_by_side = _count(numbers), pl.concat_arr(numbers).arr
        total = pl.sum_horizontal(numbers)
        match self.function:
            case "sum":
                result = total
            case "mean":
                result = total / count
            case "median":
                result = side_by_side.median()
            case "std":
                result = side_by_side.std(ddof=1)
            case "var":
                result = side_by_side.var(ddof=1)
            case "range":
                result = pl.max_horizontal(numbers) - pl.min_horizontal(numbers)
            case _:
                result = reduce(pl.Expr.mul, (each.fill_null(1.0) for each in numbers))
        return pl.when(count > (1 if self.function in ("std", "var") else 0)).then(sound(result, *numbers))

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.function in ARITHMETIC:
            values = [self.present(name) for name in self.columns]
            least = 2 if self.function in ("std", "var") else 1
            enough = _count(values) >= (least if self.ignore_missing else max(least, len(values)))
            what = TOO_LARGE if self._whole() else NO_NUMBER
            yield Failure(column=self.columns[0], where=enough & self._result().is_null(), what=what)


def _count(values: list[pl.Expr]) -> pl.Expr:
    return pl.sum_horizontal(each.is_not_null().cast(pl.Int64) for each in values)


def _product(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """A product of 128-bit numbers, null once it is beyond 64 bits so that the next one cannot wrap around."""
    return (left * right).cast(pl.Int64, strict=False).cast(pl.Int128)


class BooleanLogic(RowTransform):
    """Add a column that combines true and false of several columns, or counts them."""

    id = "boolean_logic"
    title = "And, or, xor, not"
    terms = ("logical", "all true", "any true", "both", "neither", "negate flag", "count true")
    missing = (
        "A missing value is unknown, and so is a result that depends on it: false and missing is false, true and "
        "missing is missing. count_true counts known ones only."
    )
    examples = (
        Example(
            params={"columns": ["paid", "sent"], "output": "done"},
            before={"paid": [True, True, False, None], "sent": [True, None, None, None]},
            after={
                "paid": [True, True, False, None],
                "sent": [True, None, None, None],
                "done": [True, None, False, None],
            },
        ),
        Example(
            params={"columns": ["a", "b", "c"], "op": "at_least", "n": 2, "output": "most"},
            before={"a": [True, True, None], "b": [True, None, None], "c": [None, False, False]},
            after={
                "a": [True, True, None],
                "b": [True, None, None],
                "c": [None, False, False],
                "most": [True, None, None],
            },
        ),
    )

    columns: BooleanColumns
    """Columns of true and false."""
    op: Literal["and", "or", "xor", "not", "count_true", "at_least"] = "and"
    """All are true, any is, an odd number is, the one column is not; how many are; or at least so many are."""
    n: int | None = Field(None, ge=1)
    """How many have to be true, for at_least."""
    output: NewColumn
    """Name of the new column."""

    @model_validator(mode="after")
    def _number_is_given(self) -> Self:
        if (self.op == "at_least") != (self.n is not None):
            raise ValueError("'at_least' and 'n' go together: give both, or neither.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        if not self.columns:
            yield Problem("No column is chosen.", "Choose the columns to combine.", "columns")
        if self.op == "not" and len(self.columns) > 1:
            yield Problem(f"'not' takes one column, found {len(self.columns)}.", "Choose one of them.", "columns")

    def _result(self) -> pl.Expr:
        values = [self.present(name).cast(pl.Boolean) for name in self.columns]
        true = pl.sum_horizontal(each.fill_null(False).cast(pl.Int64) for each in values)
        match self.op:
            case "and":
                return pl.all_horizontal(values)
            case "or":
                return pl.any_horizontal(values)
            case "xor":
                return reduce(pl.Expr.xor, values)
            case "not":
                return ~values[0]
            case "count_true":
                return true
            case "at_least":
                possible = true + pl.sum_horizontal(each.is_null().cast(pl.Int64) for each in values)
                return pl.when(true >= self.n).then(True).when(possible < self.n).then(False)

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output)


class RandomNumber(RowTransform):
    """Add a column of random numbers.

    They are made of a hash of the row's values and the seed, the same on every engine and every run; rows equal
    in all columns get the same number.
    """

    id = "random_number"
    title = "Random number column"
    terms = ("rand", "uniform", "gaussian", "normal distribution", "dice", "noise")
    missing = "Missing values in other columns do not matter."
    examples = (
        Example(
            params={"output": "dice", "distribution": "integer", "min": 1, "max": 6, "seed": 3},
            before={"id": [1, 2, 3, None]},
            after={"id": [1, 2, 3, None], "dice": [2, 1, 2, 3]},
        ),
        Example(
            params={"output": "chosen", "distribution": "bernoulli", "probability": 1},
            before={"id": [1, None]},
            after={"id": [1, None], "chosen": [True, True]},
        ),
    )

    output: NewColumn
    """Name of the new column."""
    distribution: Literal["uniform", "normal", "integer", "exponential", "bernoulli"] = "uniform"
    """Even between two numbers, normal, whole numbers that are equally likely, exponential, or true and false."""
    min: float = Field(0.0, allow_inf_nan=False)
    """Smallest number, for uniform and integer."""
    max: float = Field(1.0, allow_inf_nan=False)
    """Largest number, for uniform (itself left out) and integer."""
    mean: float = Field(0.0, allow_inf_nan=False)
    """Mean, for normal."""
    std: float = Field(1.0, ge=0, allow_inf_nan=False)
    """Standard deviation, for normal."""
    rate: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Events in a unit of time, for exponential; the mean is 1 / rate."""
    probability: float = Field(0.5, ge=0, le=1, json_schema_extra={"widget": "share"})
    """Probability of true, for bernoulli."""
    seed: Seed = 0
    """Same seed, same numbers."""

    @model_validator(mode="after")
    def _range_is_sound(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"The minimum {self.min:g} is above the maximum {self.max:g}. Swap them.")
        if self.distribution == "integer":
            for name, value in (("minimum", self.min), ("maximum", self.max)):
                if not value.is_integer() or abs(value) > 2**52:
                    raise ValueError(f"The {name} {value:g} has to be a whole number of at most 2^52.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        names = self._schemas[0].names()
        even = draw(self.seed, names)
        match self.distribution:
            case "uniform":
                found = even * (self.max - self.min) + self.min
            case "normal":
                # Box and Muller (1958): two even numbers make a normal one.
                radius = (-2 * (1 - even).log()).sqrt()
                found = radius * (2 * math.pi * draw(self.seed + 2**32, names)).cos() * self.std + self.mean
            case "integer":
                found = (even * (self.max - self.min + 1)).floor().cast(pl.Int64) + int(self.min)
            case "exponential":
                found = -(1 - even).log() * (1 / self.rate)
            case "bernoulli":
                found = even < self.probability
        yield found.alias(self.output)


TRANSFORMS: tuple[type[Transform], ...] = (RowAggregate, BooleanLogic, RandomNumber)
