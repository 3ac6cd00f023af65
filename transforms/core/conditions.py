"""Row conditions as values: ``{"column": "age", "op": "at_least", "value": 18}``.

Conditions combine by ``all``, ``any`` and ``not``.
A comparison with a missing value is unknown, as in SQL: such a row satisfies neither the condition
nor its opposite. ``is_missing`` and ``is_present`` are always known.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, assert_never

import polars as pl
from pydantic import Discriminator, Field, Tag, model_validator

from transforms.core.columns import Column
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import Params, Scalar, valid_regex

Operator = Literal[
    "equals", "not_equals", "less", "at_most", "more", "at_least", "between", "is_in", "not_in",
    "contains", "starts_with", "ends_with", "matches", "is_missing", "is_present", "is_true", "is_false"
]  # fmt: skip

LISTS = ("is_in", "not_in", "between")
TEXT = ("contains", "starts_with", "ends_with", "matches")
UNARY = ("is_missing", "is_present", "is_true", "is_false")


class Compare(Params):
    """One column against a value."""

    column: Column
    """Column to look at."""
    op: Operator = "equals"
    """How to compare."""
    value: Scalar | tuple[Scalar, ...] | None = None
    """What to compare with: a list for ``is_in`` and ``not_in``, two bounds for ``between``. Dates as ISO text."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    @model_validator(mode="after")
    def _value_fits_operator(self) -> Self:
        if self.op in UNARY and self.value is not None:
            raise ValueError(f"{self.op!r} takes no value.")
        if self.op in LISTS and not isinstance(self.value, tuple):
            raise ValueError(f"{self.op!r} needs a list of values.")
        if self.op == "between" and isinstance(self.value, tuple) and len(self.value) != 2:
            raise ValueError(f"'between' needs two bounds, found {len(self.value)}.")
        if self.op not in LISTS + UNARY and (self.value is None or isinstance(self.value, tuple)):
            raise ValueError(f"{self.op!r} needs one value.")
        if self.op == "matches":
            valid_regex(str(self.value))
        return self

    def bound(self, schemas: tuple[pl.Schema, ...]) -> tuple[Self, list[Problem]]:
        step, problems = super().bound(schemas)
        if problems or not schemas:
            return step, problems
        dtype = schemas[0][self.column]
        return step, list(self._value_problems(dtype))

    def _value_problems(self, dtype: pl.DataType) -> list[Problem]:
        if self.op in TEXT and dtype != pl.String:
            return [
                Problem(f"{self.column!r} holds {type_name(dtype)} values; {self.op!r} works on text.", field="value")
            ]
        if self.op in ("is_true", "is_false") and dtype != pl.Boolean:
            return [
                Problem(
                    f"{self.column!r} holds {type_name(dtype)} values; {self.op!r} works on booleans.", field="value"
                )
            ]
        return [
            Problem(
                f"{each!r} is not a {type_name(dtype)}, which is what {self.column!r} holds.",
                "Write the value in the column's type, or change the type first.",
                "value",
            )
            for each in self._values()
            if typed(each, dtype) is None
        ]

    def _values(self) -> tuple[Scalar, ...]:
        return self.value if isinstance(self.value, tuple) else () if self.value is None else (self.value,)

    def expr(self, schema: pl.Schema) -> pl.Expr:
        """The condition as a boolean expression, null where it is unknown."""
        dtype = schema[self.column]
        column = pl.col(self.column).fill_nan(None) if dtype.is_float() else pl.col(self.column)
        values = [typed(each, dtype) for each in self._values()]
        if self.ignore_case and dtype == pl.String:
            column = column.str.to_lowercase()
            values = [each.lower() if isinstance(each, str) else each for each in values]
        literal = [pl.lit(each, dtype=dtype if dtype.is_temporal() else None) for each in values]
        return _compare(column, self.op, values, literal, str(self.value), self.ignore_case)


class AllOf(Params):
    """Every condition holds."""

    all: tuple[Condition, ...] = Field(min_length=1)
    """Conditions that must hold together."""

    def expr(self, schema: pl.Schema) -> pl.Expr:
        return pl.all_horizontal(each.expr(schema) for each in self.all)


class AnyOf(Params):
    """At least one condition holds."""

    any: tuple[Condition, ...] = Field(min_length=1)
    """Conditions of which one is enough."""

    def expr(self, schema: pl.Schema) -> pl.Expr:
        return pl.any_horizontal(each.expr(schema) for each in self.any)


class Not(Params):
    """The condition does not hold."""

    not_: Condition = Field(alias="not")
    """Condition that must be false."""

    def expr(self, schema: pl.Schema) -> pl.Expr:
        return ~self.not_.expr(schema)


def _tag(value: Any) -> str:
    if isinstance(value, dict):
        return next((key for key in ("all", "any", "not") if key in value), "compare")
    return (
        "all"
        if isinstance(value, AllOf)
        else "any"
        if isinstance(value, AnyOf)
        else "not"
        if isinstance(value, Not)
        else "compare"
    )


Condition = Annotated[
    Annotated[Compare, Tag("compare")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(_tag),
    Field(json_schema_extra={"widget": "condition"}),
]
"""A tree of conditions."""

for _each in (AllOf, AnyOf, Not):
    _each.model_rebuild()


def typed(value: Scalar, dtype: pl.DataType) -> Any:
    """A JSON value as a value of a column type; ``None`` when it is not one."""
    match value, dtype:
        case bool(), pl.Boolean():
            return value
        case bool(), _:
            return None
        case str(), pl.String() | pl.Null():
            return value
        case str(), pl.Date():
            return _date(value)
        case str(), pl.Datetime(time_zone=zone):
            moment = _datetime(value)
            return moment if moment is None or zone is None or moment.tzinfo else moment.replace(tzinfo=_zone(zone))
        case int() | float(), _ if dtype.is_numeric() or dtype == pl.Null:
            return value
        case _:
            return None


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _datetime(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _compare(
    column: pl.Expr, op: Operator, values: list[Any], literal: list[pl.Expr], text: str, ignore_case: bool
) -> pl.Expr:
    match op:
        case "equals":
            return column == literal[0]
        case "not_equals":
            return column != literal[0]
        case "less":
            return column < literal[0]
        case "at_most":
            return column <= literal[0]
        case "more":
            return column > literal[0]
        case "at_least":
            return column >= literal[0]
        case "between":
            return (column >= literal[0]) & (column <= literal[1])
        case "is_in":
            return pl.any_horizontal(column == each for each in literal) if literal else pl.lit(False)
        case "not_in":
            return pl.all_horizontal(column != each for each in literal) if literal else column.is_not_null()
        case "contains":
            return column.str.contains(values[0], literal=True)
        case "starts_with":
            return column.str.starts_with(values[0])
        case "ends_with":
            return column.str.ends_with(values[0])
        case "matches":
            return column.str.contains(f"(?i){text}" if ignore_case else text)
        case "is_missing":
            return column.is_null()
        case "is_present":
            return column.is_not_null()
        case "is_true":
            return column
        case "is_false":
            return ~column
        case _:
            assert_never(op)
