"""Row conditions as values: ``{"column": "age", "op": "at_least", "value": 18}``.

Conditions combine by ``all``, ``any`` and ``not``; a column is compared with a value or, by ``other``,
with another column. A comparison with a missing value, NaN among them, is unknown, as in SQL: such a
row satisfies neither the condition nor its opposite. ``is_missing`` and ``is_present`` are always known.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Discriminator, Field, Tag, model_validator

from transforms.core.columns import Column, column
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.params import Params, Scalar, valid_regex

Operator = Literal[
    "equals", "not_equals", "less", "at_most", "more", "at_least", "between", "is_in", "not_in",
    "contains", "starts_with", "ends_with", "matches", "is_missing", "is_present", "is_true", "is_false"
]  # fmt: skip

COMPARISONS: dict[str, Any] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "less": operator.lt,
    "at_most": operator.le,
    "more": operator.gt,
    "at_least": operator.ge,
}
LISTS = ("is_in", "not_in", "between")
TEXT = ("contains", "starts_with", "ends_with", "matches")
BOOLEAN = ("is_true", "is_false")
UNARY = ("is_missing", "is_present", *BOOLEAN)


class Compare(Params):
    """One column against a value or another column."""

    column: Column
    """Column to look at."""
    op: Operator = "equals"
    """How to compare."""
    value: Scalar | tuple[Scalar, ...] | None = None
    """What to compare with: a list for ``is_in`` and ``not_in``, two bounds for ``between``. Dates as ISO text."""
    other: Column | None = None
    """Column to compare with instead of a value."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    @model_validator(mode="after")
    def _value_fits_operator(self) -> Self:
        if self.other is not None:
            if self.op not in COMPARISONS:
                raise ValueError(f"{self.op!r} does not compare two columns. Use one of {', '.join(COMPARISONS)}.")
            if self.value is not None:
                raise ValueError("A column is compared with a value or with another column, found both. Give one.")
            return self
        if self.op in UNARY and self.value is not None:
            raise ValueError(f"{self.op!r} takes no value.")
        if self.op in LISTS and not isinstance(self.value, tuple):
            raise ValueError(f"{self.op!r} needs a list of values.")
        if self.op == "between" and isinstance(self.value, tuple) and len(self.value) != 2:
            raise ValueError(f"'between' needs two bounds, found {len(self.value)}.")
        if self.op not in LISTS + UNARY and (self.value is None or isinstance(self.value, tuple)):
            raise ValueError(f"{self.op!r} needs one value.")
        if any(isinstance(each, float) and math.isnan(each) for each in self._values()):
            raise ValueError("NaN equals nothing. Use 'is_missing' to find missing values.")
        if self.op == "matches":
            valid_regex(str(self.value))
        return self

    def bound(self, schemas: tuple[pl.Schema, ...]) -> tuple[Self, list[Problem]]:
        step, problems = super().bound(schemas)
        if problems or not schemas:
            return step, problems
        return step, list(self._value_problems(schemas[0]))

    def _value_problems(self, schema: pl.Schema) -> list[Problem]:
        dtype = schema[self.column]
        if self.other is not None:
            return self._other_problems(dtype, schema[self.other])
        for kind, ops, needed in ((pl.String, TEXT, "text"), (pl.Boolean, BOOLEAN, "booleans")):
            if self.op in ops and dtype not in (kind, pl.Null):
                held = type_name(dtype)
                found = f"{self.column!r} holds {held} values; {self.op!r} works on {needed}."
                return [Problem(found, "Change its type first, or compare in another way.", "value")]
        if self.op in TEXT:
            return []
        return [
            Problem(
                f"{each!r} is not a {type_name(dtype)}, which is what {self.column!r} holds.",
                "Write the value in the column's type, or change the type first.",
                "value",
            )
            for each in self._values()
            if typed(each, dtype) is None
        ]

    def _other_problems(self, dtype: pl.DataType, other: pl.DataType) -> list[Problem]:
        if common_type(dtype, other) is not None and not (dtype.is_nested() or other.is_nested()):
            return []
        found = (
            f"{self.column!r} holds {type_name(dtype)} values and {self.other!r} {type_name(other)} values, "
            "which cannot be compared."
        )
        return [Problem(found, "Change the type of one of them first.", "other")]

    def _values(self) -> tuple[Scalar, ...]:
        return self.value if isinstance(self.value, tuple) else () if self.value is None else (self.value,)

    def expr(self, schema: pl.Schema) -> pl.Expr:
        """The condition as a boolean expression, null where it is unknown."""
        subject, dtype = _present(self.column, schema), schema[self.column]
        if self.op in TEXT:
            return _text(subject.cast(pl.String), self.op, str(self.value), ignore_case=self.ignore_case)
        if self.op in UNARY:
            return _unary(subject, self.op)
        lower = self.ignore_case and dtype == pl.String
        if self.other is not None:
            literals = [_present(self.other, schema)]
        else:
            if dtype == pl.Null:
                # Nothing but missing values: the type of the value does not matter.
                return pl.when(subject.is_not_null()).then(True)
            values = [typed(each, dtype) for each in self._values()]
            if lower:
                values = [each.lower() for each in values]
            if self.op in ("is_in", "not_in"):
                found = _listed(subject.str.to_lowercase() if lower else subject, values, dtype)
                return found if self.op == "is_in" else ~found
            literals = [literal(each, dtype) for each in values]
        if lower:
            subject, literals = subject.str.to_lowercase(), [each.str.to_lowercase() for each in literals]
        return _compared(subject, self.op, literals)


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
    kinds: dict[type, str] = {AllOf: "all", AnyOf: "any", Not: "not"}
    return kinds.get(type(value), "compare")


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
    """A JSON value as a value of a column type; ``None`` when it is not one.

    A datetime is in the column's time zone unless it says its own; a column without a zone takes none.
    """
    match value, dtype:
        case bool(), pl.Boolean():
            return value
        case bool(), _:
            return None
        case str(), pl.String() | pl.Null():
            return value
        case str(), pl.Date():
            return _iso(value, date)
        case str(), pl.Time():
            return _iso(value, time)
        case str(), pl.Datetime(time_zone=zone):
            moment: datetime | None = _iso(value, datetime)
            if moment is None or (zone is None and moment.tzinfo):
                return None
            return moment if zone is None or moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        case int() | float(), _ if dtype.is_numeric() or dtype == pl.Null:
            return value
        case _:
            return None


