"""Many columns made of few: powers, products and pairwise combinations as features of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from itertools import combinations, combinations_with_replacement
from math import comb
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.numeric import NO_NUMBER, sound
from transforms.numeric_arithmetic import Arithmetic

MOST_COLUMNS = 500
"""A step that would make more columns than this is refused."""


def _too_many(count: int, field: str) -> Iterator[Problem]:
    if count > MOST_COLUMNS:
        found = f"This would make {count:,} columns; at most {MOST_COLUMNS} are made."
        yield Problem(found, "Choose fewer columns.", field)


class PolynomialFeatures(RowTransform):
    """Add columns with the squares, higher powers and products of numeric columns."""

    id = "polynomial_features"
    title = "Polynomial and interaction features"
    terms = ("interactions", "powers", "squared", "cross terms", "product of columns")
    missing = "Where a value is missing (null or NaN), so is every product it is part of."
    examples = (
        Example(
            params={"columns": ["a", "b"]},
            before={"a": [2, 3, None], "b": [0.5, None, 1.0]},
            after={
                "a": [2, 3, None],
                "b": [0.5, None, 1.0],
                "a_pow_2": [4.0, 9.0, None],
                "a_x_b": [1.0, None, None],
                "b_pow_2": [0.25, None, 1.0],
            },
        ),
        Example(
            params={"columns": ["a", "b"], "interaction_only": True},
            before={"a": [2, None], "b": [5, 1]},
            after={"a": [2, None], "b": [5, 1], "a_x_b": [10.0, None]},
        ),
    )

    columns: NumericColumns
    """Columns to combine."""
    degree: int = Field(2, ge=2, le=6)
    """The most factors a product has; the third power of a column counts as three."""
    interaction_only: bool = False
    """Make products of different columns only, no powers."""

    def _products(self) -> dict[str, tuple[str, ...]]:
        """The factors of each new column, by its name."""
        choose = combinations if self.interaction_only else combinations_with_replacement
        found = (factors for degree in range(2, self.degree + 1) for factors in choose(self.columns, degree))
        return {_product_name(factors): factors for factors in found}

    def _count(self) -> int:
        n, degrees = len(self.columns), range(2, self.degree + 1)
        return sum(comb(n, d) if self.interaction_only else comb(n + d - 1, d) for d in degrees)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from _too_many(self._count(), "columns")
        if self._count() > MOST_COLUMNS:
            return
        if self.interaction_only and len(self.columns) < 2:
            yield Problem("A product of different columns needs two of them.", "Choose more columns.", "columns")
        for name in self._products():
            yield from taken(name, schemas[0], "columns")

    def _results(self) -> dict[str, pl.Expr]:
        values = {name: self.present(name).cast(pl.Float64) for name in self.columns}
        return {
            name: sound(reduce(pl.Expr.mul, (values[each] for each in factors)), *(values[each] for each in factors))
            for name, factors in self._products().items()
        }

    def exprs(self) -> Iterator[pl.Expr]:
        return (result.alias(name) for name, result in self._results().items())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        results, products = self._results(), self._products()
        lost = (
            pl.all_horizontal(self.present(each).is_not_null() for each in products[name]) & result.is_null()
            for name, result in results.items()
        )
        if self.columns:
            what = "have products that became missing: the result is no number, or too large"
            yield Failure(column=self.columns[0], where=pl.any_horizontal(pl.lit(False), *lost), what=what)


def _product_name(factors: tuple[str, ...]) -> str:
    powers = Counter(factors)
    return "_x_".join(name if power == 1 else f"{name}_pow_{power}" for name, power in powers.items())


Op = Literal["add", "subtract", "multiply", "divide"]
WORDS: dict[Op, str] = {"add": "plus", "subtract": "minus", "multiply": "times", "divide": "over"}


def _each_once(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    if len(set(ops)) < len(ops):
        raise ValueError("An operation is listed more than once.")
    return ops


class PairwiseFeatures(RowTransform):
    """Add columns with the sums, differences, products or ratios of every two numeric columns."""

    id = "pairwise_features"
    title = "Pairwise combinations"
    terms = ("all pairs", "ratios of columns", "differences of columns", "combine columns")
    missing = "Where one of two values is missing (null or NaN) so is the result, and dividing by zero gives none."
    examples = (
        Example(
            params={"columns": ["a", "b", "c"], "ops": ["subtract"]},
            before={"a": [5, 1], "b": [2, None], "c": [0, 4]},
            after={
                "a": [5, 1],
                "b": [2, None],
                "c": [0, 4],
                "a_minus_b": [3, None],
                "a_minus_c": [5, -3],
                "b_minus_c": [2, None],
            },
        ),
        Example(
            params={"columns": ["a", "b"], "ops": ["add", "divide"]},
            before={"a": [1.5, 1.0, None], "b": [0.5, 0.0, 2.0]},
            after={
                "a": [1.5, 1.0, None],
                "b": [0.5, 0.0, 2.0],
                "a_plus_b": [2.0, 1.0, None],
                "a_over_b": [3.0, None, None],
            },
        ),
    )

    columns: NumericColumns
    """Columns to combine, two at a time in this order."""
    ops: Annotated[tuple[Op, ...], AfterValidator(_each_once)] = Field(("divide",), min_length=1)
    """What to compute of each pair."""

    def _pairs(self) -> dict[str, dict[str, Any]]:
        """The settings of each calculation, by the name of its column."""
        return {
            f"{left}_{WORDS[op]}_{right}": {"left": left, "op": op, "right": right}
            for left, right in combinations(self.columns, 2)
            for op in self.ops
        }

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if len(self.columns) < 2:
            yield Problem(f"A pair has two columns, found {len(self.columns)}.", "Choose more columns.", "columns")
        count = comb(len(self.columns), 2) * len(self.ops)
        yield from _too_many(count, "columns")
        for name in self._pairs() if count <= MOST_COLUMNS else ():
            yield from taken(name, schemas[0], "columns")

    def _steps(self) -> list[Arithmetic]:
        schema = self._schemas[0]
        return [Arithmetic(output=name, **params).bind(schema) for name, params in self._pairs().items()]

    def exprs(self) -> Iterator[pl.Expr]:
        return (each for step in self._steps() for each in step.exprs())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        lost = [each.where for step in self._steps() for each in step.failures()]
        if lost:
            what = f"have combinations that {NO_NUMBER}, or divided by zero"
            yield Failure(column=self.columns[0], where=pl.any_horizontal(lost), what=what)


TRANSFORMS: tuple[type[Transform], ...] = (PolynomialFeatures, PairwiseFeatures)
