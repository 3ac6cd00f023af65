"""Columns by an expression of polars functions, written as a tree of plain values: nothing in it is run as code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

import polars as pl
from pydantic import Discriminator, Field, Tag, model_validator

from transforms.core.columns import Column
from transforms.core.columns import column as exactly
from transforms.core.conversion import converted, convertible
from transforms.core.dtypes import Kind, TypeName, is_kind, portable, type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.params import NewColumn, Params, Scalar
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.custom_functions import FUNCTIONS, WITH_REST, checked_options

OVERFLOW = float(2**63)
DEEPEST = 100
KINDS: Mapping[str, Kind] = {"str": "text", "dt": "temporal", "list": "nested"}
"""What the functions of each of polars' name spaces take."""
Option = Scalar | tuple[Scalar, ...] | None


class ExpressionError(ValueError):
    """An expression that does not fit the columns of a table; its text says why."""


@dataclass(frozen=True)
class Typed:
    """An expression and the type of what it gives."""

    expr: pl.Expr
    dtype: pl.DataType


class ColumnNode(Params):
    """A column of the row."""

    column: Column
    """Its name."""

    def depth(self) -> int:
        """How many nodes are one inside the other."""
        return 1

    def typed(self, schema: pl.Schema, *, widened: bool = False) -> Typed:
        """The expression; NaN as null, whole numbers in 64 bits or, widened, as floats."""
        value, dtype = exactly(self.column), schema[self.column]
        if dtype.is_float():
            return Typed(value.fill_nan(None), dtype)
        if not dtype.is_integer():
            return Typed(value, dtype)
        wide = pl.Float64() if widened else pl.Int64()
        return Typed(value.cast(wide), wide)


