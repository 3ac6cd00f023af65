"""Settings: frozen, validated, documented values; and the field kinds forms are drawn from."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Self, Union, get_args, get_origin

import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from transforms.core.columns import ColumnField, ColumnKeys, ColumnsField, Selector
from transforms.core.docstrings import field_help
from transforms.core.errors import Problem

Scalar = bool | int | float | str
"""A plain value as JSON has it; dates are written as ISO text."""


class Params(BaseModel):
    """Frozen, validated settings. Each field's docstring is its help text.

    A field whose type is itself ``Params`` (or a tuple or a mapping of them) nests: its columns are
    bound with the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, ser_json_inf_nan="constants")

    @classmethod
    def field_help(cls, field: str) -> str:
        """What a setting is for: its docstring, or the description it was given."""
        info = cls.model_fields.get(field)
        return (info.description if info else None) or field_help(cls, field)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(core_schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, info in cls.model_fields.items():
            shown = properties.get(info.alias or name) or properties.get(name)
            if shown is not None and (text := cls.field_help(name)):
                shown["description"] = text
        return found

    def bound(self, schemas: tuple[pl.Schema, ...]) -> tuple[Self, list[Problem]]:
        """Replace every rule for choosing columns by their names, and say which columns do not fit.

        Args:
            schemas: the schema of each input table, in the order of ``inputs``.
        """
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            kind = column_kind(info.annotation, info.metadata)
            if kind is not None and value is not None and kind.table < len(schemas):
                values[name], found = kind.bind(value, schemas[kind.table])
            else:
                values[name], found = _bound_inside(value, schemas)
            problems += [each if each.field else _named(each, name) for each in found]
        changed = {name: value for name, value in values.items() if value is not getattr(self, name)}
        return (self.model_copy(update=changed) if changed else self), problems

    def columns_read(self, table: int = 0) -> Iterator[str]:
        """Every column of an input that the settings name; call it on bound settings."""
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            kind = column_kind(info.annotation, info.metadata)
            if kind is None:
                for each in _params_inside(value):
                    yield from each.columns_read(table)
            elif value is not None and kind.table == table:
                yield from ((value,) if isinstance(value, str) else value)


def _bound_inside(value: Any, schemas: tuple[pl.Schema, ...]) -> tuple[Any, list[Problem]]:
    if isinstance(value, Params):
        return value.bound(schemas)
    if isinstance(value, tuple) and any(isinstance(each, Params) for each in value):
        pairs = [_bound_inside(each, schemas) for each in value]
        return tuple(each for each, _ in pairs), [problem for _, found in pairs for problem in found]
    return value, []


def _params_inside(value: Any) -> Iterator[Params]:
    if isinstance(value, Params):
        yield value
    elif isinstance(value, tuple):
        yield from (each for each in value if isinstance(each, Params))


def _named(problem: Problem, field: str) -> Problem:
    return Problem(problem.found, problem.advice, field, problem.step, problem.severity)


def column_kind(annotation: Any, metadata: list[Any]) -> ColumnField | ColumnsField | ColumnKeys | None:
    """The mark of a field that holds columns; ``None`` for any other."""
    for each in metadata:
        if isinstance(each, ColumnField | ColumnsField | ColumnKeys):
            return each
    if get_origin(annotation) is Annotated:
        return column_kind(*(lambda inner, *marks: (inner, list(marks)))(*get_args(annotation)))
    if get_origin(annotation) in (Union, types.UnionType):
        return next((kind for each in get_args(annotation) if (kind := column_kind(each, []))), None)
    return None


def valid_regex(pattern: str) -> str:
    """Refuse, while it is typed, what the engine would refuse while running."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        reason = str(error).split("error: ")[-1].split("\n")[0].rstrip(".")
        raise ValueError(f"{pattern!r} is not a pattern the engine can run: {reason}.") from error
    return pattern


def _valid_names(names: dict[str, str]) -> dict[str, str]:
    blank = [old for old, new in names.items() if not new]
    if blank:
        raise ValueError(f"{blank[0]!r} has no new name.")
    return names


Seed = Annotated[int, Field(ge=0, json_schema_extra={"widget": "seed"})]
"""Same seed, same rows, on every engine."""
Share = Annotated[float, Field(ge=0, le=1, json_schema_extra={"widget": "share"})]
"""A part of the whole, 0 to 1."""
Regex = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "regex"}), AfterValidator(valid_regex)]
"""A regular expression of the engine (Rust syntax: no look-around, no back-references)."""
Formula = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "formula"})]
"""An expression over columns, in the language of :mod:`transforms.formula`."""
NewColumn = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "new_column"})]
"""The name of a column to make."""
ColumnNames = Annotated[dict[str, str], Field(min_length=1), AfterValidator(_valid_names), ColumnKeys()]
"""New names by old name."""


def legal_name(text: str, fallback: str = "value") -> str:
    """A readable column name made of any text: blanks and signs become one underscore."""
    return re.sub(r"[^\w]+", "_", text, flags=re.UNICODE).strip("_").lower() or fallback


__all__ = [
    "ColumnNames",
    "Formula",
    "NewColumn",
    "Params",
    "Regex",
    "Scalar",
    "Seed",
    "Selector",
    "Share",
    "legal_name",
    "valid_regex",
]