def literal(value: Any, dtype: pl.DataType) -> pl.Expr:
    """A value that :func:`typed` gave, to compare with a column of that type.

    Numbers keep their own type, so that an integer column can be compared with 1.5.
    """
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        utc = value.astimezone(UTC).replace(tzinfo=None)
        moment = pl.lit(utc, dtype=pl.Datetime("us"))
        return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
    return pl.lit(value, dtype=dtype if dtype.is_temporal() else None)


def _iso(text: str, kind: Any) -> Any:
    try:
        return kind.fromisoformat(text)
    except ValueError:
        return None


def _present(name: str, schema: pl.Schema) -> pl.Expr:
    return column(name).fill_nan(None) if schema[name].is_float() else column(name)


def _listed(subject: pl.Expr, values: list[Any], dtype: pl.DataType) -> pl.Expr:
    """Whether a value is one of a list; unknown for a missing one, whatever the list."""
    if dtype == pl.String or (dtype.is_integer() and all(isinstance(each, int) for each in values)):
        held = [each for each in values if isinstance(each, str) or -(2**63) <= each < 2**63]
        in_list = subject.is_in(held) if held else pl.lit(False)
    else:
        in_list = pl.any_horizontal([pl.lit(False), *(subject == literal(each, dtype) for each in values)])
    return pl.when(subject.is_not_null()).then(in_list)


def _unary(subject: pl.Expr, op: Operator) -> pl.Expr:
    match op:
        case "is_missing":
            return subject.is_null()
        case "is_present":
            return subject.is_not_null()
        case "is_true":
            return subject.cast(pl.Boolean)
        case _:
            return ~subject.cast(pl.Boolean)


def _text(subject: pl.Expr, op: Operator, text: str, *, ignore_case: bool) -> pl.Expr:
    if op == "matches":
        return subject.str.contains(f"(?i){text}" if ignore_case else text)
    if ignore_case:
        subject, text = subject.str.to_lowercase(), text.lower()
    match op:
        case "contains":
            return subject.str.contains(text, literal=True)
        case "starts_with":
            return subject.str.starts_with(text)
        case _:
            return subject.str.ends_with(text)


def _compared(subject: pl.Expr, op: Operator, values: list[pl.Expr]) -> pl.Expr:
    if op == "between":
        return (subject >= values[0]) & (subject <= values[1])
    compare: Callable[[pl.Expr, pl.Expr], pl.Expr] = COMPARISONS[op]
    return compare(subject, values[0])