class ValueNode(Params):
    """A value that is the same in every row."""

    value: Scalar | None
    """The value; missing when empty."""
    type: TypeName | None = None
    """Its type, where that is not text, a number or true or false: dates as ISO text."""

    def depth(self) -> int:
        """How many nodes are one inside the other."""
        return 1

    def typed(self, schema: pl.Schema, *, widened: bool = False) -> Typed:
        """The value as an expression."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            if not -(2**63) <= self.value < 2**63:
                raise ExpressionError(f"{self.value} is too large for a whole number. Write it as a float.")
            literal = pl.lit(self.value, pl.Int64)
        else:
            literal = pl.lit(self.value)
        own = pl.select(literal).to_series().dtype
        if self.type is not None:
            if not convertible(own, self.type):
                raise ExpressionError(f"{self.value!r} is no {self.type}.")
            # Computed here, so that it stays a single value.
            found = pl.select(converted(literal, own, self.type)).to_series()
            if self.value is not None and found[0] is None:
                raise ExpressionError(f"{self.value!r} is no {self.type}.")
            literal, own = pl.lit(found[0], found.dtype), found.dtype
        return Typed(literal, own)


class CallNode(Params):
    """A polars function of other expressions."""

    call: str
    """Name of the function as polars has it, such as ``add``, ``str.to_uppercase`` or ``dt.year``."""
    of: tuple[Expression, ...]
    """What it is a function of; the first is the one whose method it is."""
    options: dict[str, Option] = {}
    """Its settings, by their polars names."""

    @model_validator(mode="after")
    def _function_is_allowed(self) -> Self:
        function = FUNCTIONS.get(self.call)
        if function is None:
            hint = did_you_mean(self.call, FUNCTIONS) or "Allowed are functions that look at one row at a time."
            raise ValueError(f"An expression may not call {self.call!r}. {hint}")
        most = function.most
        if len(self.of) < function.least or (most is not None and len(self.of) > most):
            wanted = str(function.least) if most == function.least else f"{function.least} to {most or 'any number'}"
            raise ValueError(f"{self.call!r} takes {wanted} expressions in 'of', found {len(self.of)}.")
        unknown = next((each for each in self.options if each not in function.options), None)
        if unknown is not None:
            has = f"It has: {', '.join(function.options)}." if function.options else "It has none."
            raise ValueError(f"{self.call!r} has no option {unknown!r}. {has}")
        if self.depth() > DEEPEST:
            raise ValueError(f"The expression is nested more than {DEEPEST} deep. Make it in several steps.")
        checked_options(self.options)
        return self

    def depth(self) -> int:
        """How many nodes are one inside the other."""
        return 1 + max((each.depth() for each in self.of), default=0)

    def typed(self, schema: pl.Schema, *, widened: bool = False) -> Typed:
        """The call as an expression, counts and parts of dates as 64-bit numbers."""
        parts = [each.typed(schema, widened=widened) for each in self.of]
        self._refuse_other_types(parts[0].dtype)
        options: dict[str, Any] = {
            name: list(each) if isinstance(each, tuple) else each for name, each in self.options.items()
        }
        if self.call in WITH_REST:
            options["whole"] = all(each.dtype.is_integer() for each in parts)
        try:
            expr = FUNCTIONS[self.call].expr(self.call, [each.expr for each in parts], options)
            dtype = pl.LazyFrame(schema=schema).select(expr.alias("x")).collect_schema()["x"]
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            held = ", ".join(type_name(each.dtype) for each in parts)
            reason = str(error).splitlines()[0].rstrip(".")
            raise ExpressionError(f"{self.call!r} cannot be used on {held}: {reason}.") from error
        return Typed(expr, dtype) if portable(dtype) == dtype else _wide(expr, dtype)

    def _refuse_other_types(self, dtype: pl.DataType) -> None:
        """Polars says so only when it runs."""
        kind = KINDS.get(self.call.partition(".")[0])
        if kind is not None and not (is_kind(dtype, kind) and dtype != pl.Struct):
            raise ExpressionError(f"{self.call!r} cannot be used on {type_name(dtype)} values.")


def _wide(expr: pl.Expr, dtype: pl.DataType) -> Typed:
    held = pl.Int64() if dtype.is_integer() else portable(dtype)
    return Typed(expr.cast(held), held)


def _tag(value: Any) -> str:
    if isinstance(value, dict):
        return next((key for key in ("call", "value") if key in value), "column")
    kinds: dict[type, str] = {CallNode: "call", ValueNode: "value"}
    return kinds.get(type(value), "column")


Expression = Annotated[
    Annotated[ColumnNode, Tag("column")] | Annotated[ValueNode, Tag("value")] | Annotated[CallNode, Tag("call")],
    Discriminator(_tag),
]
"""A column, a value, or a function of expressions."""

CallNode.model_rebuild()


class PolarsExpression(RowTransform):
    """Add a column computed by an expression of polars functions.

    The expression is a tree of plain values: a column, a value, or a call of an allowed function that looks at one
    row at a time. Nothing in it is run as code.
    """

    id = "polars_expression"
    title = "Polars expression"
    terms = ("custom expression", "polars", "advanced column", "expression tree", "code column")
    missing = (
        "Missing values, NaN among them, are null to every function, as in polars. A result that is no number, or an "
        "infinite one (1/0), is missing."
    )
    examples = (
        Example(
            params={
                "output": "total",
                "expression": {"call": "mul", "of": [{"column": "price"}, {"column": "count"}]},
            },
            before={"price": [2.5, 1.0, None], "count": [2, 3, 4]},
            after={"price": [2.5, 1.0, None], "count": [2, 3, 4], "total": [5.0, 3.0, None]},
        ),
        Example(
            params={
                "output": "initial",
                "expression": {
                    "call": "str.to_uppercase",
                    "of": [{"call": "str.head", "of": [{"column": "name"}], "options": {"n": 1}}],
                },
            },
            before={"name": ["ann", "øyvind", "", None]},
            after={"name": ["ann", "øyvind", "", None], "initial": ["A", "Ø", "", None]},
        ),
        Example(
            params={
                "output": "is_late",
                "expression": {
                    "call": "gt",
                    "of": [{"column": "paid"}, {"value": "2024-01-31", "type": "date"}],
                },
            },
            before={"paid": [date(2024, 1, 31), date(2024, 2, 1), None]},
            after={"paid": [date(2024, 1, 31), date(2024, 2, 1), None], "is_late": [False, True, None]},
        ),
    )

    output: NewColumn
    """Name of the new column; a column of that name is replaced."""
    expression: Expression = Field()
    """The expression: ``{"column": name}``, ``{"value": value}``, or ``{"call": function, "of": [expressions],
    "options": {name: value}}``."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        try:
            found = self._typed()
            _tried(found.expr, schemas[0])
        except ExpressionError as error:
            yield Problem(str(error), "Change the expression, or the type of a column first.", "expression")

    def _typed(self, *, widened: bool = False) -> Typed:
        return self.expression.typed(self._schemas[0], widened=widened)

    def exprs(self) -> Iterator[pl.Expr]:
        found = self._typed()
        expr = found.expr
        if found.dtype.is_float():
            expr = pl.when(expr.is_finite()).then(expr)
        yield expr.alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        """Whole numbers that grow beyond 64 bits would wrap around silently: the run stops instead."""
        found, read = self._typed(), list(self.columns_read())
        if found.dtype != pl.Int64 or not read:
            return
        try:
            as_float = self._typed(widened=True)
        except ExpressionError:
            return  # a function that takes whole numbers only: it does not overflow
        if as_float.dtype == pl.Float64:
            what = "are too large for a whole number in the expression"
            yield Failure(column=read[0], where=as_float.expr.abs() >= OVERFLOW, what=what, stop=True)


SAMPLES: Mapping[type[pl.DataType], Any] = {
    pl.String: "a",
    pl.Boolean: True,
    pl.Date: date(2024, 1, 31),
}


def _tried(expr: pl.Expr, schema: pl.Schema) -> None:
    """Run an expression on two rows, one of them of nulls, to find options that only show when it runs."""
    columns = [pl.Series(name, [_sample(dtype), None], dtype=dtype) for name, dtype in schema.items()]
    try:
        pl.DataFrame(columns).select(expr.alias("x"))
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise ExpressionError(f"The expression cannot be run: {str(error).splitlines()[0].rstrip('.')}.") from error


def _sample(dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.Datetime):
        moment = datetime(2024, 1, 31, 13, 30, tzinfo=UTC)
        return moment if dtype.time_zone else moment.replace(tzinfo=None)
    if dtype.is_integer() or dtype.is_float():
        return 1
    return SAMPLES.get(type(dtype))


TRANSFORMS: tuple[type[Transform], ...] = (PolarsExpression,)
