"""Parameters that hold columns: one, several by name, or several by a rule.

A saved step names as little as it can, so that it replays on tomorrow's table: ``"columns":
{"type": "numeric", "except": ["id"]}``. Before a step is used it is *bound* to the schema of its
input (:meth:`transforms.core.transform.Transform.bind`), and from then on its fields hold names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import polars as pl
from polars import selectors
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from transforms.core.dtypes import Kind, is_kind, type_name
from transforms.core.errors import Problem, did_you_mean

BOUND = {"bound": True}
"""Validation context for settings that were saved after binding."""


class Selector(BaseModel):
    """Columns chosen by a rule: those of some type, minus some, with names like a pattern."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)

    type: Kind | tuple[Kind, ...] = "all"
    """Keep columns of these types."""
    regex: str | None = None
    """Keep columns whose name matches, anywhere in the name."""
    except_: tuple[str, ...] = Field((), alias="except")
    """Leave these out; names that are not in the table are ignored."""

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a valid pattern: {error}.") from error
        return pattern

    def names(self, schema: pl.Schema, kinds: tuple[Kind, ...] = ("all",)) -> tuple[str, ...]:
        """The columns of ``schema`` that the rule selects, restricted to what a field accepts, in table order."""
        mine = (self.type,) if isinstance(self.type, str) else self.type
        pattern = re.compile(self.regex) if self.regex else None
        return tuple(
            name
            for name, dtype in schema.items()
            if any(is_kind(dtype, kind) for kind in mine)
            and any(is_kind(dtype, kind) for kind in kinds)
            and (pattern is None or pattern.search(name))
            and name not in self.except_
        )

    def __iter__(self) -> NoReturn:
        raise TypeError("This step is not bound to a table yet, so its columns are a rule, not names: call bind first.")


@dataclass(frozen=True)
class ColumnField:
    """Marks a parameter that holds the name of one column of an input."""

    kinds: tuple[Kind, ...] = ("all",)
    table: int = 0
    """Which input of the step the column belongs to."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(min_length=1)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "widget": "column", "kinds": list(self.kinds), "table": self.table}

    def bind(self, value: str, schema: pl.Schema) -> tuple[str, list[Problem]]:
        return value, _problems((value,), schema, self.kinds)


@dataclass(frozen=True)
class ColumnsField:
    """Marks a parameter that holds several columns of an input: their names, or a :class:`Selector`."""

    kinds: tuple[Kind, ...] = ("all",)
    table: int = 0
    at_least: int = 1
    """The fewest names a list may hold."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        name = core_schema.str_schema(min_length=1)
        names = core_schema.with_info_after_validator_function(self._enough, core_schema.tuple_variable_schema(name))
        rule = handler.generate_schema(Selector)
        return core_schema.union_schema(
            [names, rule],
            serialization=core_schema.plain_serializer_function_ser_schema(_as_json, when_used="always"),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        names = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": self.at_least}
        rule = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "type": {
                    "description": "integer, float, numeric, text, boolean, date, datetime, temporal, nested or all"
                },
                "regex": {"type": "string"},
                "except": {"type": "array", "items": {"type": "string"}},
            },
        }
        return {"anyOf": [names, rule], "widget": "columns", "kinds": list(self.kinds), "table": self.table}

    def _enough(self, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Names as they may be listed; a rule that was bound may have found none (:data:`BOUND`)."""
        if len(names) < self.at_least and not (info.context or {}).get("bound"):
            raise ValueError(
                "Choose at least one column." if self.at_least == 1 else f"Choose {self.at_least} columns."
            )
        return _unique(names)

    def bind(self, value: tuple[str, ...] | Selector, schema: pl.Schema) -> tuple[tuple[str, ...], list[Problem]]:
        if isinstance(value, Selector):
            return value.names(schema, self.kinds), []
        return value, _problems(value, schema, self.kinds)


@dataclass(frozen=True)
class ColumnKeys:
    """Marks a mapping whose keys are columns of an input."""

    kinds: tuple[Kind, ...] = ("all",)
    table: int = 0

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "widget": "column_mapping", "kinds": list(self.kinds), "table": self.table}

    def bind(self, value: dict[str, Any], schema: pl.Schema) -> tuple[dict[str, Any], list[Problem]]:
        return value, _problems(tuple(value), schema, self.kinds)


Column = Annotated[str, ColumnField()]
"""One column of any type."""
NumericColumn = Annotated[str, ColumnField(("numeric",))]
TextColumn = Annotated[str, ColumnField(("text",))]
TemporalColumn = Annotated[str, ColumnField(("date", "datetime"))]
Columns = Annotated[tuple[str, ...], ColumnsField()]
"""One or more columns of any type."""
AnyColumns = Annotated[tuple[str, ...], ColumnsField(at_least=0)]
"""Columns of any type, or none."""
NumericColumns = Annotated[tuple[str, ...], ColumnsField(("numeric",))]
TextColumns = Annotated[tuple[str, ...], ColumnsField(("text",))]
BooleanColumns = Annotated[tuple[str, ...], ColumnsField(("boolean",))]
TemporalColumns = Annotated[tuple[str, ...], ColumnsField(("date", "datetime"))]

KEYS: tuple[Kind, ...] = ("numeric", "text", "boolean", "temporal")
"""What can be compared, so that rows can be matched, grouped and ranked by it."""
KeyColumn = Annotated[str, ColumnField(KEYS)]
"""One column that rows can be matched, grouped or ranked by."""
KeyColumns = Annotated[tuple[str, ...], ColumnsField(KEYS)]
AnyKeyColumns = Annotated[tuple[str, ...], ColumnsField(KEYS, at_least=0)]
"""Columns that rows can be matched, grouped or ranked by, or none."""

ALL: Any = Selector()
"""Default for a field that means every column it accepts."""


def select(type: Kind | tuple[Kind, ...] = "all", *, regex: str | None = None, but: tuple[str, ...] = ()) -> Any:
    """A :class:`Selector` as the default value of a columns parameter."""
    return Selector(type=type, regex=regex, except_=but)


def column(name: str) -> pl.Expr:
    """The column of exactly this name, where :func:`polars.col` takes ``*`` and ``^...$`` for patterns."""
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        return selectors.by_name(name).as_expr()
    return pl.col(name)


def taken(name: str, schema: pl.Schema, field: str = "output") -> list[Problem]:
    """What is wrong when a step is to add a column under a name that the table has already."""
    if name not in schema:
        return []
    return [Problem(f"There is a column {name!r} already.", "Choose another name.", field)]


def _named(columns: list[str], most: int = 8) -> str:
    """A sentence with the first columns of a table."""
    more = f" and {len(columns) - most:,} more" if len(columns) > most else ""
    return f"It has {', '.join(map(repr, columns[:most]))}{more}." if columns else "It has no columns."


def _problems(names: tuple[str, ...], schema: pl.Schema, kinds: tuple[Kind, ...]) -> list[Problem]:
    found = []
    for name in names:
        if name not in schema:
            advice = did_you_mean(name, schema) or _named(list(schema))
            found.append(Problem(f"Column {name!r} is not in the table.", advice))
        elif not any(is_kind(schema[name], kind) for kind in kinds):
            wanted = " or ".join(kinds)
            found.append(
                Problem(
                    f"Column {name!r} holds {type_name(schema[name])} values, but {wanted} is needed.",
                    "Change its type first, or choose another column.",
                )
            )
    return found


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} is listed more than once.")
    return names


def _as_json(value: tuple[str, ...] | Selector) -> Any:
    if isinstance(value, Selector):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True) or {"type": "all"}
    return list(value)
