"""Columns and filters by formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import Columns
from transforms.core.conditions import Condition
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import Formula, NewColumn, Params, Scalar
from transforms.core.transform import Example, Failure, RowTransform
from transforms.formula import FormulaError, compiled, parse

OVERFLOW = float(2**63)


class FormulaColumn(RowTransform):
    """Add a column computed from others by a formula."""

    id = "formula_column"
    title = "Formula column"
    terms = ("calculate", "computed column", "custom formula", "expression", "derive", "mutate")
    missing = "Missing values make the result missing, unless the formula says otherwise (coalesce, is_missing, if)."
    examples = (
        Example(
            params={"output": "ratio", "expression": "round([loan amount] / income, 2)"},
            before={"loan amount": [2500, 1000, 5], "income": [30000.0, None, 0.0]},
            after={"loan amount": [2500, 1000, 5], "income": [30000.0, None, 0.0], "ratio": [0.08, None, None]},
        ),
        Example(
            params={"output": "band", "expression": 'if(is_missing(grade), "none", upper(left(grade, 1)) & "-band")'},
            before={"grade": ["c4", None]},
            after={"grade": ["c4", None], "band": ["C-band", "none"]},
        ),
    )

    output: NewColumn
    """Name of the new column; a column of that name is replaced."""
    expression: Formula
    """The formula. Columns by name, in [brackets] when the name is not a word."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        parse(self.expression)
        return self

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        return _formula_problems(self.expression, schemas[0])

    def columns_read(self, table: int = 0) -> Iterator[str]:
        yield from compiled(self.expression, self._schemas[0]).columns

    def exprs(self) -> Iterator[pl.Expr]:
        yield compiled(self.expression, self._schemas[0]).expr.alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        yield from _overflow(self.expression, self._schemas[0], None)


class FormulaOnColumns(RowTransform):
    """Apply one formula to many columns; in it, the name col stands for the column at hand."""

    id = "formula_on_columns"
    title = "Apply formula to columns"
    terms = ("apply to many columns", "across", "map columns")
    missing = "Missing values make the result missing, unless the formula says otherwise."
    examples = (
        Example(
            params={"columns": {"type": "numeric"}, "expression": "col * 100", "suffix": "_percent"},
            before={"share": [0.5, None], "name": ["a", "b"]},
            after={"share": [0.5, None], "name": ["a", "b"], "share_percent": [50.0, None]},
        ),
    )

    columns: Columns
    """Columns to apply it to."""
    expression: Formula
    """The formula, with col for the column at hand."""
    suffix: str = ""
    """Added to the name for the result; when empty, the column is replaced."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        parse(self.expression)
        return self

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        for name in self.columns:
            yield from _formula_problems(self.expression, schemas[0], name)

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            yield compiled(self.expression, self._schemas[0], name).expr.alias(name + self.suffix)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            yield from _overflow(self.expression, self._schemas[0], name)


class FilterByFormula(RowTransform):
    """Keep or drop the rows for which a formula is true."""

    id = "filter_by_formula"
    title = "Filter rows by formula"
    terms = ("where", "query", "custom filter")
    changes_rows = True
    missing = (
        "Where the formula is unknown because of a missing value it counts as false: keep drops the row, drop keeps it."
    )
    examples = (
        Example(
            params={"expression": 'age >= 18 and city <> "Rome"'},
            before={"age": [31, 12, None, 40], "city": ["Oslo", "Oslo", "Oslo", "Rome"]},
            after={"age": [31], "city": ["Oslo"]},
        ),
    )

    expression: Formula
    """A formula that is true or false for each row."""
    action: Literal["keep", "drop"] = "keep"
    """What to do with the rows for which it is true."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        parse(self.expression)
        return self

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        problems = list(_formula_problems(self.expression, schemas[0]))
        yield from problems
        if not problems and (dtype := compiled(self.expression, schemas[0]).dtype) != pl.Boolean:
            yield Problem(
                f"The formula gives {type_name(dtype)}, but a filter needs true or false.",
                "Compare it with something, as in income > 1000.",
                "expression",
            )

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        true = compiled(self.expression, self._schemas[0]).expr
        return rows.filter(true) if self.action == "keep" else rows.remove(true)


class Case(Params):
    """A condition and the value where it is the first to hold."""

    condition: Condition
    """Condition on the row."""
    value: Scalar | None
    """Value where it holds."""


class ConditionalColumn(RowTransform):
    """Add a column whose value depends on which condition holds first."""

    id = "conditional_column"
    title = "Conditional column"
    terms = ("if else", "case when", "switch", "rule column")
    missing = "A condition that is unknown because of a missing value does not hold."
    examples = (
        Example(
            params={
                "output": "size",
                "cases": [
                    {"condition": {"column": "amount", "op": "less", "value": 1000}, "value": "small"},
                    {"condition": {"column": "amount", "op": "less", "value": 10000}, "value": "medium"},
                ],
                "otherwise": "large",
            },
            before={"amount": [500, 5000, 50000, None]},
            after={"amount": [500, 5000, 50000, None], "size": ["small", "medium", "large", "large"]},
        ),
    )

    output: NewColumn
    """Name of the new column."""
    cases: tuple[Case, ...] = Field(min_length=1)
    """Tried in order; the first condition that holds gives the value."""
    otherwise: Scalar | None = None
    """Value where no condition holds."""

    @model_validator(mode="after")
    def _values_of_one_kind(self) -> Self:
        values = [*(each.value for each in self.cases), self.otherwise]
        kinds = {_value_kind(each) for each in values if each is not None}
        if len(kinds) > 1:
            raise ValueError(f"All values must be of one kind, found {' and '.join(sorted(kinds))}.")
        return self

    def exprs(self) -> Iterator[pl.Expr]:
        values = [each.value for each in self.cases] + [self.otherwise]
        dtype = _value_type([each for each in values if each is not None])
        expr = pl.lit(self.otherwise, dtype)
        for case in reversed(self.cases):
            expr = pl.when(case.condition.expr(self._schemas[0])).then(pl.lit(case.value, dtype)).otherwise(expr)
        yield expr.alias(self.output)


def _formula_problems(expression: str, schema: pl.Schema, current: str | None = None) -> Iterator[Problem]:
    try:
        compiled(expression, schema, current)
    except FormulaError as error:
        yield Problem(str(error), field="expression")


def _overflow(expression: str, schema: pl.Schema, current: str | None) -> Iterator[Failure]:
    """Whole numbers that grow beyond 64 bits would wrap around silently: the run stops instead."""
    found = compiled(expression, schema, current)
    if found.dtype != pl.Int64 or not found.columns:
        return
    try:
        as_float = compiled(expression, schema, current, widened=True)
    except FormulaError:
        return  # a function that takes whole numbers only, such as left(code, n): it does not overflow
    if as_float.dtype == pl.Float64:
        what = "are too large for a whole number in the formula"
        yield Failure(column=found.columns[0], where=as_float.expr.abs() >= OVERFLOW, what=what, stop=True)


def _value_kind(value: Scalar) -> str:
    return "true/false" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"


def _value_type(values: list[Scalar]) -> pl.DataType:
    if not values or isinstance(values[0], str):
        return pl.String()
    if isinstance(values[0], bool):
        return pl.Boolean()
    return pl.Int64() if all(isinstance(each, int) for each in values) else pl.Float64()


TRANSFORMS = (FormulaColumn, FormulaOnColumns, FilterByFormula, ConditionalColumn)
